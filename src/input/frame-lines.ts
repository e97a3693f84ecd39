import type { LineSink, Lines } from './text-lines.ts'

const NEWLINE = 10
const RETURN = 13
const SPACE = 32
const ANGLE = 60
const ESC = 27
const NUL = 0
/** `<191>1 ` and its count take less, bytes. */
const LONGEST_HEADER = 24
const MAX_DIGITS = 7
/** Nothing is waited for that is further away, bytes. */
const MAX_LOOK = 65_536

/** Whether a text begins as a saved drain body does, with an octet-counted frame: `83 <40>1 …`. */
export function beginsWithFrame(chunk: Buffer): boolean {
  return headerAt(chunk, pastBlanks(chunk, 0, chunk.length), chunk.length) > 0
}

/**
 * Cuts octet-counted frames of any number, with or without newlines between and within them, and gives the
 * message of each, without its count, as a line. A count that nothing confirms isn't believed: such a frame ends at its
 * line's end, or before what looks like the next one. Frames longer than `maxLine` bytes are skipped.
 */
export function createFrameLines(maxLine: number, sink: LineSink): Lines {
  let held: Buffer = Buffer.alloc(0)
  let skipping = false

  /** Gives the frames that are whole; what is left waits for more. */
  function give(isLast: boolean): void {
    const isClean = held.indexOf(ESC) < 0 && held.indexOf(NUL) < 0
    let at = 0
    for (;;) {
      at = pastBlanks(held, at, held.length)
      const next = at < held.length ? frameAt(held, at, isLast, maxLine) : undefined
      if (next === undefined) break
      if (next.isCut === true) sink.onTooLong()
      else if (!skipping) sink.onLine(held, next.from, next.to, isClean)
      skipping = false
      at = next.to
    }
    held = held.subarray(at)
    if (held.length <= maxLine + LONGEST_HEADER) return
    if (!skipping) sink.onTooLong()
    skipping = true
    held = held.subarray(held.length - LONGEST_HEADER)
  }

  return {
    write(chunk) {
      held = held.length === 0 ? Buffer.from(chunk) : Buffer.concat([held, chunk])
      give(false)
    },
    end() {
      give(true)
      return Promise.resolve()
    },
  }
}

interface Frame {
  readonly from: number
  readonly to: number
  /** The input ends within it: what is there may be half a name or half a number. */
  readonly isCut?: boolean
}

/** The frame at `at`; undefined while more is needed to know where it ends. */
function frameAt(held: Buffer, at: number, isLast: boolean, maxLine: number): Frame | undefined {
  const end = held.length
  if (!isLast && end - at < LONGEST_HEADER) return undefined
  const from = headerAt(held, at, end)
  if (from > 0) {
    const stop = from + Number(held.toString('latin1', at, from - 1))
    const isLong = stop - from > maxLine
    if (!isLong && !isLast && stop + LONGEST_HEADER > end) return undefined
    // People and programs miscount the newline.
    const likely = (isLong ? [] : [stop, stop - 1, stop + 1]).filter((to) =>
      to === end + 1 ? isLast && to === stop : isConfirmed(held, to, end, isLast),
    )
    // A digit before a count may be its first one: then what follows the next frame decides.
    const isClear = likely.length === 1 || !isDigit(held[likely[0]! - 1])
    const next = isClear
      ? likely[0]
      : likely.find((to) => isDigit(held[to]) && isFollowed(held, to, end, isLast))
    if (likely.length > 1 && !isClear && !isLast && reachOf(held, likely, end) > end)
      return undefined
    const to = next ?? likely[0]
    if (to !== undefined) return { from, to: Math.min(to, end) }
  }
  const start = from > 0 ? from : at
  const to = Math.min(
    ...[held.indexOf(NEWLINE, start), nextHeader(held, start + 1, end)].filter((i) => i >= 0),
  )
  if (Number.isFinite(to)) return { from: start, to }
  return isLast
    ? { from: start, to: end, isCut: from > 0 && stopOf(held, at, end) > end }
    : undefined
}

/** Whether a frame may end at `to`: another one follows, or nothing. */
function isConfirmed(held: Buffer, to: number, end: number, isLast: boolean): boolean {
  if (to > end) return false
  const next = pastBlanks(held, to, end)
  if (next === end) return isLast
  return headerAt(held, next, end) > 0 || (isLast && isHeaderCut(held, next, end))
}

/** Whether the input ends within the header of a frame. */
function isHeaderCut(held: Buffer, at: number, end: number): boolean {
  if (end - at > LONGEST_HEADER) return false
  return /^\d{1,7}(?: (?:<(?:\d{1,3}(?:>\d{0,2})?)?)?)?$/.test(held.toString('latin1', at, end))
}

/** Whether the frame at `at` is followed by another one, or by nothing. */
function isFollowed(held: Buffer, at: number, end: number, isLast: boolean): boolean {
  return isConfirmed(held, stopOf(held, at, end), end, isLast)
}

/** How far frames at these places reach, with the header of the next one. */
function reachOf(held: Buffer, places: readonly number[], end: number): number {
  const stops = places
    .filter((at) => headerAt(held, at, end) > 0)
    .map((at) => stopOf(held, at, end))
  const longest = Math.max(...stops.filter((stop) => stop - end < MAX_LOOK))
  return longest + LONGEST_HEADER
}

/** Where the frame at `at` ends by its count. */
function stopOf(held: Buffer, at: number, end: number): number {
  const from = headerAt(held, at, end)
  return from + Number(held.toString('latin1', at, from - 1))
}

/** Where what looks like the next frame begins, -1 for nowhere. */
function nextHeader(held: Buffer, from: number, end: number): number {
  for (let i = held.indexOf(ANGLE, from); i >= 0 && i < end; i = held.indexOf(ANGLE, i + 1)) {
    let at = i - 1
    if (held[at] !== SPACE) continue
    while (at > from && isDigit(held[at - 1])) at -= 1
    if (headerAt(held, at, end) === i) return at
  }
  return -1
}

/** Past the count and the space of `83 <40>1 `; -1 when there is no such thing. */
function headerAt(bytes: Buffer, at: number, end: number): number {
  const count = pastDigits(bytes, at, end, MAX_DIGITS)
  if (count < 0 || bytes[count] !== SPACE || bytes[count + 1] !== ANGLE) return -1
  const priority = pastDigits(bytes, count + 2, end, 3)
  if (priority < 0 || bytes[priority] !== 62) return -1
  const version = pastDigits(bytes, priority + 1, end, 2)
  return version > 0 && version < end && bytes[version] === SPACE ? count + 1 : -1
}

function pastDigits(bytes: Buffer, from: number, end: number, most: number): number {
  let at = from
  while (at < end && isDigit(bytes[at])) at += 1
  return at > from && at - from <= most ? at : -1
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 48 && byte <= 57
}

function pastBlanks(bytes: Buffer, from: number, end: number): number {
  let at = from
  while (at < end && (bytes[at] === NEWLINE || bytes[at] === RETURN || bytes[at] === SPACE)) at += 1
  return at
}
