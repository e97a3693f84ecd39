import { readText } from '../frame/text.ts'
import { createDateCache } from '../frame/timestamp.ts'
import { STDIN, bytesOf, inputSize, isTail, readInput } from '../input/files.ts'
import { isUnpacked } from '../input/packing.ts'
import { createLine } from '../model/line.ts'
import { widthFor } from './timeline.ts'

/** The times of a log's first and last lines, ms since 1970. */
export interface LogSpan {
  readonly from: number
  readonly to: number
}

/** Read at the beginning and at the end of a file, bytes, and how many lines of its beginning. */
const PEEK = 8 * 1024
const FIRST_LINES = 4
/** Smaller files are compared line by line anyway. */
const SMALL = 128 * 1024
/** Of more files these are looked at. */
const MAX_FILES = 100

/** The span of files that aren't packed, by their beginnings and ends; undefined where one can't be known so. */
export function peekSpan(inputs: readonly string[]): LogSpan | undefined {
  if (inputs.length === 0 || inputs.length > MAX_FILES) return undefined
  const spans = inputs.map(peekFile)
  const known = spans.filter((span) => span !== undefined)
  if (known.length < spans.length) return undefined
  return {
    from: Math.min(...known.map(({ from }) => from)),
    to: Math.max(...known.map(({ to }) => to)),
  }
}

/** What is known of some inputs before they are read. */
export interface LogPeek {
  /** The step of a timeline of them, ms; undefined where their span can't be known. */
  readonly stepMs: number | undefined
  /** Whether requests may be in them twice: time goes back somewhere. Undefined where that can't be known. */
  readonly isSuspicious: boolean | undefined
}

export function peek(inputs: readonly string[]): LogPeek {
  const span = peekSpan(inputs)
  if (span === undefined) return { stepMs: undefined, isSuspicious: undefined }
  const isSuspicious = inputs.length > 1 ? hasCommonTime(inputs) : false
  return {
    stepMs: widthFor(span.to - span.from),
    isSuspicious: isSuspicious || inputs.some(goesBack),
  }
}

/** Lines come out of order by less, ms. */
const BACK_MS = 2000
/** Places in a file that are looked at, and how much there, bytes. */
const PLACES = 32
const PLACE = 2048

function hasCommonTime(inputs: readonly string[]): boolean {
  const spans = inputs.map(peekFile).filter((span) => span !== undefined)
  return spans
    .toSorted((a, b) => a.from - b.from)
    .some((span, i, all) => {
      const before = all.slice(0, i).reduce((most, { to }) => Math.max(most, to), -Infinity)
      return span.from <= before
    })
}

/** Whether the times at some places of a file, in their order, go back: of a small one it isn't asked. */
function goesBack(path: string): boolean {
  const size = inputSize(path)
  if (size <= SMALL) return true
  let newest = -Infinity
  for (let i = 0; i < PLACES; i += 1) {
    const [time] = timesIn(afterNewline(bytesOf(path, PLACE, Math.floor((i * size) / PLACES))), 1)
    if (time === undefined) continue
    if (time < newest - BACK_MS) return true
    newest = Math.max(newest, time)
  }
  return false
}

/** The time of the newest line near the end of these inputs; that of now for a pipe. */
export async function endOfLog(inputs: readonly string[]): Promise<number> {
  let newest = -Infinity
  for (const path of inputs) {
    if (isTail(path)) return Date.now()
    const span = peekFile(path)
    newest = Math.max(newest, span?.to ?? (await endOfPacked(path)))
  }
  return Number.isFinite(newest) ? newest : Date.now()
}

function peekFile(path: string): LogSpan | undefined {
  const size = inputSize(path)
  if (size === 0) return undefined
  const head = bytesOf(path, PEEK)
  if (!isUnpacked(head)) return undefined
  const isShort = size <= PEEK
  const times = [
    ...timesIn(head, isShort ? Infinity : FIRST_LINES),
    ...(isShort ? [] : timesIn(afterNewline(bytesOf(path, PEEK, size - PEEK)))),
  ]
  if (times.length === 0) return undefined
  return { from: Math.min(...times), to: Math.max(...times) }
}

/** Unpacks a file to its end; -Infinity where that has no time or can't be read, which is said when it is counted. */
async function endOfPacked(path: string): Promise<number> {
  if (path === STDIN) return Date.now()
  let end: Buffer = Buffer.alloc(0)
  const onChunk = (chunk: Buffer): void => {
    const all = chunk.length >= PEEK ? chunk : Buffer.concat([end, chunk])
    end = Buffer.from(all.subarray(Math.max(0, all.length - PEEK)))
  }
  try {
    await readInput(path, { onChunk, onRead() {} }, new AbortController().signal)
  } catch {
    // What was read before counts.
  }
  return Math.max(-Infinity, ...timesIn(end))
}

function afterNewline(bytes: Buffer): Buffer {
  return bytes.subarray(bytes.indexOf(10) + 1)
}

/** The times of lines, of so many at most. */
function timesIn(bytes: Buffer, most = Infinity): number[] {
  const reader = { dates: createDateCache(), stamp: { time: 0, end: 0 }, now: Date.now() }
  const line = createLine()
  const times: number[] = []
  let start = 0
  while (start < bytes.length && times.length < most) {
    const newline = bytes.indexOf(10, start)
    const end = newline < 0 ? bytes.length : newline
    if (readText(reader, bytes, start, end, line) && !Number.isNaN(line.time)) times.push(line.time)
    start = end + 1
  }
  return times
}
