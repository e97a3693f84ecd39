/*
 * RFC 3339 timestamps as Heroku writes them: `2026-11-21T14:14:58.397148+00:00`, with any number of
 * digits of a second, and `Z`, `+00:00` or nothing at the end. Others are left to the caller.
 */

const DASH: u8 = 45
const COLON: u8 = 58
const DOT: u8 = 46
const UPPER_T: u8 = 84
const Z: u8 = 90
const SPACE: u8 = 32
const DAY_MS: f64 = 86_400_000

/** Of the last timestamp read: ms since 1970, and where it ends. */
export let time: f64 = 0
export let timeEnd: usize = 0

/** The caller has read a line itself. */
export function setTime(value: f64): void {
  time = value
}

let dateWord: u64 = 0
let dateRest: u16 = 0
let midnight: f64 = NaN
/** The last minute read, `2026-11-21T14:14`, and its time, ms. */
let minuteWord: u64 = 0
let minuteRest: u64 = 0
let minute: f64 = NaN

/** Reads the timestamp at `at` that a space follows; false when there is none of the usual shape. */
@inline
export function readTime(at: usize, end: usize): bool {
  return readUsualTime(at, end) || readAnyTime(at, end)
}

/** `:58.397148+00:00 ` in the minute of the line before. */
@inline
function readUsualTime(at: usize, end: usize): bool {
  if (load<u64>(at) != minuteWord || load<u64>(at, 8) != minuteRest) return false
  const seconds = pair(at + 17)
  const fraction = (load<u64>(at, 20) & 0xffffffffffff) - 0x303030303030
  const hasShape =
    load<u8>(at, 16) == COLON &&
    load<u8>(at, 19) == DOT &&
    load<u64>(at, 25) >> 8 == 0x2030303a30302b &&
    (((fraction + 0x767676767676) | fraction) & 0x808080808080) == 0
  if (!hasShape || seconds > 60 || end - at < 33) return false
  time = minute + <f64>(seconds * 1000) + <f64>sixDigits(fraction) / 1000
  timeEnd = at + 32
  return true
}

/** Six digits, the first in the lowest byte. */
@inline
function sixDigits(values: u64): u32 {
  const digits = values << 16
  const pairs = digits * 10 + (digits >> 8)
  const high = (pairs & 0x000000ff000000ff) * 0x000f424000000064
  const low = ((pairs >> 16) & 0x000000ff000000ff) * 0x0000271000000001
  return <u32>((high + low) >> 32)
}

function readAnyTime(at: usize, end: usize): bool {
  if (end - at < 20 || !hasShape(at)) return false
  if (load<u64>(at) != dateWord || load<u16>(at, 8) != dateRest) {
    if (!readDate(at)) return false
  }
  const hours = pair(at + 11)
  const minutes = pair(at + 14)
  const seconds = pair(at + 17)
  if (hours > 23 || minutes > 59 || seconds > 60) return false
  let i = at + 19
  let micros: u32 = 0
  if (load<u8>(i) == DOT) {
    i += 1
    let scale: u32 = 100_000
    for (; i < end; i += 1) {
      const digit = <u32>load<u8>(i) - 48
      if (digit > 9) break
      micros += digit * scale
      scale /= 10
    }
  }
  if (i < end && load<u8>(i) == Z) i += 1
  // `+00:00` in six bytes.
  else if (end - i >= 6 && load<u32>(i) == 0x3a30302b && load<u16>(i, 4) == 0x3030) i += 6
  if (i >= end || load<u8>(i) != SPACE) return false
  minuteWord = load<u64>(at)
  minuteRest = load<u64>(at, 8)
  minute = midnight + <f64>((hours * 60 + minutes) * 60_000)
  time = minute + <f64>(seconds * 1000) + <f64>micros / 1000
  timeEnd = i
  return true
}

@inline
function hasShape(at: usize): bool {
  return (
    load<u8>(at, 4) == DASH &&
    load<u8>(at, 7) == DASH &&
    load<u8>(at, 10) == UPPER_T &&
    load<u8>(at, 13) == COLON &&
    load<u8>(at, 16) == COLON
  )
}

function readDate(at: usize): bool {
  const century = pair(at)
  const ofCentury = pair(at + 2)
  const month = pair(at + 5)
  const day = pair(at + 8)
  if (century > 99 || ofCentury > 99 || month < 1 || month > 12 || day < 1) return false
  const year = century * 100 + ofCentury
  if (year < 1970) return false
  const first = daysToMonth(year, month)
  const next = month == 12 ? daysToMonth(year + 1, 1) : daysToMonth(year, month + 1)
  if (<i32>day > next - first) return false
  midnight = <f64>(first + <i32>day - 1) * DAY_MS
  dateWord = load<u64>(at)
  dateRest = load<u16>(at, 8)
  return true
}

/** Days from 1970 to the first of a month. */
function daysToMonth(year: u32, month: u32): i32 {
  // Years begin in March, so that the day that leap years add is their last.
  const y = month > 2 ? <i32>year : <i32>year - 1
  const m = month > 2 ? <i32>month - 3 : <i32>month + 9
  return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 - 719_468
}

/** 0 to 99, or a number above. */
@inline
function pair(at: usize): u32 {
  const tens = <u32>load<u8>(at) - 48
  const ones = <u32>load<u8>(at, 1) - 48
  return tens > 9 || ones > 9 ? 1000 : tens * 10 + ones
}
