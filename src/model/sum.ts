/**
 * Exact sums that do not depend on the order of their terms: `high` whole units and `low` nano-units
 * (0 <= low < 1e9) of a second, byte or ratio, both whole numbers, so that addition is associative
 * to the last bit and two replicas agree. Exact up to 2^53 units.
 */
export interface Sum {
  high: number
  low: number
}

const NANOS = 1e9
const NANOS_PER_MILLI = 1e6

/** Adds a value in base units, rounded to the nearest nano-unit. */
export function addToSum(sum: Sum, value: number): void {
  const whole = Math.floor(value)
  sum.high += whole
  addLow(sum, Math.round((value - whole) * NANOS))
}

/** Adds a whole, non-negative number of thousandths. */
export function addMillis(sum: Sum, millis: number): void {
  let rest = millis
  if (millis >= 1000) {
    const whole = Math.floor(millis / 1000)
    sum.high += whole
    rest = millis - whole * 1000
  }
  addLow(sum, rest * NANOS_PER_MILLI)
}

export function mergeSum(into: Sum, from: Sum): void {
  into.high += from.high
  addLow(into, from.low)
}

/** The sum in base units, as the nearest number there is. */
export function sumValue(sum: Sum): number {
  const nanos = sum.high * NANOS + sum.low
  return Number.isSafeInteger(nanos) ? nanos / NANOS : sum.high + sum.low / NANOS
}

/** Adds less than one unit. */
export function addLow(sum: Sum, nanos: number): void {
  const low = sum.low + nanos
  if (low < NANOS) sum.low = low
  else {
    sum.low = low - NANOS
    sum.high += 1
  }
}
