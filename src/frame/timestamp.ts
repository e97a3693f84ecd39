/** The last date read, because neighbouring lines share it. */
export interface DateCache {
  readonly bytes: Uint8Array
  /** Milliseconds since 1970 of its midnight, UTC. */
  midnight: number
}

/** Where a timestamp ends and what it says; readers reuse one. */
export interface Stamp {
  /** Milliseconds since 1970, with a fraction. */
  time: number
  end: number
}

export function createDateCache(): DateCache {
  return { bytes: new Uint8Array(DATE_LENGTH), midnight: NaN }
}

const DATE_LENGTH = 10
const DAY_MS = 86_400_000
const DASH = 45
const PLUS = 43
const COLON = 58
const DOT = 46
const Z = 90
const COMMA = 44
const TAB = 9
const SPACE = 32

/**
 * Reads an RFC 3339 timestamp at `at`, with `T` or a space before the time: no or any number of fraction
 * digits, `Z`, an offset, both (Logplex's own documents show `Z+00:00`), or neither, which means UTC.
 * The colon of the offset may be missing (ISO 8601). False when there is none.
 */
export function parseTimestamp(
  bytes: Uint8Array,
  at: number,
  end: number,
  cache: DateCache,
  into: Stamp,
): boolean {
  if (end - at < 19 || !hasShape(bytes, at)) return false
  const midnight = midnightOf(bytes, at, cache)
  const clock = readClock(bytes, at + 11)
  if (Number.isNaN(midnight) || Number.isNaN(clock)) return false
  into.end = at + 19
  const micros = readFraction(bytes, end, into)
  const offset = readOffset(bytes, end, into)
  if (Number.isNaN(offset)) return false
  if (into.end < end && bytes[into.end] !== SPACE && bytes[into.end] !== TAB) return false
  into.time = midnight + clock - offset + micros / 1000
  return true
}

/** `HH:MM:SS` in ms, NaN when it is none. */
function readClock(bytes: Uint8Array, at: number): number {
  const hours = pairOfDigits(bytes, at)
  const minutes = pairOfDigits(bytes, at + 3)
  const seconds = pairOfDigits(bytes, at + 6)
  const isTime = hours <= 23 && minutes <= 59 && seconds <= 60
  return isTime ? ((hours * 60 + minutes) * 60 + seconds) * 1000 : NaN
}

/** The fraction at `into.end` in whole microseconds (what is finer is cut); moves `into.end` past it. */
function readFraction(bytes: Uint8Array, end: number, into: Stamp): number {
  if (into.end >= end || (bytes[into.end] !== DOT && bytes[into.end] !== COMMA)) return 0
  let micros = 0
  let scale = 100_000
  let i = into.end + 1
  for (; i < end && bytes[i]! >= 48 && bytes[i]! <= 57; i += 1) {
    micros += (bytes[i]! - 48) * scale
    scale = scale === 1 ? 0 : scale / 10
  }
  into.end = i
  return micros
}

/** The offset at `into.end` in ms, NaN when it is more than a day; moves `into.end` past it. */
function readOffset(bytes: Uint8Array, end: number, into: Stamp): number {
  if (into.end < end && bytes[into.end] === Z) into.end += 1
  const at = into.end
  const sign = bytes[at]
  if (at + 5 > end || (sign !== PLUS && sign !== DASH)) return 0
  const minutes = bytes[at + 3] === COLON ? at + 4 : at + 3
  if (minutes + 2 > end) return 0
  const offset = (pairOfDigits(bytes, at + 1) * 60 + pairOfDigits(bytes, minutes)) * 60_000
  into.end = minutes + 2
  if (!(offset <= DAY_MS)) return NaN
  return sign === PLUS ? offset : -offset
}

function hasShape(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at + 4] === DASH &&
    bytes[at + 7] === DASH &&
    ((bytes[at + 10]! | 32) === 116 || bytes[at + 10] === SPACE) &&
    bytes[at + 13] === COLON &&
    bytes[at + 16] === COLON
  )
}

function midnightOf(bytes: Uint8Array, at: number, cache: DateCache): number {
  for (let i = DATE_LENGTH - 1; i >= 0; i -= 1) {
    if (bytes[at + i] !== cache.bytes[i]) return readDate(bytes, at, cache)
  }
  return cache.midnight
}

function readDate(bytes: Uint8Array, at: number, cache: DateCache): number {
  const year = pairOfDigits(bytes, at) * 100 + pairOfDigits(bytes, at + 2)
  const month = pairOfDigits(bytes, at + 5)
  const day = pairOfDigits(bytes, at + 8)
  if (!(year >= 1970 && month >= 1 && month <= 12 && day >= 1)) return NaN
  const midnight = Date.UTC(year, month - 1, day)
  // February 30 would be a day in March.
  if (new Date(midnight).getUTCMonth() !== month - 1) return NaN
  cache.bytes.set(bytes.subarray(at, at + DATE_LENGTH))
  cache.midnight = midnight
  return midnight
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const LONGEST_LOCAL = 28
const LOCAL = /^([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)(\.\d{1,9})?(?=[ \t]|$)/

/**
 * Reads the time of traditional syslog at `at`, `Nov 21 14:14:58`: it is in the zone of this machine, and
 * has no year, so it is the latest that isn't a day after `now` (ms since 1970).
 */
export function parseLocalTime(
  bytes: Uint8Array,
  at: number,
  end: number,
  now: number,
  into: Stamp,
): boolean {
  if (end - at < 15 || bytes[at + 3] !== SPACE || bytes[at + 9] !== COLON) return false
  const head = Buffer.from(bytes.subarray(at, Math.min(end, at + LONGEST_LOCAL)))
  const match = LOCAL.exec(head.toString('latin1'))
  const month = match === null ? -1 : MONTHS.indexOf(match[1]!)
  if (match === null || month < 0) return false
  const [day, hour, minute, second] = match.slice(2, 6).map(Number) as [
    number,
    number,
    number,
    number,
  ]
  if (hour > 23 || minute > 59 || second > 60) return false
  const thisYear = new Date(now).getFullYear()
  // February 29 is in one of eight years at least.
  for (let year = thisYear + 1; year > thisYear - 8; year -= 1) {
    const date = new Date(year, month, day, hour, minute, second)
    const time = date.getTime()
    if (time > now + DAY_MS || date.getMonth() !== month) continue
    into.time = time + Number(match[6] ?? 0) * 1000
    into.end = at + match[0].length
    return true
  }
  return false
}

/** Whether a date and a time stand at `at` that no calendar or clock has, as February 30 or 24:00:00. */
export function isImpossibleTime(
  bytes: Uint8Array,
  at: number,
  end: number,
  cache: DateCache,
): boolean {
  const head = Buffer.from(bytes.subarray(at, Math.min(end, at + LONGEST_LOCAL))).toString('latin1')
  const local = LOCAL.exec(head)
  // Whatever now is, a date that exists is found in the years before it.
  if (local !== null && MONTHS.includes(local[1]!))
    return !parseLocalTime(bytes, at, end, Date.now(), { time: 0, end: 0 })
  if (!/^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d/.test(head)) return false
  return Number.isNaN(midnightOf(bytes, at, cache)) || Number.isNaN(readClock(bytes, at + 11))
}

/** 0..99, or NaN. */
function pairOfDigits(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - 48
  const ones = bytes[at + 1]! - 48
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NaN
}
