import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { Collector } from '../prometheus/collect.ts'
import type { ReadLog } from '../../receive/read-log.ts'
import { encodeBodies } from './bodies.ts'
import { createQueue } from './queue.ts'
import { receiverAt, sendBody } from './send.ts'

/** Pushes what /metrics shows to a receiver of OTLP/HTTP, for those that can't be scraped. */
export interface OtlpExporter {
  /** Pushes once more and waits for that for at most `limitMs`. Only the first call does anything. */
  stop(limitMs: number): Promise<void>
}

export interface OtlpOptions {
  readonly endpoint: string
  readonly collector: Collector
  readonly version: string
  readonly log: Pick<FastifyBaseLogger, 'info' | 'warn'>
  readonly readLog: ReadLog
  readonly intervalMs?: number
  /** The first wait after a failure, ms; it doubles with each further one. */
  readonly backOffMs?: number
}

const INTERVAL_MS = 60_000
const BACK_OFF_MS = 1000
const MAX_BACK_OFF_MS = 60_000

export function startOtlpExporter(options: OtlpOptions): OtlpExporter {
  const { collector, version, log, readLog } = options
  const { intervalMs = INTERVAL_MS, backOffMs = BACK_OFF_MS } = options
  const receiver = receiverAt(options.endpoint)
  const queue = createQueue()
  const stopping = new AbortController()
  let collecting: Promise<void> | undefined
  let sending = Promise.resolve()
  let isSending = false
  let stopped: Promise<void> | undefined
  let failures = 0

  const collect = async () => {
    try {
      const { families, now, since } = await collector.collect()
      for await (const body of encodeBodies(families, { now, since }, version)) queue.push(body)
    } catch (error) {
      readLog(error, "the store can't be read: until it can, nothing new is pushed")
    }
    if (!isSending) sending = sendAll()
  }

  /** Sends until nothing waits, or a stop meets a failure. */
  const sendAll = async () => {
    isSending = true
    for (let body = queue.first(); body !== undefined; body = queue.first()) {
      const sent = await sendBody(receiver, body)
      if (sent.result === 'failed') {
        noteFailure(sent.message)
        if (stopping.signal.aborted) break
        await pause(sent.waitMs ?? backOff(failures, backOffMs), stopping.signal)
        continue
      }
      queue.remove(body)
      if (sent.result === 'refused') log.warn({ otlp: receiver.url }, `OTLP: ${sent.message}`)
      else noteTaken(sent.rejectedPoints, sent.message)
    }
    isSending = false
  }

  const noteFailure = (message: string) => {
    failures += 1
    if (failures === 1) log.warn({ otlp: receiver.url }, `OTLP: ${message}; it is tried again`)
  }

  const noteTaken = (rejected: number, message: string) => {
    if (failures > 0) log.info({ otlp: receiver.url, failures }, 'OTLP: the receiver is back')
    failures = 0
    if (rejected > 0)
      log.warn({ otlp: receiver.url, rejected }, `OTLP: points were rejected: ${message}`)
  }

  const timer = setInterval(() => {
    const dropped = queue.takeDropped()
    if (dropped > 0) log.warn({ otlp: receiver.url, dropped }, 'OTLP: old bodies were dropped')
    collecting ??= collect().finally(() => (collecting = undefined))
  }, intervalMs)

  const finish = async () => {
    clearInterval(timer)
    stopping.abort()
    await collecting
    await collect()
    await sending
  }

  return {
    stop: (limitMs) => (stopped ??= Promise.race([finish(), pause(limitMs)])),
  }
}

/** Doubling, and half of it by chance, so that many don't come back at once. */
function backOff(failures: number, firstMs: number): number {
  const ms = Math.min(firstMs * 2 ** (failures - 1), MAX_BACK_OFF_MS)
  return ms / 2 + (Math.random() * ms) / 2
}

/** Ends early when the signal is given; that is all it can reject for. */
async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  const options = signal === undefined ? { ref: false } : { ref: false, signal }
  await sleep(ms, undefined, options).catch(() => {})
}
