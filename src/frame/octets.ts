import { findByte, isDigit } from '../model/bytes.ts'
import { skipDigits, skipPriority } from './syslog.ts'

/** Longer messages are refused: Logplex takes at most 10,240 bytes, and others aren't far from it. */
export const MAX_MESSAGE = 16_384

const COUNT_DIGITS = 9
const MAX_HEADER = 16
const ANGLE = 60
const SPACE = 32
const NEWLINE = 10

/** `isCut` says that the last byte of the message was lost, and with it perhaps a part of a number. */
export type OnMessage = (start: number, end: number, isCut: boolean) => void

/**
 * Walks a body of octet-counted frames (RFC 6587 section 3.4.1: `LENGTH SPACE MESSAGE`, repeated) from
 * `from` on and gives each message as offsets. A frame that lacks just its counted newline is whole. A
 * broken frame costs only itself: it is reported once and the walk goes on at the next
 * `LENGTH <PRI>VERSION `.
 */
export function scanFrames(
  bytes: Uint8Array,
  from: number,
  onMessage: OnMessage,
  onBroken: () => void,
): void {
  const end = bytes.length
  const search: Search = { bytes, from: 0, found: -1 }
  let isLacking = false
  let at = skipBlank(bytes, from, end)
  while (at < end) {
    const start = messageStart(bytes, at, end)
    const stop = start < 0 ? -1 : start + readCount(bytes, at)
    const messageEnd = start < 0 ? -1 : endOfMessage(search, start, stop)
    if (messageEnd >= 0) {
      // Of a body whose other frames have no newline something else was lost.
      const isCut = stop > end && at > 0 && bytes[at - 1] !== NEWLINE && !isLacking
      if (messageEnd < stop) isLacking = true
      if (messageEnd - start > MAX_MESSAGE) onBroken()
      else onMessage(start, messageEnd, isCut)
      at = skipBlank(bytes, messageEnd, end)
    } else {
      onBroken()
      at = searchFrame(search, skipHeader(bytes, at, end))
    }
  }
}

/** Where the message from `start` on ends that should end at `stop`; -1 when that can't be believed. */
function endOfMessage(search: Search, start: number, stop: number): number {
  const { bytes } = search
  const end = bytes.length
  if (stop > end) return stop === end + 1 && nextFrame(bytes, start, end) === end ? end : -1
  const isGlued = stop > start && isDigit(bytes[stop - 1]) && !isFollowed(bytes, stop, end)
  if (isGlued && isWhole(bytes, stop - 1, end)) return stop - 1
  return endsWell(search, start, stop, end) ? stop : -1
}

/**
 * The last look for a frame in the rest of a body: from `from` on the first is at `found`. Without it a
 * body of counts that lead to none would be looked through once for each of them.
 */
interface Search {
  readonly bytes: Uint8Array
  from: number
  found: number
}

/** Where the message of the frame at `at` starts, or -1 when there is no count. */
function messageStart(bytes: Uint8Array, at: number, end: number): number {
  const afterCount = skipDigits(bytes, at, end, COUNT_DIGITS)
  return afterCount > 0 && afterCount < end && bytes[afterCount] === SPACE ? afterCount + 1 : -1
}

/**
 * Past `COUNT <` of a frame that is broken, so that the last digits of its count aren't taken for
 * one; but not past a frame that something short stands before.
 */
function skipHeader(bytes: Uint8Array, at: number, end: number): number {
  const space = findByte(bytes, SPACE, at, Math.min(at + MAX_HEADER, end))
  if (space >= 0 && bytes[space + 1] === ANGLE) {
    const start = isDigit(bytes[at]) ? -1 : countBefore(bytes, space + 1, at)
    return start >= 0 && isWhole(bytes, start, end) ? start : space + 2
  }
  let i = at
  while (i < end && bytes[i]! >= 48 && bytes[i]! <= 57) i += 1
  return Math.max(i, at + 1)
}

function readCount(bytes: Uint8Array, at: number): number {
  let count = 0
  for (let i = at; bytes[i]! >= 48 && bytes[i]! <= 57; i += 1) count = count * 10 + bytes[i]! - 48
  return count
}

/**
 * Whether a frame that says it ends at `stop` can be believed. If no other one follows, something is
 * broken there: its count is too large when it has swallowed another frame, too small when it lacks
 * the newline that what is left over ends in; else the fault is what follows.
 */
function endsWell(search: Search, start: number, stop: number, end: number): boolean {
  const { bytes } = search
  const next = skipBlank(bytes, stop, end)
  if (next >= end || isFrame(bytes, next, end)) return true
  if (nextFrame(bytes, start, stop) < stop) return false
  if (bytes[stop - 1] === NEWLINE || isBrokenHeader(bytes, stop, end)) return true
  return bytes[searchFrame(search, stop) - 1] !== NEWLINE
}

/** Whether a frame starts at `at` whose count alone is no count. */
function isBrokenHeader(bytes: Uint8Array, at: number, end: number): boolean {
  const space = findByte(bytes, SPACE, at, Math.min(at + MAX_HEADER, end))
  return space >= 0 && skipPriority(bytes, space + 1, end) > 0
}

/** Whether nothing or a whole frame follows at `at`. */
function isFollowed(bytes: Uint8Array, at: number, end: number): boolean {
  const next = skipBlank(bytes, at, end)
  return next >= end || isWhole(bytes, next, end)
}

/** Whether a frame starts at `at` and ends at another one or at the end; its newline may be lacking. */
function isWhole(bytes: Uint8Array, at: number, end: number): boolean {
  if (!isFrame(bytes, at, end)) return false
  const stop = messageStart(bytes, at, end) + readCount(bytes, at)
  if (stop >= end) return stop <= end + 1
  const next = skipBlank(bytes, stop, end)
  return next >= end || isFrame(bytes, next, end) || isFrame(bytes, stop - 1, end)
}

/** Whether `LENGTH <PRI>VERSION ` stands at `at`. */
function isFrame(bytes: Uint8Array, at: number, end: number): boolean {
  const start = messageStart(bytes, at, end)
  return start > 0 && skipPriority(bytes, start, end) > 0
}

/** The first place from `at` on where a frame starts, or the end of the body. */
function searchFrame(search: Search, at: number): number {
  if (at < search.from || at > search.found) {
    search.from = at
    search.found = nextFrame(search.bytes, at, search.bytes.length)
  }
  return search.found
}

/** The first place in [at, end) where a frame starts, or `end`. */
function nextFrame(bytes: Uint8Array, at: number, end: number): number {
  let angle = findByte(bytes, ANGLE, at, end)
  while (angle >= 0) {
    const start = countBefore(bytes, angle, at)
    if (start >= 0 && isFrame(bytes, start, end)) return start
    angle = findByte(bytes, ANGLE, angle + 1, end)
  }
  return end
}

/** Start of the digits before ` <`, or -1. */
function countBefore(bytes: Uint8Array, angle: number, from: number): number {
  if (bytes[angle - 1] !== SPACE) return -1
  let start = angle - 1
  while (start > from && bytes[start - 1]! >= 48 && bytes[start - 1]! <= 57) start -= 1
  return start < angle - 1 ? start : -1
}

function skipBlank(bytes: Uint8Array, at: number, end: number): number {
  let i = at
  while (i < end && (bytes[i] === SPACE || bytes[i] === NEWLINE || bytes[i] === 13)) i += 1
  return i
}
