import { digits, equals, orEnd } from './bytes'
import { hashBytes, mix } from './memo'
import { SEGMENT_CLASSES } from './memory'

/*
 * Hashes the template of a path: two paths have one hash when segments that are identifiers are the
 * only difference. The rules are those of src/extract/segment.ts, on its table of classes.
 */

const DIGIT: u32 = 1
const HEX: u32 = 2
const DASH: u32 = 16
const MARK: u32 = 32
const AT: u32 = 64
const OTHER: u32 = 128

const SLASH: u8 = 47
const AT_SIGN: u8 = 64
const SHORT_WORD: usize = 16
const UUID_LENGTH: usize = 36
const ULID_LENGTH: usize = 26
const HEX_LENGTH: usize = 16
const TOKEN_LENGTH: usize = 10
const TOKEN_CHANGES: i32 = 4

const IDENTIFIER: u64 = 0x3a6964
const SEPARATOR: u64 = 0x2f

export function hashPath(start: u64, from: usize, end: usize): u64 {
  let hash = start
  let at = from
  while (at < end) {
    const segment = at
    at = segmentEnd(at, end)
    if (isIdentifier(segment, at)) hash = mix(hash, IDENTIFIER)
    else if (at > segment) hash = hashBytes(hash, segment, at)
    if (at >= end) break
    hash = mix(hash, SEPARATOR)
    at += 1
  }
  return hash
}

@inline
function segmentEnd(from: usize, end: usize): usize {
  let at = from
  let stops = orEnd(equals(at, SLASH), at, end)
  while (stops == 0) {
    at += 16
    stops = orEnd(equals(at, SLASH), at, end)
  }
  return at + <usize>ctz(stops)
}

@inline
function isIdentifier(start: usize, end: usize): bool {
  const length = end - start
  if (length < SHORT_WORD) {
    const all = (<u32>1 << <u32>length) - 1
    const numbers = digits(start) & all
    if (numbers == all) return length > 0
    if ((numbers | (equals(start, AT_SIGN) & all)) == 0) return false
  }
  return isRareIdentifier(start, end)
}

function isRareIdentifier(start: usize, end: usize): bool {
  const length = end - start
  let seen: u32 = 0
  for (let at = start; at < end; at += 1) seen |= classOf(at)
  if (seen == DIGIT) return true
  if ((seen & AT) != 0) return isEmail(start, end)
  const hexOnly = isHexOnly(start, end)
  if (hexOnly && (seen & DASH) == 0 && length >= HEX_LENGTH) return true
  if (hexOnly && length == UUID_LENGTH) return hasUuidDashes(start)
  if ((seen & ~(DIGIT | DASH)) == 0) return isDate(start, length)
  if (length == ULID_LENGTH && isUlid(start, end)) return true
  return length >= TOKEN_LENGTH && hasToken(start, end)
}

@inline
function classOf(at: usize): u32 {
  return <u32>load<u8>(SEGMENT_CLASSES + <usize>load<u8>(at))
}

function isHexOnly(start: usize, end: usize): bool {
  for (let i = start; i < end; i += 1) if ((classOf(i) & (DIGIT | HEX | DASH)) == 0) return false
  return true
}

function isEmail(start: usize, end: usize): bool {
  let at = start
  while (at < end && load<u8>(at) != 64) at += 1
  if (at <= start || at >= end) return false
  for (let i = at + 2; i + 1 < end; i += 1) if (load<u8>(i) == 46) return true
  return false
}

function hasUuidDashes(start: usize): bool {
  return (
    load<u8>(start, 8) == 45 &&
    load<u8>(start, 13) == 45 &&
    load<u8>(start, 18) == 45 &&
    load<u8>(start, 23) == 45
  )
}

function isDate(start: usize, length: usize): bool {
  if (length != 10 && length != 7) return false
  return load<u8>(start, 4) == 45 && (length == 7 || load<u8>(start, 7) == 45)
}

function isUlid(start: usize, end: usize): bool {
  const first = load<u8>(start)
  if (first < 48 || first > 55) return false
  for (let i = start; i < end; i += 1) {
    const byte = load<u8>(i)
    if (byte >= 48 && byte <= 57) continue
    const upper = byte & ~32
    if (upper < 65 || upper > 90) return false
    // I, L, O and U are left out of Crockford's base 32.
    if (upper == 73 || upper == 76 || upper == 79 || upper == 85) return false
  }
  return true
}

function hasToken(start: usize, end: usize): bool {
  let length: usize = 0
  let changes = 0
  let last: i32 = 0
  for (let i = start; i <= end; i += 1) {
    const kind = i < end ? classOf(i) : MARK
    if ((kind & (DASH | MARK | OTHER)) != 0) {
      if (length >= TOKEN_LENGTH && changes >= TOKEN_CHANGES) return true
      length = 0
      changes = last = 0
      continue
    }
    const letterOrDigit = kind == DIGIT ? 1 : 2
    if (last != 0 && letterOrDigit != last) changes += 1
    last = letterOrDigit
    length += 1
  }
  return false
}
