import { findByte, isDigit } from '../model/bytes.ts'

/** Classes of bytes, one bit each. */
export const DIGIT = 1
const HEX = 2
const UPPER = 4
const LOWER = 8
export const DASH = 16
export const MARK = 32
export const AT = 64
export const OTHER = 128

/** By byte. */
export const SEGMENT_CLASSES = Uint8Array.from({ length: 256 }, (_, byte) =>
  classOf(String.fromCharCode(byte)),
)

const UUID_LENGTH = 36
const ULID_LENGTH = 26
const HEX_LENGTH = 16
const TOKEN_LENGTH = 10
const TOKEN_CHANGES = 4
/** Fewer digits at an end of a slug are a part of its words. */
const ID_DIGITS = 3
const EXTENSION_LETTERS = 8
/** Of one with digits in it, as `mp3` and `woff2`. */
const EXTENSION_LENGTH = 5
/** `es-419` is a language. */
const LANGUAGE_LENGTH = 6

const DASH_SIGN = 45
const DOT = 46
const AT_SIGN = 64
const UNDERSCORE = 95

function classOf(char: string): number {
  if (/[0-9]/.test(char)) return DIGIT
  if (/[a-f]/.test(char)) return LOWER | HEX
  if (/[A-F]/.test(char)) return UPPER | HEX
  if (/[a-z]/.test(char)) return LOWER
  if (/[A-Z]/.test(char)) return UPPER
  if (char === '-') return DASH
  if (char === '.' || char === '_') return MARK
  return char === '@' ? AT : OTHER
}

/**
 * Where the identifier ends that a path segment begins with: an integer, UUID, hex of 16 or more, ULID,
 * date, e-mail address, `@name`, long mixed token, code as `ORD-12`, or slug with an id of three digits
 * or more at one end. `start` for none: a word stays, with or without a digit in it. What follows the
 * identifier is a file extension.
 */
export function endOfIdentifier(bytes: Uint8Array, start: number, end: number): number {
  if (findByte(bytes, AT_SIGN, start, end) < 0) {
    const stem = endOfStem(bytes, start, end)
    if (stem < end && isIdentifier(bytes, start, stem)) return stem
  }
  return isIdentifier(bytes, start, end) ? end : start
}

/** Where the file extensions of a segment begin, as in `41.json` and `41.tar.gz`; its end for none. */
function endOfStem(bytes: Uint8Array, start: number, end: number): number {
  let stem = end
  for (let at = end - 1; at > start; at -= 1) {
    if (bytes[at] !== DOT) continue
    if (!isExtension(bytes, at + 1, stem)) break
    stem = at
  }
  return stem
}

function isExtension(bytes: Uint8Array, start: number, end: number): boolean {
  let seen = 0
  for (let i = start; i < end; i += 1) seen |= SEGMENT_CLASSES[bytes[i]!]!
  const isWord = (seen & ~(UPPER | LOWER | HEX | DIGIT)) === 0 && end > start
  const most = (seen & DIGIT) === 0 ? EXTENSION_LETTERS : EXTENSION_LENGTH
  return isWord && end - start <= most && (SEGMENT_CLASSES[bytes[start]!]! & DIGIT) === 0
}

function isIdentifier(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start
  let seen = 0
  let hexOnly = true
  for (let i = start; i < end; i += 1) {
    const kind = SEGMENT_CLASSES[bytes[i]!]!
    seen |= kind
    if ((kind & (DIGIT | HEX | DASH)) === 0) hexOnly = false
  }
  if (seen === DIGIT) return true
  if ((seen & AT) !== 0) return isName(bytes, start, end) || isEmail(bytes, start, end)
  if (hexOnly && (seen & DASH) === 0 && length >= HEX_LENGTH) return true
  if (hexOnly && length === UUID_LENGTH) return hasUuidDashes(bytes, start)
  if ((seen & ~(DIGIT | DASH)) === 0 && isDate(bytes, start, length)) return true
  if (length === ULID_LENGTH && isUlid(bytes, start, end)) return true
  if ((seen & DIGIT) !== 0 && hasId(bytes, start, end)) return true
  return length >= TOKEN_LENGTH && hasToken(bytes, start, end)
}

/** `@jane`. */
function isName(bytes: Uint8Array, start: number, end: number): boolean {
  return bytes[start] === AT_SIGN && end - start > 1 && findByte(bytes, AT_SIGN, start + 1, end) < 0
}

/** `1234-red-shoes`, `red-shoes-1234`, and of any number of digits `ORD-12`. */
function hasId(bytes: Uint8Array, start: number, end: number): boolean {
  let first = start
  while (first < end && isDigit(bytes[first])) first += 1
  const isFirst = first - start >= ID_DIGITS && first < end - 1 && isDash(bytes[first])
  if (isFirst && (SEGMENT_CLASSES[bytes[first + 1]!]! & (UPPER | LOWER)) !== 0) return true
  let last = end
  while (last > start && isDigit(bytes[last - 1])) last -= 1
  const digits = end - last
  if (digits === 0 || last - start < 2 || !isDash(bytes[last - 1])) return false
  if (isCode(bytes, start, last)) return true
  const isLanguage = digits === ID_DIGITS && end - start === LANGUAGE_LENGTH
  return digits >= ID_DIGITS && !isLanguage
}

/** Capital letters first, and no small ones. */
function isCode(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1) {
    if ((SEGMENT_CLASSES[bytes[i]!]! & (UPPER | DIGIT | DASH | MARK)) === 0) return false
  }
  return (SEGMENT_CLASSES[bytes[start]!]! & UPPER) !== 0
}

function isDash(byte: number | undefined): boolean {
  return byte === DASH_SIGN || byte === UNDERSCORE
}

function isEmail(bytes: Uint8Array, start: number, end: number): boolean {
  const at = findByte(bytes, 64, start, end)
  if (at <= start) return false
  for (let i = at + 2; i < end - 1; i += 1) if (bytes[i] === 46) return true
  return false
}

function hasUuidDashes(bytes: Uint8Array, start: number): boolean {
  return [8, 13, 18, 23].every((at) => bytes[start + at] === 45)
}

/** `2026-11-21` or `2026-11`. */
function isDate(bytes: Uint8Array, start: number, length: number): boolean {
  if (length !== 10 && length !== 7) return false
  return bytes[start + 4] === 45 && (length === 7 || bytes[start + 7] === 45)
}

/** 26 characters of Crockford's base 32, the first at most 7. */
function isUlid(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start]! < 48 || bytes[start]! > 55) return false
  for (let i = start; i < end; i += 1) {
    const upper = bytes[i]! & ~32
    const isLetter = upper >= 65 && upper <= 90 && !'ILOU'.includes(String.fromCharCode(upper))
    if (!isLetter && SEGMENT_CLASSES[bytes[i]!] !== DIGIT) return false
  }
  return true
}

/** Whether a part between `-`, `.` and `_` looks random: long, and often changing between letter and digit. */
function hasToken(bytes: Uint8Array, start: number, end: number): boolean {
  let length = 0
  let changes = 0
  let last = 0
  for (let i = start; i <= end; i += 1) {
    const kind = i < end ? SEGMENT_CLASSES[bytes[i]!]! : MARK
    if ((kind & (DASH | MARK | OTHER)) !== 0) {
      if (length >= TOKEN_LENGTH && changes >= TOKEN_CHANGES) return true
      length = changes = last = 0
      continue
    }
    const letterOrDigit = kind === DIGIT ? DIGIT : LOWER
    if (last !== 0 && letterOrDigit !== last) changes += 1
    last = letterOrDigit
    length += 1
  }
  return false
}
