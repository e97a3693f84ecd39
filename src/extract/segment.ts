import { findByte } from '../model/bytes.ts'

/** Classes of bytes, one bit each. */
export const DIGIT = 1
const HEX = 2
const UPPER = 4
const LOWER = 8
const DASH = 16
const MARK = 32
export const AT = 64
const OTHER = 128

/** By byte. */
export const SEGMENT_CLASSES = Uint8Array.from({ length: 256 }, (_, byte) =>
  classOf(String.fromCharCode(byte)),
)

const UUID_LENGTH = 36
const ULID_LENGTH = 26
const HEX_LENGTH = 16
const TOKEN_LENGTH = 10
const TOKEN_CHANGES = 4

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
 * Whether a path segment names one thing out of many: an integer, UUID, hex of 16 or more, ULID,
 * date, e-mail address or long mixed token. A word stays, with or without a digit in it.
 */
export function isIdentifier(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start
  let seen = 0
  let hexOnly = true
  for (let i = start; i < end; i += 1) {
    const kind = SEGMENT_CLASSES[bytes[i]!]!
    seen |= kind
    if ((kind & (DIGIT | HEX | DASH)) === 0) hexOnly = false
  }
  if (seen === DIGIT) return true
  if ((seen & AT) !== 0) return isEmail(bytes, start, end)
  if (hexOnly && (seen & DASH) === 0 && length >= HEX_LENGTH) return true
  if (hexOnly && length === UUID_LENGTH) return hasUuidDashes(bytes, start)
  if ((seen & ~(DIGIT | DASH)) === 0) return isDate(bytes, start, length)
  if (length === ULID_LENGTH && isUlid(bytes, start, end)) return true
  return length >= TOKEN_LENGTH && hasToken(bytes, start, end)
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
