import { bucketEntries } from '../../model/bucket-counts.ts'
import { nearestBoundary } from '../../model/buckets.ts'
import type { Sketch } from '../../model/sketch.ts'

/** Upper bounds of classic buckets. They never change: that would break every query over time. */
export const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
export const SESSION_SECONDS = [1, 5, 10, 30, 60, 300, 900, 1800, 3600, 7200, 21_600, 86_400]
export const RESPONSE_BYTES = [1e2, 1e3, 1e4, 1e5, 1e6, 1e7]
const BYTES = [1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10]
const RATIO = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1]
/** Below 1 stand seconds whose unit nobody wrote: ten for each factor of 10. */
const SMALL = [1, 1.25, 1.6, 2, 2.5, 3.2, 4, 5, 6.3, 8]
const NUMBERS = [1000, 100, 10]
  .flatMap((per) => SMALL.map((bound) => bound / per))
  .concat([1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000])

/** The classic buckets of the app's own measures, by the unit of their series. */
export function bucketBoundsOf(unit: string): readonly number[] {
  if (unit === 's') return SECONDS
  if (unit === 'bytes') return BYTES
  return unit === 'ratio' ? RATIO : NUMBERS
}

/**
 * How many values are at most each bound of the classic bucket bounds of positive numbers: counted at the sketch's
 * boundary nearest to the bound, at most 1.1 % from it.
 */
export function cumulativeCounts(sketch: Sketch, bucketBounds: readonly number[]): number[] {
  const counts: number[] = []
  let count = sketch.zeros
  if (sketch.negative !== undefined) for (const [, n] of bucketEntries(sketch.negative)) count += n
  const { low, high, offset, counts: buckets } = sketch.positive
  const boundaries = boundariesOf(bucketBounds)
  let bucket = low
  for (let i = 0; i < bucketBounds.length; i += 1) {
    const bound = bucketBounds[i]!
    if (bound >= sketch.max) {
      counts.push(sketch.count)
      continue
    }
    const last = Math.min(boundaries[i]!, high)
    for (; bucket <= last; bucket += 1) count += buckets[bucket - offset]!
    counts.push(bound < sketch.min ? 0 : count)
  }
  return counts
}

/** The last bucket that is counted for each bound, by its bucket bounds. */
const known = new WeakMap<readonly number[], readonly number[]>()

function boundariesOf(bucketBounds: readonly number[]): readonly number[] {
  let boundaries = known.get(bucketBounds)
  if (boundaries === undefined)
    known.set(bucketBounds, (boundaries = bucketBounds.map(nearestBoundary)))
  return boundaries
}
