import type { Entry } from '../src/demo/entry.ts'
import { type Framed, createFormat, takeBody } from '../src/demo/format.ts'
import { createTraffic } from '../src/demo/traffic.ts'

/** Which lines to make; the same options give the same bytes. */
export interface LogOptions {
  readonly lines: number
  readonly seed?: number
  /** Time of the first line, ms since 1970. */
  readonly start?: number
  readonly requestsPerSecond?: number
  /** Is shown every line that is made. */
  readonly onEntry?: (entry: Entry) => void
}

const START = Date.parse('2026-11-20T10:00:00Z')
const STORY_SECONDS = 600
const TEXT_LINES = 1000

/** Terminal text as `heroku logs` prints it, in pieces of whole lines. */
export function* textOf(options: LogOptions): Generator<string> {
  const format = createFormat()
  let lines: string[] = []
  for (const entry of entriesOf(options)) {
    lines.push(`${format.text(entry)}\n`)
    if (lines.length === TEXT_LINES) {
      yield lines.join('')
      lines = []
    }
  }
  yield lines.join('')
}

/** Request bodies as Logplex fills them: octet-counted frames, up to 100 KiB; the time is that of their last line. */
export function* bodiesOf(
  options: LogOptions,
): Generator<{ bytes: Buffer; time: number; lines: number }> {
  const format = createFormat()
  const queue: Framed[] = []
  for (const entry of entriesOf(options)) {
    queue.push({ entry, frame: format.frame(entry) })
    if (queue.length === TEXT_LINES) yield body(queue)
  }
  while (queue.length > 0) yield body(queue)
}

/** Bodies that were written one after another, each behind its length in 4 bytes, big-endian. */
export function* readBodies(file: Buffer): Generator<Buffer> {
  let at = 0
  while (at < file.length) {
    const end = at + 4 + file.readUInt32BE(at)
    yield file.subarray(at + 4, end)
    at = end
  }
}

function* entriesOf(options: LogOptions): Generator<Entry> {
  const next = createTraffic({
    seed: options.seed ?? 1,
    start: options.start ?? START,
    requestsPerSecond: options.requestsPerSecond ?? 100,
    storySeconds: STORY_SECONDS,
  })
  for (let i = 0; i < options.lines; i += 1) {
    const entry = next()
    options.onEntry?.(entry)
    yield entry
  }
}

function body(queue: Framed[]): { bytes: Buffer; time: number; lines: number } {
  const { lines, bytes } = takeBody(queue)
  return { bytes, time: lines.at(-1)!.entry.time, lines: lines.length }
}
