/**
 * Exact sums that do not depend on the order of their terms. A sum is a whole number of nano-units
 * (1e-9 of a second, byte or ratio), held as `high * 2^50 + low` with 0 <= low < 2^50, so that
 * addition is associative to the last bit and two replicas agree.
 */
export interface Sum {
  high: number
  low: number
}

const LIMB = 2 ** 50
const NANOS = 1e9

/** Adds a value in base units; the value is rounded to the nearest nano-unit. */
export function addToSum(sum: Sum, value: number): void {
  addNanos(sum, Math.round(value * NANOS))
}

/** Adds a whole number of nano-units. */
export function addNanos(sum: Sum, nanos: number): void {
  let low = sum.low
  if (nanos >= 0 && nanos < LIMB) low += nanos
  else {
    const high = Math.floor(nanos / LIMB)
    sum.high += high
    low += nanos - high * LIMB
  }
  if (low >= LIMB) {
    low -= LIMB
    sum.high += 1
  }
  sum.low = low
}

export function mergeSum(into: Sum, from: Sum): void {
  into.high += from.high
  into.low += from.low
  if (into.low >= LIMB) {
    into.low -= LIMB
    into.high += 1
  }
}

/** The sum in base units, rounded once. */
export function sumValue(sum: Sum): number {
  return (sum.high * LIMB + sum.low) / NANOS
}
