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
const MAX_SHORT = 2 ** 32 - 1
const EMPTY = new Uint32Array(0)

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

export function resetBuckets(buckets: Buckets): void {
  const { counts, offset, few, fewUsed } = buckets
  if (fewUsed < 0) counts.fill(0, buckets.low - offset, buckets.high - offset + 1)
  else for (let i = 0; i < fewUsed; i += 1) counts[few[i]! - offset] = 0
  buckets.fewUsed = 0
  buckets.low = 0
  buckets.high = -1
}

export function mergeBuckets(into: Buckets, from: Buckets): void {
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

function noteFew(buckets: Buckets, bucket: number): void {
  if (buckets.fewUsed === MAX_FEW) {
    buckets.fewUsed = -1
    return
  }
  if (buckets.few.length === 0) buckets.few = new Int16Array(MAX_FEW)
  buckets.few[buckets.fewUsed] = bucket
  buckets.fewUsed += 1
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
