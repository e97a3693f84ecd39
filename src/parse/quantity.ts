import type { Unit } from '../model/series.ts'
import { ascii, isDigit, isExactly } from '../model/bytes.ts'

/** A number in base units with its unit; readers reuse one. */
export interface Quantity {
  value: number
  unit: Unit
}

/** How a unit is turned into its base: times `times`, or, where that is 0, divided by `per`. */
export interface UnitScale {
  readonly base: Unit
  readonly times: number
  readonly per: number
}

export function createQuantity(): Quantity {
  return { value: 0, unit: '' }
}

/**
 * Reads bytes[start, end) as a number with a unit glued to it, like `4ms`, `21.00MB`, `-1.5e3`, into
 * `into`, in seconds, bytes or ratio. Sizes count in 1,024s, as Heroku's own do. Another word of
 * letters is kept as the unit. False when it is no such thing or greater than 2^53.
 */
export function parseQuantity(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: Quantity,
): boolean {
  const unitStart = parseNumber(bytes, start, end, into)
  if (unitStart < 0) return false
  const unit = findUnit(bytes, unitStart, end)
  if (unit === undefined) return false
  into.unit = unit.base
  into.value = unit.times >= 1 ? into.value * unit.times : into.value / unit.per
  return Math.abs(into.value) <= Number.MAX_SAFE_INTEGER
}

/** The unit that a word names, for names that end in one, like `query.ms`. */
export function unitNamed(word: string): UnitScale | undefined {
  return UNITS.find((unit) => unit.text === word)
}

const UNITS = [
  unit('', '', 1, 1),
  unit('ms', 's', 0, 1e3),
  unit('s', 's', 1, 1),
  unit('us', 's', 0, 1e6),
  unit('ns', 's', 0, 1e9),
  unit('m', 's', 60, 1),
  unit('min', 's', 60, 1),
  unit('h', 's', 3600, 1),
  unit('B', 'bytes', 1, 1),
  unit('bytes', 'bytes', 1, 1),
  unit('kB', 'bytes', 2 ** 10, 1),
  unit('KB', 'bytes', 2 ** 10, 1),
  unit('kb', 'bytes', 2 ** 10, 1),
  unit('MB', 'bytes', 2 ** 20, 1),
  unit('GB', 'bytes', 2 ** 30, 1),
  unit('TB', 'bytes', 2 ** 40, 1),
  unit('%', 'ratio', 0, 100),
  unit('pages', 'pages', 1, 1),
]

const MAX_UNIT = 16
const EXACT_DIGITS = 15
const POWERS = Float64Array.from({ length: 23 }, (_, i) => 10 ** i)

const MINUS = 45
const PLUS = 43
const DOT = 46

function unit(text: string, base: Unit, times: number, per: number) {
  return { text, bytes: ascii(text), base, times, per }
}

/** Reads the number into `into.value`; returns where it ends, or -1. */
function parseNumber(bytes: Uint8Array, start: number, end: number, into: Quantity): number {
  const signed = bytes[start] === MINUS || bytes[start] === PLUS
  const from = signed ? start + 1 : start
  let at = from
  let mantissa = 0
  let digits = 0
  let decimals = 0
  for (; at < end; at += 1) {
    const byte = bytes[at]!
    if (byte >= 48 && byte <= 57) {
      mantissa = mantissa * 10 + byte - 48
      digits += 1
      if (decimals > 0) decimals += 1
    } else if (byte === DOT && decimals === 0) decimals = 1
    else break
  }
  if (digits === 0) return -1
  const numberEnd = endOfExponent(bytes, at, end)
  if (numberEnd > at || digits > EXACT_DIGITS) {
    into.value = Number(Buffer.from(bytes.subarray(start, numberEnd)).toString('latin1'))
    return Number.isFinite(into.value) ? numberEnd : -1
  }
  const value = decimals > 1 ? mantissa / POWERS[decimals - 1]! : mantissa
  into.value = bytes[start] === MINUS ? -value : value
  return at
}

/** Past an exponent at `at`, or `at` where none is. */
function endOfExponent(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end || (bytes[at]! | 32) !== 101) return at
  let digit = at + 1
  if (bytes[digit] === MINUS || bytes[digit] === PLUS) digit += 1
  if (digit >= end || !isDigit(bytes[digit])) return at
  while (digit < end && isDigit(bytes[digit])) digit += 1
  return digit
}

/** The unit that bytes[start, end) names; undefined when it is no word. */
export function findUnit(bytes: Uint8Array, start: number, end: number): UnitScale | undefined {
  for (const known of UNITS) if (isExactly(bytes, start, end, known.bytes)) return known
  if (end - start > MAX_UNIT) return undefined
  for (let i = start; i < end; i += 1) {
    const lower = bytes[i]! | 32
    if (lower < 97 || lower > 122) return undefined
  }
  const text = Buffer.from(bytes.subarray(start, end)).toString('latin1')
  return { base: text, times: 1, per: 1 }
}
