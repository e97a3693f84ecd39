import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  MAX_MAGNITUDE,
  ZERO_THRESHOLD,
  bucketOf,
  bucketOfMillis,
  upperBound,
} from '../../src/model/buckets.ts'
import { bucketEntries } from '../../src/model/bucket-counts.ts'
import {
  type Sketch,
  addMillisToSketch,
  addToSketch,
  createSketch,
  mergeSketch,
  quantile,
  resetSketch,
} from '../../src/model/sketch.ts'
import { sumValue } from '../../src/model/sum.ts'

const value = fc.oneof(
  fc.double({ min: -MAX_MAGNITUDE, max: MAX_MAGNITUDE, noNaN: true }),
  fc.double({ min: 0, max: 60, noNaN: true }),
  fc.integer({ min: 0, max: 70_000 }).map((millis) => millis / 1000),
  fc.constantFrom(0, -0, 1, 2, 0.5, 2 ** -30, -1, 1e-9, MAX_MAGNITUDE),
)
const values = fc.array(value, { maxLength: 200 })

describe('bucket law', () => {
  test('bucket i holds (2^((i-1)/32), 2^(i/32)]', () => {
    const positive = fc.double({
      min: ZERO_THRESHOLD,
      max: MAX_MAGNITUDE,
      noNaN: true,
      minExcluded: true,
    })
    fc.assert(
      fc.property(positive, (x) => {
        const bucket = bucketOf(x)
        expect(x).toBeLessThanOrEqual(upperBound(bucket))
        expect(x).toBeGreaterThan(upperBound(bucket - 1))
        expect(upperBound(bucket)).toBeCloseTo(2 ** (bucket / 32), 10 - Math.ceil(bucket / 100))
      }),
    )
  })

  test('powers of two are upper bounds', () => {
    for (let octave = -29; octave <= 40; octave += 1)
      expect(bucketOf(2 ** octave)).toBe(octave * 32)
  })

  test('the table of milliseconds is the same law', () => {
    for (let millis = 1; millis < 70_000; millis += 1) {
      expect(bucketOfMillis(millis)).toBe(bucketOf(millis / 1000))
    }
  })
})

describe('quantile', () => {
  test('is the nearest rank within 1.1 % and never leaves [min, max]', () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 300 }),
        fc.constantFrom(0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1),
        (xs, q) => {
          const estimate = quantile(sketchOf(xs), q)!
          const exact = nearestRank(xs, q)
          const tolerance = Math.max(Math.abs(exact) * 0.011, ZERO_THRESHOLD)
          expect(Math.abs(estimate - exact)).toBeLessThanOrEqual(tolerance)
          expect(estimate).toBeGreaterThanOrEqual(Math.min(...xs))
          expect(estimate).toBeLessThanOrEqual(Math.max(...xs))
        },
      ),
      { numRuns: 500 },
    )
  })

  test('of nothing is undefined, of one value is that value', () => {
    expect(quantile(createSketch(), 0.5)).toBeUndefined()
    expect(quantile(sketchOf([0.037]), 0.99)).toBe(0.037)
  })
})

describe('merge', () => {
  test('is associative and commutative, and the same as adding all values, to the last bit', () => {
    fc.assert(
      fc.property(values, values, values, (a, b, c) => {
        const all = plain(sketchOf([...a, ...b, ...c]))
        expect(plain(merged(sketchOf(a), merged(sketchOf(b), sketchOf(c))))).toEqual(all)
        expect(plain(merged(merged(sketchOf(c), sketchOf(a)), sketchOf(b)))).toEqual(all)
      }),
    )
  })

  test('counts of a bucket stay exact beyond 32 bits', () => {
    const sum = sketchOf([1, 2, 3])
    let counted = 3
    for (let doublings = 0; doublings < 45; doublings += 1) {
      counted *= 2
      const copy = merged(createSketch(), sum)
      expect(plain(merged(sum, copy))).toMatchObject({ count: counted })
      addToSketch(sum, 2)
      counted += 1
    }
    const buckets = [...bucketEntries(sum.positive)]
    expect(buckets.reduce((all, [, n]) => all + n, 0)).toBe(counted)
    expect(buckets[0]).toEqual([0, 2 ** 45])
    resetSketch(sum)
    expect(plain(merged(sum, sketchOf([1, 9])))).toEqual(plain(sketchOf([1, 9])))
  })

  test('an empty sketch changes nothing, and a reset one is empty', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        expect(plain(merged(sketchOf(a), createSketch()))).toEqual(plain(sketchOf(a)))
        const reused = sketchOf(a)
        resetSketch(reused)
        for (const x of b) addToSketch(reused, x)
        expect(plain(reused)).toEqual(plain(sketchOf(b)))
      }),
    )
  })
})

test('whole milliseconds are the same as seconds', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 100_000 })), (millis) => {
      const sketch = createSketch()
      for (const ms of millis) addMillisToSketch(sketch, ms)
      expect(plain(sketch)).toEqual(plain(sketchOf(millis.map((ms) => ms / 1000))))
    }),
  )
})

test('sums of milliseconds are exact', () => {
  const sketch = createSketch()
  for (let i = 0; i < 1000; i += 1) addMillisToSketch(sketch, 100)
  expect(sumValue(sketch)).toBe(100)
})

function sketchOf(xs: readonly number[]): Sketch {
  const sketch = createSketch()
  for (const x of xs) addToSketch(sketch, x)
  return sketch
}

function merged(into: Sketch, from: Sketch): Sketch {
  mergeSketch(into, from)
  return into
}

function plain({ count, zeros, high, low, min, max, positive, negative }: Sketch) {
  const buckets = [[...bucketEntries(positive)], [...bucketEntries(negative)]]
  return { count, zeros, high, low, min, max, buckets }
}

function nearestRank(xs: readonly number[], q: number): number {
  const sorted = xs.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(q * xs.length - 1e-9) - 1)]!
}
