import {
  ZERO_THRESHOLD,
  bucketOf,
  bucketOfMillis,
  bucketValue,
  nearestBoundary,
  upperBound,
} from './buckets.ts'
import { addLow, addMillis, addToSum, mergeSum, sumValue } from './sum.ts'

/** Counts of neighbouring buckets: `counts[i]` belongs to bucket `offset + i`; used are low..high. */
export interface Buckets {
  offset: number
  /** Numbers of 32 bits until one is too large for that. */
  counts: Uint32Array | Float64Array
  low: number
  high: number
  /** The used ones while they are few and were added one by one, for a merge that touches only these. */
  few: Int16Array
  /** How many of `few`; -1 when there are more, or they came by a merge. */
  fewUsed: number
}

const MAX_FEW = 24
const NO_FEW = new Int16Array(0)

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

/** How many values are at most `bound`, counted at the bucket boundary nearest to it. */
export function countAtMost(sketch: Sketch, bound: number): number {
  if (bound >= sketch.max) return sketch.count
  if (bound < sketch.min) return 0
  let count = 0
  for (const [bucket, n] of bucketEntries(sketch.negative)) {
    if (-upperBound(bucket - 1) <= bound) count += n
  }
  if (bound >= 0) count += sketch.zeros
  if (bound > ZERO_THRESHOLD) {
    const nearest = nearestBoundary(bound)
    for (const [bucket, n] of bucketEntries(sketch.positive)) {
      if (bucket > nearest) break
      count += n
    }
  }
  return count
}

export function sketchSum(sketch: Sketch): number {
  return sumValue(sketch)
}

/** Non-empty buckets, lowest index first. */
export function* bucketEntries(buckets: Buckets | undefined): Generator<[number, number]> {
  if (buckets === undefined) return
  for (let bucket = buckets.low; bucket <= buckets.high; bucket += 1) {
    const count = buckets.counts[bucket - buckets.offset]!
    if (count > 0) yield [bucket, count]
  }
}

export function createBuckets(): Buckets {
  return { offset: 0, counts: EMPTY, low: 0, high: -1, few: NO_FEW, fewUsed: 0 }
}

export function addToBucket(buckets: Buckets, bucket: number, count: number): void {
  if (bucket < buckets.low || bucket > buckets.high) widen(buckets, bucket, bucket)
  const before = addToPlace(buckets, bucket - buckets.offset, count)
  if (before === 0 && buckets.fewUsed >= 0) noteFew(buckets, bucket)
}

/** Adds to a count by its place in `counts`; returns what it was before. */
export function addToPlace(buckets: Buckets, at: number, count: number): number {
  const before = buckets.counts[at]!
  const sum = before + count
  if (sum > MAX_SHORT && !(buckets.counts instanceof Float64Array)) {
    buckets.counts = Float64Array.from(buckets.counts)
  }
  buckets.counts[at] = sum
  return before
}

function noteFew(buckets: Buckets, bucket: number): void {
  if (buckets.fewUsed === MAX_FEW) {
    buckets.fewUsed = -1
    return
  }
  if (buckets.few.length === 0) buckets.few = new Int16Array(MAX_FEW)
  buckets.few[buckets.fewUsed] = bucket
  buckets.fewUsed += 1
}

/** The used buckets, lowest first, while they are few (of `few` the first `fewUsed`); else undefined. */
export function sortedFew({ few, fewUsed }: Buckets): Int16Array | undefined {
  if (fewUsed < 0) return undefined
  // Most come in order.
  for (let i = 1; i < fewUsed; i += 1) {
    const bucket = few[i]!
    let at = i
    for (; at > 0 && few[at - 1]! > bucket; at -= 1) few[at] = few[at - 1]!
    few[at] = bucket
  }
  return few
}

const MAX_SHORT = 2 ** 32 - 1
const EMPTY = new Uint32Array(0)

function resetBuckets(buckets: Buckets): void {
  const { counts, offset, few, fewUsed } = buckets
  if (fewUsed < 0) counts.fill(0, buckets.low - offset, buckets.high - offset + 1)
  else for (let i = 0; i < fewUsed; i += 1) counts[few[i]! - offset] = 0
  buckets.fewUsed = 0
  buckets.low = 0
  buckets.high = -1
}

function mergeBuckets(into: Buckets, from: Buckets): void {
  if (from.high < from.low) return
  widenBuckets(into, from.low, from.high)
  if (from.fewUsed >= 0) {
    for (let i = 0; i < from.fewUsed; i += 1) {
      const bucket = from.few[i]!
      addToPlace(into, bucket - into.offset, from.counts[bucket - from.offset]!)
    }
    return
  }
  const shift = from.offset - into.offset
  for (let at = from.low - from.offset; at <= from.high - from.offset; at += 1) {
    addToPlace(into, at + shift, from.counts[at]!)
  }
}

/** Makes room for counts that are added to some buckets from `low` to `high`, by their places in `counts`. */
export function widenBuckets(buckets: Buckets, low: number, high: number): void {
  widen(buckets, low, high)
  buckets.fewUsed = -1
}

function widen(buckets: Buckets, low: number, high: number): void {
  const wasEmpty = buckets.high < buckets.low
  const newLow = wasEmpty ? low : Math.min(low, buckets.low)
  const newHigh = wasEmpty ? high : Math.max(high, buckets.high)
  const fits = newLow >= buckets.offset && newHigh < buckets.offset + buckets.counts.length
  if (!fits) makeRoom(buckets, newLow, newHigh)
  buckets.low = newLow
  buckets.high = newHigh
}

// Sketches are used again for other values: where the array is long enough, the counts only move.
function makeRoom(buckets: Buckets, low: number, high: number): void {
  const { counts } = buckets
  const used = high - low + 1
  const room = used <= counts.length ? counts.length : used + (used >> 3) + 6
  const offset = low - ((room - used) >> 1)
  const from = buckets.low - buckets.offset
  const to = buckets.high - buckets.offset + 1
  const at = buckets.low - offset
  if (room > counts.length) {
    buckets.counts = counts instanceof Float64Array ? new Float64Array(room) : new Uint32Array(room)
    if (to > from) buckets.counts.set(counts.subarray(from, to), at)
  } else if (to > from) {
    counts.copyWithin(at, from, to)
    if (at > from) counts.fill(0, from, Math.min(at, to))
    else counts.fill(0, Math.max(at + to - from, from), to)
  }
  buckets.offset = offset
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
