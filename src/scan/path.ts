import { digits, equals, orEnd } from './bytes'
import { isFolded } from './folds'
import { hashBytes, mix } from './memo'
import { SEGMENT_CLASSES } from './memory'

/*
 * Hashes the template of a path: two paths have one hash when segments that are identifiers are the
 * only difference, or words that fold. The rules are those of src/extract/segment.ts, on its table of classes.
 */

const DIGIT: u32 = 1
const HEX: u32 = 2
const UPPER: u32 = 4
const LOWER: u32 = 8
const DASH: u32 = 16
const MARK: u32 = 32
const AT: u32 = 64
const OTHER: u32 = 128

const SLASH: u8 = 47
const DASH_SIGN: u8 = 45
const DOT: u8 = 46
const AT_SIGN: u8 = 64
const UNDERSCORE: u8 = 95
const SHORT_WORD: usize = 16
const UUID_LENGTH: usize = 36
const ULID_LENGTH: usize = 26
const HEX_LENGTH: usize = 16
const TOKEN_LENGTH: usize = 10
const TOKEN_CHANGES: i32 = 4
const ID_DIGITS: usize = 3
const EXTENSION_LETTERS: usize = 8
const EXTENSION_LENGTH: usize = 5
const LANGUAGE_LENGTH: usize = 6
const MAX_TEMPLATE: usize = 126

const IDENTIFIER: u64 = 0x3a6964
const FOLDED_WORD: u64 = 0x3a736c7567
const FOLDED_LENGTH: usize = 5
const SEPARATOR: u64 = 0x2f
const REST: u64 = 0x2a

export function hashPath(start: u64, from: usize, end: usize): u64 {
  let hash = start
  let at = from
  let length: usize = load<u8>(from) == SLASH ? 0 : 1
  while (at < end) {
    const segment = at
    at = segmentEnd(at, end)
    const stem = endOfIdentifier(segment, at)
    if (stem == segment && isFolded(hash, segment, at, end)) {
      length += FOLDED_LENGTH
      if (length > MAX_TEMPLATE) return mix(hash, REST)
      hash = mix(hash, FOLDED_WORD)
    } else {
      length += at - stem
      if (stem > segment) length += 3
      if (length > MAX_TEMPLATE) return mix(hash, REST)
      if (stem > segment) hash = mix(hash, IDENTIFIER)
      if (at > stem) hash = hashBytes(hash, stem, at)
    }
    if (at >= end) break
    hash = mix(hash, SEPARATOR)
    length += 1
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
function endOfIdentifier(start: usize, end: usize): usize {
  const length = end - start
  if (length < SHORT_WORD) {
    const all = (<u32>1 << <u32>length) - 1
    const numbers = digits(start) & all
    if (numbers == all) return end
    if ((numbers | (equals(start, AT_SIGN) & all)) == 0) return start
  }
  return endOfRareIdentifier(start, end)
}

function endOfRareIdentifier(start: usize, end: usize): usize {
  if (indexOf(AT_SIGN, start, end) == end) {
    const stem = endOfStem(start, end)
    if (stem < end && isRareIdentifier(start, stem)) return stem
  }
  return isRareIdentifier(start, end) ? end : start
}

/** Where the first byte of this value is, or `end`. */
function indexOf(byte: u8, start: usize, end: usize): usize {
  let at = start
  while (at < end && load<u8>(at) != byte) at += 1
  return at
}

/** Where the file extensions begin; `end` for none. */
function endOfStem(start: usize, end: usize): usize {
  let stem = end
  for (let at = end - 1; at > start; at -= 1) {
    if (load<u8>(at) != DOT) continue
    if (!isExtension(at + 1, stem)) break
    stem = at
  }
  return stem
}

function isExtension(start: usize, end: usize): bool {
  let seen: u32 = 0
  for (let i = start; i < end; i += 1) seen |= classOf(i)
  const isWord = (seen & ~(UPPER | LOWER | HEX | DIGIT)) == 0 && end > start
  const most = (seen & DIGIT) == 0 ? EXTENSION_LETTERS : EXTENSION_LENGTH
  return isWord && end - start <= most && (classOf(start) & DIGIT) == 0
}

function isRareIdentifier(start: usize, end: usize): bool {
  const length = end - start
  let seen: u32 = 0
  for (let at = start; at < end; at += 1) seen |= classOf(at)
  if (seen == DIGIT) return true
  if ((seen & AT) != 0) return isName(start, end) || isEmail(start, end)
  const hexOnly = isHexOnly(start, end)
  if (hexOnly && (seen & DASH) == 0 && length >= HEX_LENGTH) return true
  if (hexOnly && length == UUID_LENGTH) return hasUuidDashes(start)
  if ((seen & ~(DIGIT | DASH)) == 0 && isDate(start, length)) return true
  if (length == ULID_LENGTH && isUlid(start, end)) return true
  if ((seen & DIGIT) != 0 && hasId(start, end)) return true
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

function isName(start: usize, end: usize): bool {
  return load<u8>(start) == AT_SIGN && end - start > 1 && indexOf(AT_SIGN, start + 1, end) == end
}

function hasId(start: usize, end: usize): bool {
  let first = start
  while (first < end && classOf(first) == DIGIT) first += 1
  const isFirst = first - start >= ID_DIGITS && first + 1 < end && isDash(first)
  if (isFirst && (classOf(first + 1) & (UPPER | LOWER)) != 0) return true
  let last = end
  while (last > start && classOf(last - 1) == DIGIT) last -= 1
  const count = end - last
  if (count == 0 || last - start < 2 || !isDash(last - 1)) return false
  if (isCode(start, last)) return true
  const isLanguage = count == ID_DIGITS && end - start == LANGUAGE_LENGTH
  return count >= ID_DIGITS && !isLanguage
}

function isCode(start: usize, end: usize): bool {
  for (let i = start; i < end; i += 1) {
    if ((classOf(i) & (UPPER | DIGIT | DASH | MARK)) == 0) return false
  }
  return (classOf(start) & UPPER) != 0
}

@inline
function isDash(at: usize): bool {
  return load<u8>(at) == DASH_SIGN || load<u8>(at) == UNDERSCORE
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
