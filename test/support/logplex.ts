import { createHash } from 'node:crypto'
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { routerLine } from './app.ts'
import { body, syslog } from './count.ts'

/**
 * A drain of one Logplex node, as logplex_http_drain.erl has it: a buffer of messages, one frame in flight,
 * three tries, a new try at once after an HTTP failure, and an L10 message for what was displaced.
 */
export interface LogplexDrain {
  /** Puts messages into the buffer, which are sent from there. */
  write(messages: readonly string[]): void
  /** Resolves when the buffer is empty, or after `limitMs`; nothing is sent any more then. */
  end(limitMs: number): Promise<void>
  readonly ledger: DrainLedger
}

export interface DrainLedger {
  written: number
  /** Messages, and bodies, that were answered with a 2xx. */
  acknowledged: number
  frames: number
  /** Messages that the buffer had no room for. */
  displaced: number
  /** Messages of frames that were given up after three tries, or after a 4xx. */
  givenUp: number
  /** Answers by status; 0 is no answer. */
  readonly answers: Map<number, number>
  /** Frames that were sent again though they had been acknowledged. */
  repeated: number
  /** The longest time from the first try of a frame to its 2xx, ms. */
  longest: number
}

export interface DrainOptions {
  /** Where the next connection goes: behind one name there may be several receivers. */
  readonly origin: () => string
  readonly path: string
  readonly headers?: Record<string, string>
  /** How often a frame is tried; a test that has to know what was counted never gives up. */
  readonly tries?: number
  /** Whether an acknowledged frame is sent once more, as after an answer that was lost. */
  readonly repeats?: () => boolean
}

/** Messages; when nothing was taken for SHRINK_AFTER_MS, the smaller number. */
const BUFFER = 1024
const SHRUNK_BUFFER = 10
const SHRINK_AFTER_MS = 5 * 60_000
const TARGET_BYTES = 102_400
const TRIES = 3
const REQUEST_TIMEOUT_MS = 5000
const MAX_SLOTS = 10

interface Frame {
  readonly id: string
  readonly messages: readonly string[]
  tries: number
  readonly since: number
}

export function startLogplexDrain(options: DrainOptions): LogplexDrain {
  const { origin, path, headers = {}, repeats = () => false, tries = TRIES } = options
  const ledger: DrainLedger = {
    written: 0,
    acknowledged: 0,
    frames: 0,
    displaced: 0,
    givenUp: 0,
    answers: new Map(),
    repeated: 0,
    longest: 0,
  }
  let buffer: string[] = []
  let lost = 0
  let lastGoodAt = performance.now()
  const ending = new AbortController()
  let agent = new Agent({ keepAlive: true, maxSockets: 1 })
  let target = origin()
  let wake: (() => void) | undefined

  const write = (messages: readonly string[]) => {
    ledger.written += messages.length
    buffer.push(...messages)
    const isShrunk = performance.now() - lastGoodAt > SHRINK_AFTER_MS
    const excess = buffer.length - (isShrunk ? SHRUNK_BUFFER : BUFFER)
    if (excess > 0) {
      buffer = buffer.slice(excess)
      ledger.displaced += excess
      lost += excess
    }
    wake?.()
  }

  /** As many messages as fit; a larger one goes alone. */
  const nextFrame = (): Frame => {
    let bytes = 0
    let count = 0
    while (count < buffer.length) {
      bytes += buffer[count]!.length
      if (count > 0 && bytes > TARGET_BYTES) break
      count += 1
    }
    const messages = buffer.splice(0, count)
    const id = createHash('md5').update(
      `${process.pid} ${process.hrtime.bigint()} ${Math.random()}`,
    )
    return { id: id.digest('hex').toUpperCase(), messages, tries: 0, since: performance.now() }
  }

  const reconnect = () => {
    agent.destroy()
    agent = new Agent({ keepAlive: true, maxSockets: 1 })
    target = origin()
  }

  const post = async (frame: Frame): Promise<number | 'refused'> => {
    // Made again for each try: more may have been displaced since.
    const report = lost > 0 ? [overflowMessage(lost)] : []
    const bytes = body(...report, ...frame.messages)
    const answer = await postOnce(target + path, agent, bytes, {
      ...headers,
      'content-type': 'application/logplex-1',
      'logplex-frame-id': frame.id,
      'logplex-msg-count': `${report.length + frame.messages.length}`,
    })
    if (answer !== 'refused') ledger.answers.set(answer, (ledger.answers.get(answer) ?? 0) + 1)
    return answer
  }

  const deliver = async (frame: Frame): Promise<void> => {
    let refusals = 0
    for (;;) {
      const reported = lost
      const answer = await post(frame)
      if (answer === 'refused') {
        // No connection costs no try.
        refusals += 1
        reconnect()
        if (ending.signal.aborted) break
        const k = 1 + Math.floor(Math.random() * Math.min(MAX_SLOTS, refusals))
        await sleep(10 * Math.floor((2 ** k - 1) / 2))
        continue
      }
      frame.tries += 1
      if (answer >= 200 && answer < 300) {
        lost -= reported
        lastGoodAt = performance.now()
        ledger.acknowledged += frame.messages.length
        ledger.frames += 1
        ledger.longest = Math.max(ledger.longest, lastGoodAt - frame.since)
        if (repeats()) {
          ledger.repeated += 1
          await post(frame)
        }
        return
      }
      reconnect()
      const isPermanent = answer >= 400 && answer < 500 && answer !== 429
      if (isPermanent || frame.tries >= tries) break
    }
    ledger.givenUp += frame.messages.length
    lost += frame.messages.length
  }

  const run = async () => {
    while (!ending.signal.aborted || buffer.length > 0) {
      if (buffer.length > 0) await deliver(nextFrame())
      else await new Promise<void>((resolve) => (wake = resolve))
    }
    agent.destroy()
  }

  const running = run()
  return {
    write,
    ledger,
    end: async (limitMs) => {
      ending.abort()
      wake?.()
      await Promise.race([running, sleep(limitMs, undefined, { ref: false })])
    },
  }
}

/** Writes `perSecond` router lines to drains in turn, as time passes, until it is stopped. */
export function writeLines(
  drains: readonly LogplexDrain[],
  perSecond: number,
  line: () => string = () => routerLine(),
): { readonly stop: () => void } {
  const start = performance.now()
  let written = 0
  let skipped = 0
  const timer = setInterval(() => {
    const behind = Math.floor(((performance.now() - start) / 1000) * perSecond) - written - skipped
    // A machine that is too slow writes less, and no bursts.
    const due = Math.min(behind, Math.ceil(perSecond / 20))
    skipped += behind - due
    const share = Math.floor(due / drains.length)
    if (share === 0) return
    for (const drain of drains) drain.write(Array.from({ length: share }, line))
    written += share * drains.length
  }, 10)
  return { stop: () => clearInterval(timer) }
}

function overflowMessage(count: number): string {
  const text = `Error L10 (output buffer overflow): ${count} messages dropped since ${new Date().toISOString()}.`
  return syslog('heroku', 'logplex', text, Date.now())
}

/** The status of the answer; 0 when there is none in time, `refused` when there is no connection. */
function postOnce(
  url: string,
  agent: Agent,
  bytes: Buffer,
  headers: Record<string, string>,
): Promise<number | 'refused'> {
  return new Promise((resolve) => {
    const post = request(url, {
      agent,
      method: 'POST',
      headers: { ...headers, 'content-length': `${bytes.length}` },
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    })
    post.on('response', (answer) => {
      answer.resume()
      answer.on('end', () => resolve(answer.statusCode ?? 0))
      answer.on('error', () => resolve(0))
    })
    post.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNREFUSED' ? 'refused' : 0),
    )
    post.end(bytes)
  })
}
