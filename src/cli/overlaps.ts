import { hashOf } from './repeats.ts'

/** Looks for requests that came twice, in so much of a run as costs next to nothing. */
export interface Overlaps {
  /** Takes a chunk of an input, cut anywhere. */
  add(chunk: Buffer): void
  /** Another input begins. */
  startInput(): void
  /** Requests with the time and the id of one before. */
  count(): number
  /** Whether there was more than was looked at. */
  isFull(): boolean
}

const REQUEST_ID = Buffer.from(' request_id=')
const ROUTER = Buffer.from('router')
/** Looked at in an input of which nothing is known before, bytes. */
const MOST = 2 * 1024 * 1024
/** Waited for without a newline, bytes. */
const LONGEST = 4 * 1024 * 1024
const DASH = 45
const SPACE = 32
/** Where the clock of `2026-11-21T10:00:00.104512+00:00` is. */
const CLOCK_START = 11
const CLOCK_END = 26
const NEWLINE = 10
const CLOCK = /\d\d:\d\d:\d\d(?:[.,]\d+)?/

/**
 * Lines are compared as they are written, in whatever form: by the first time in them and the request id,
 * which dumps of one log have in common.
 */
export function createOverlaps(isSuspicious: boolean): Overlaps {
  const seen = new Set<number>()
  let left = isSuspicious ? Infinity : MOST
  let rest: Buffer = Buffer.alloc(0)
  let repeated = 0

  function look(bytes: Buffer): void {
    let from = 0
    for (let at = bytes.indexOf(REQUEST_ID); at >= 0; at = bytes.indexOf(REQUEST_ID, from)) {
      const start = Math.max(from, bytes.lastIndexOf(NEWLINE, at) + 1)
      from = at + REQUEST_ID.length
      const router = bytes.indexOf(ROUTER, start)
      if (router < 0 || router > at) continue
      let end = from
      while (end < bytes.length && bytes[end]! > SPACE && bytes[end] !== QUOTE) end += 1
      const clock = hashOfClock(bytes, start, at)
      if (clock === undefined) continue
      const key = hashOf(bytes, from, end, clock)
      if (seen.has(key)) repeated += 1
      else seen.add(key)
    }
  }

  return {
    add(chunk) {
      if (left <= 0) return
      left -= chunk.length
      const all = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      const end = all.lastIndexOf(NEWLINE) + 1
      if (end > 0) look(all.subarray(0, end))
      // A body without newlines is looked at when it ends.
      const kept = all.subarray(end)
      rest = kept.length > LONGEST ? Buffer.alloc(0) : Buffer.from(kept)
    },
    startInput() {
      look(rest)
      rest = Buffer.alloc(0)
    },
    count: () => repeated,
    isFull: () => left <= 0,
  }
}

const QUOTE = 34

/** The first time of a line. */
function hashOfClock(bytes: Buffer, start: number, end: number): number | undefined {
  if (bytes[start + 4] === DASH && bytes[start + 7] === DASH && bytes[start + 13] === COLON) {
    return hashOf(bytes, start + CLOCK_START, Math.min(end, start + CLOCK_END), 0)
  }
  const head = bytes.subarray(start, Math.min(end, start + 512))
  const clock = CLOCK.exec(head.toString('latin1'))?.[0]
  return clock === undefined ? undefined : hashOf(Buffer.from(clock), 0, clock.length, 0)
}

const COLON = 58
