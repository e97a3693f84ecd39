import {
  type Buckets,
  addToBucket,
  bucketEntries,
  createBuckets,
  mergeBuckets,
  resetBuckets,
} from './bucket-counts.ts'
import { ZERO_THRESHOLD, bucketOf, bucketOfMillis, bucketValue } from './buckets.ts'
import { addLow, addMillis, addToSum, mergeSum } from './sum.ts'

/**
 * A distribution: base-2 exponential histogram of schema 5 with zero bucket, count, sum, min, max.
 * Merge is addition; see buckets.ts for the law.
 */
export interface Sketch {
  readonly kind: 'measure'
  epoch: number
  count: number
  zeros: number
  high: number
  low: number
  min: number
  max: number
  readonly positive: Buckets
  negative: Buckets | undefined
}

export function createSketch(): Sketch {
  return {
    kind: 'measure',
    epoch: 0,
    count: 0,
    zeros: 0,
    high: 0,
    low: 0,
    min: Infinity,
    max: -Infinity,
    positive: createBuckets(),
    negative: undefined,
  }
}

export function resetSketch(sketch: Sketch): void {
  sketch.count = 0
  sketch.zeros = 0
  sketch.high = 0
  sketch.low = 0
  sketch.min = Infinity
  sketch.max = -Infinity
  resetBuckets(sketch.positive)
  sketch.negative = undefined
}

/** Adds a finite value of at most MAX_MAGNITUDE. */
export function addToSketch(sketch: Sketch, given: number): void {
  // -0 becomes 0, or min and max would depend on which came first.
  const value = given + 0
  addToSum(sketch, value)
  sketch.count += 1
  if (value < sketch.min) sketch.min = value
  if (value > sketch.max) sketch.max = value
  if (value > ZERO_THRESHOLD) addToBucket(sketch.positive, bucketOf(value), 1)
  else if (value < -ZERO_THRESHOLD) {
    sketch.negative ??= createBuckets()
    addToBucket(sketch.negative, bucketOf(-value), 1)
  } else sketch.zeros += 1
}

/** Adds a whole, non-negative number of milliseconds, in seconds. */
export function addMillisToSketch(sketch: Sketch, millis: number): void {
  addMillis(sketch, millis)
  const seconds = millis / 1000
  sketch.count += 1
  if (seconds < sketch.min) sketch.min = seconds
  if (seconds > sketch.max) sketch.max = seconds
  if (millis === 0) sketch.zeros += 1
  else addToBucket(sketch.positive, bucketOfMillis(millis), 1)
}

export function mergeSketch(into: Sketch, from: Sketch): void {
  if (from.count === 0) return
  mergeSum(into, from)
  into.count += from.count
  into.zeros += from.zeros
  if (from.min < into.min) into.min = from.min
  if (from.max > into.max) into.max = from.max
  mergeBuckets(into.positive, from.positive)
  if (from.negative === undefined) return
  into.negative ??= createBuckets()
  mergeBuckets(into.negative, from.negative)
}

/**
 * Adds what from[at] and on list: the sum's high and low, count, zeros, min, max, the number of positive
 * buckets, and bucket and count of each. Returns where it ends.
 */
export function mergeListed(into: Sketch, from: Float64Array, at: number): number {
  into.high += from[at]!
  addLow(into, from[at + 1]!)
  into.count += from[at + 2]!
  into.zeros += from[at + 3]!
  if (from[at + 4]! < into.min) into.min = from[at + 4]!
  if (from[at + 5]! > into.max) into.max = from[at + 5]!
  const end = at + 7 + from[at + 6]! * 2
  for (let i = at + 7; i < end; i += 2) addToBucket(into.positive, from[i]!, from[i + 1]!)
  return end
}

/** The quantile of nearest rank, within 1.1 % and within [min, max]; undefined when empty. */
export function quantile(sketch: Sketch, q: number): number | undefined {
  if (sketch.count === 0) return undefined
  const rank = Math.min(Math.max(Math.ceil(q * sketch.count - 1e-9), 1), sketch.count)
  if (rank === 1) return sketch.min
  if (rank === sketch.count) return sketch.max
  return Math.min(Math.max(valueAtRank(sketch, rank), sketch.min), sketch.max)
}

function valueAtRank(sketch: Sketch, rank: number): number {
  let seen = 0
  for (const [bucket, n] of [...bucketEntries(sketch.negative)].toReversed()) {
    seen += n
    if (seen >= rank) return -bucketValue(bucket)
  }
  seen += sketch.zeros
  if (seen >= rank) return 0
  const { counts, offset, low, high } = sketch.positive
  for (let bucket = low; bucket <= high; bucket += 1) {
    seen += counts[bucket - offset]!
    if (seen >= rank) return bucketValue(bucket)
  }
  return sketch.max
}
