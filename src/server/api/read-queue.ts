import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { RequestError } from '../../receive/request-error.ts'

export interface ReadQueueOptions {
  /** Scrapes and queries that are answered at once. */
  readonly maxRunning?: number
  readonly maxWaiting?: number
  /** How long one waits, ms: Prometheus waits 10 s for a scrape. */
  readonly waitMs?: number
  /** How long a reader may take to read its answer once there is one, ms. */
  readonly readMs?: number
}

/** A scrape or query that waits for its turn. */
interface Waiting {
  readonly start: () => void
  readonly timer: NodeJS.Timeout
}

/** These cost the store and the processor much; the page's files, live streams and own metrics don't. */
const HEAVY = new Set(['/metrics', '/api/series', '/api/report', '/api/apps', '/api/formation'])
const BUSY = 'too many scrapes and queries at once: ask again in a moment'

/**
 * Bounds how many scrapes and queries run at once, so that they hold up no drain and take little memory.
 * The others wait in their order; 503 with Retry-After for those that find no room or wait too long. A
 * reader that doesn't read its answer in time is cut off.
 */
export function addReadQueue(server: FastifyInstance, options: ReadQueueOptions = {}): void {
  const { maxRunning = 4, maxWaiting = 64, waitMs = 8000, readMs = 20_000 } = options
  const waiting = new Set<Waiting>()
  let running = 0

  const next = () => {
    const [first] = waiting
    if (first === undefined || running >= maxRunning) return
    waiting.delete(first)
    clearTimeout(first.timer)
    first.start()
  }

  /** Gives the turn back when the answer was read, or the reader is gone. */
  const run = (reply: FastifyReply) => {
    running += 1
    const { raw } = reply
    raw.once('close', () => {
      running -= 1
      next()
    })
  }

  server.addHook('onSend', (request, { raw }, payload, done) => {
    if (isHeavy(request)) {
      const timer = setTimeout(() => raw.destroy(), readMs).unref()
      raw.once('close', () => clearTimeout(timer))
    }
    done(null, payload)
  })

  server.addHook('onRequest', (request, reply, done) => {
    if (!isHeavy(request)) return done()
    if (running < maxRunning && waiting.size === 0) {
      run(reply)
      return done()
    }
    const refuse = () => {
      reply.header('retry-after', '1')
      done(new RequestError(503, BUSY))
    }
    if (waiting.size >= maxWaiting) return refuse()
    const one: Waiting = {
      start: () => {
        reply.raw.off('close', leave)
        if (reply.raw.destroyed) return next()
        run(reply)
        done()
      },
      timer: setTimeout(() => {
        leave()
        refuse()
      }, waitMs).unref(),
    }
    const leave = () => {
      clearTimeout(one.timer)
      waiting.delete(one)
      reply.raw.off('close', leave)
    }
    waiting.add(one)
    reply.raw.once('close', leave)
    return undefined
  })
}

function isHeavy({ routeOptions }: FastifyRequest): boolean {
  return HEAVY.has(routeOptions.url ?? '')
}
