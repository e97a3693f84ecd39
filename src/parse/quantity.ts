import type { Unit } from '../model/series.ts'
import { isDigit } from '../model/bytes.ts'
import { findUnit, unitNamed } from './units.ts'

/** A number in base units with its unit; readers reuse one. */
export interface Quantity {
  value: number
  unit: Unit
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
  if (unit === undefined) return parseDuration(bytes, start, end, into)
  into.unit = unit.base
  into.value = unit.times >= 1 ? into.value * unit.times : into.value / unit.per
  return Math.abs(into.value) <= Number.MAX_SAFE_INTEGER
}

const EXACT_DIGITS = 15
const POWERS = Float64Array.from({ length: 23 }, (_, i) => 10 ** i)

const MINUS = 45
const PLUS = 43
const DOT = 46

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

const LONGEST_DURATION = 64
const DURATION = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:h|m|s|ms|us|\u00b5s|\u03bcs|ns)){2,}$/
const PART = /([\d.]+)([^\d.]+)/g

/** Reads a duration of several parts, as Go prints them: `1m30.5s`, `1h2m3s`. */
function parseDuration(bytes: Uint8Array, start: number, end: number, into: Quantity): boolean {
  if (end - start > LONGEST_DURATION) return false
  const text = Buffer.from(bytes.subarray(start, end)).toString()
  if (!DURATION.test(text)) return false
  let seconds = 0
  for (const [, number, name] of text.matchAll(PART)) {
    const { times, per } = unitNamed(name!)!
    seconds += times >= 1 ? Number(number) * times : Number(number) / per
  }
  into.unit = 's'
  into.value = text.startsWith('-') ? -seconds : seconds
  return seconds <= Number.MAX_SAFE_INTEGER
}
