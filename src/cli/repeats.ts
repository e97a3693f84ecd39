import { findText, ascii, isExactly } from '../model/bytes.ts'
import type { Line } from '../model/line.ts'

/** Finds lines that came before, where dumps of a log overlap. */
export interface Repeats {
  /** Whether a line was met before. A line without a time never was. */
  isRepeated(line: Line): boolean
  /** Another input begins. */
  startInput(): void
  /** How many were met before. */
  count(): number
}

const HEROKU = ascii('heroku')
const ROUTER = ascii('router')
const REQUEST_ID = ascii(' request_id=')
const SPACE = 32
/** Where time goes back by more than this, ms, another dump begins: lines come out of order by less. */
const BACK_MS = 2000
/** Some 800 MB; lines beyond aren't compared. */
const MAX_LINES = 10_000_000

/**
 * A request is the same when its time and its id are. Another line is the same when all of it is; but an app
 * may say the same twice in a moment, so such a line is met again only as often as an earlier dump held it.
 */
export function createRepeats(): Repeats {
  /** By hash: in how many lines of one dump it was, at most. */
  const seen = new Map<number, number>()
  /** The same within the dump that is being read. */
  let inDump = new Map<number, number>()
  let newest = -Infinity
  let repeated = 0
  const startDump = (): void => {
    inDump = new Map()
    newest = -Infinity
  }
  const isKnown = (hash: number, isRequest: boolean): boolean => {
    const before = seen.get(hash) ?? 0
    if (isRequest && before > 0) return true
    const now = isRequest ? 1 : (inDump.get(hash) ?? 0) + 1
    if (!isRequest) inDump.set(hash, now)
    if (now <= before) return true
    if (before > 0 || seen.size < MAX_LINES) seen.set(hash, now)
    return false
  }
  return {
    isRepeated(line) {
      const { time } = line
      if (Number.isNaN(time)) return false
      if (time < newest - BACK_MS) startDump()
      if (time > newest) newest = time
      const id = requestId(line)
      const hash =
        id === undefined
          ? hashOf(line.bytes, line.procStart, line.messageEnd, hashOfTime(time))
          : hashOf(line.bytes, id[0], id[1], hashOfTime(time) + 1)
      const known = isKnown(hash, id !== undefined)
      if (known) repeated += 1
      return known
    },
    startInput: startDump,
    count: () => repeated,
  }
}

function requestId(line: Line): [start: number, end: number] | undefined {
  const { bytes, appStart, appEnd, procStart, procEnd, messageStart, messageEnd } = line
  if (!isExactly(bytes, procStart, procEnd, ROUTER)) return undefined
  if (!isExactly(bytes, appStart, appEnd, HEROKU)) return undefined
  const at = findText(bytes, REQUEST_ID, messageStart, messageEnd)
  if (at < 0) return undefined
  let end = at + REQUEST_ID.length
  while (end < messageEnd && bytes[end]! > SPACE) end += 1
  return [at, end]
}

const PRIME = 0x01000193

/** A number of 53 bits: two sums by the way of FNV-1a. */
export function hashOf(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let low = (0x811c9dc5 ^ seed) >>> 0
  let high = Math.imul(low ^ 0x5bd1e995, PRIME) >>> 0
  for (let i = start; i < end; i += 1) {
    low = Math.imul(low ^ bytes[i]!, PRIME)
    high = Math.imul(high + bytes[i]! + (low >>> 15), 0x5bd1e995)
  }
  return (high >>> 11) * 0x100000000 + (low >>> 0)
}

function hashOfTime(time: number): number {
  return Math.imul(Math.floor(time) % 0x7fffffff, 0x9e3779b1) ^ Math.round((time % 1) * 1000)
}
