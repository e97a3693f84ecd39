import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { RequestError } from '../../receive/request-error.ts'
import { WIDTH_1M, WIDTH_10S_KEPT_MS, WIDTH_10S } from '../../model/window-reader.ts'
import { type Store } from '../../store/store.ts'
import {
  type LiveEvent,
  type LiveTopic,
  createLiveFeed,
  readEvent,
  troubleEvent,
} from './live-feed.ts'
import {
  MAX_POINTS,
  type Query,
  readApp,
  readNames,
  readStepOption,
  refuseUnknown,
} from './series-query.ts'
import { CHART_NAMES } from '../../report/series.ts'

export interface LiveOptions {
  readonly store: Store
  /** How often a watched window is looked at, ms. */
  readonly pollMs?: number
  /** Keeps proxies from taking a quiet stream for a dead one (Heroku's router: 55 s), ms. */
  readonly heartbeatMs?: number
  /** A client that leaves more than this unread is dropped, bytes. */
  readonly maxUnsent?: number
  /** Of one app, and of all together. */
  readonly maxStreams?: number
  readonly maxAllStreams?: number
}

/**
 * `GET /api/live`: Server-Sent Events with the newest steps of `/api/series` (docs/API.md). Closing
 * the server ends the streams.
 */
export function addLiveRoute(app: FastifyInstance, options: LiveOptions): void {
  const { store, pollMs = 2000, heartbeatMs = 20_000, maxStreams = 20 } = options
  const { maxUnsent = 2 ** 20, maxAllStreams = 200 } = options
  const onFault = (err: unknown) => app.log.error({ err }, "the store can't be read for /api/live")
  const feed = createLiveFeed({ store, pollMs, onFault })
  const streams = new Set<Stream>()

  const heartbeat = setInterval(() => {
    for (const stream of streams) stream.write(': still here\n\n')
  }, heartbeatMs)
  heartbeat.unref()

  // preClose comes before the server waits for open connections to end.
  app.addHook('preClose', async () => {
    clearInterval(heartbeat)
    feed.stop()
    for (const stream of streams) stream.end()
  })

  const checkRoom = (name: string, reply: FastifyReply) => {
    if (streams.size >= maxAllStreams) {
      reply.header('retry-after', '60')
      throw new RequestError(
        503,
        `there are ${maxAllStreams} live streams already: try again later`,
      )
    }
    if ([...streams].filter((stream) => stream.app === name).length < maxStreams) return
    reply.header('retry-after', '60')
    throw new RequestError(
      429,
      `there are ${maxStreams} live streams of this app already: ask /api/series instead`,
    )
  }

  // A HEAD would open a stream and send nothing.
  app.get('/api/live', { exposeHeadRoute: false }, async (request, reply) => {
    const topic = readTopic(request.query as Query)
    const since = readLastId(request.headers['last-event-id'], topic.step, store.clock())
    checkRoom(topic.app, reply)
    const first = await readFirst(store, topic, since, onFault)
    // Others may have come in the meantime.
    checkRoom(topic.app, reply)
    const stream = openStream(reply, topic.app, maxUnsent)
    if (!stream.isOpen()) return reply
    streams.add(stream)
    stream.write('retry: 3000\n\n')
    stream.write(textOf(first))
    const leave = feed.watch(topic, first, (event) => stream.write(textOf(event)))
    stream.onClose(() => {
      leave()
      streams.delete(stream)
    })
    return reply
  })
}

interface Stream {
  readonly app: string
  readonly write: (text: string) => void
  readonly end: () => void
  readonly onClose: (callback: () => void) => void
  readonly isOpen: () => boolean
}

function openStream(reply: FastifyReply, app: string, maxUnsent: number): Stream {
  reply.hijack()
  const response: ServerResponse = reply.raw
  const headers = Object.entries(reply.getHeaders()).filter(([, value]) => value !== undefined)
  for (const [name, value] of headers) response.setHeader(name, value!)
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
  })
  // A connection that breaks is a client that leaves: `close` follows.
  response.on('error', () => response.destroy())
  return {
    app,
    write: (text) => {
      if (response.writableEnded || response.destroyed) return
      response.write(text)
      if (response.writableLength > maxUnsent) response.destroy()
    },
    end: () => response.end(),
    onClose: (callback) => response.once('close', callback),
    isOpen: () => !response.writableEnded && !response.destroyed,
  }
}

/** What the stream begins with. A client that was away too long is told to ask for everything. */
async function readFirst(
  store: Store,
  topic: LiveTopic,
  since: number | 'too old' | undefined,
  onFault: (error: unknown) => void,
): Promise<LiveEvent> {
  try {
    if (since !== 'too old') return await readEvent(store, topic, since)
    return { ...(await readEvent(store, topic, undefined)), event: 'reset' }
  } catch (error) {
    if (error instanceof RequestError) throw error
    onFault(error)
    return troubleEvent()
  }
}

function textOf({ event, id, data }: LiveEvent): string {
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`
}

function readTopic(query: Query): LiveTopic {
  refuseUnknown(query, ['app', 'name', 'step'])
  const names = readNames(query['name'])
  return {
    app: readApp(query),
    names: names.length === 0 ? CHART_NAMES : names.filter((name) => name !== 'report'),
    step: readStepOption(query['step']) ?? WIDTH_10S,
  }
}

/** Where to go on from, ms; what is no id of ours is as none. */
function readLastId(
  value: string | readonly string[] | undefined,
  step: number,
  now: number,
): number | 'too old' | undefined {
  if (typeof value !== 'string' || !/^\d{13}$/.test(value)) return undefined
  const since = Number(value)
  const kept = step % WIDTH_1M === 0 ? Infinity : WIDTH_10S_KEPT_MS
  const oldest = now - Math.min(kept, (MAX_POINTS - 2) * step)
  return since < oldest ? 'too old' : Math.min(since, now)
}
