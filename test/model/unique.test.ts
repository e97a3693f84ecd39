import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  SPARSE_LIMIT,
  type Unique,
  addToUnique,
  createUnique,
  hashBytes,
  mergeUnique,
  uniqueCount,
} from '../../src/model/unique.ts'

const texts = fc.array(fc.integer({ min: 0, max: 1500 }), { maxLength: 900 })

describe('unique', () => {
  test('is exact for a few and within 5 % for many', () => {
    expect(uniqueCount(range(0, SPARSE_LIMIT))).toBe(SPARSE_LIMIT)
    for (const n of [1000, 10_000, 200_000]) {
      const estimate = uniqueCount(range(0, n))
      expect(Math.abs(estimate - n) / n).toBeLessThan(0.05)
    }
  })

  test('what a merge gives depends only on what was seen', () => {
    fc.assert(
      fc.property(texts, texts, texts, (a, b, c) => {
        const all = of([...a, ...b, ...c])
        expect(merged(of(c), merged(of(a), of(b)))).toEqual(all)
        expect(merged(merged(of(b), of(c)), of(a))).toEqual(all)
      }),
      { numRuns: 60 },
    )
  })

  test('seeing again changes nothing', () => {
    const once = range(0, 5000)
    expect(merged(range(0, 5000), range(1000, 3000))).toEqual(once)
  })
})

function range(from: number, to: number): Unique {
  return of(Array.from({ length: to - from }, (_, i) => from + i))
}

function of(numbers: readonly number[]): Unique {
  const unique = createUnique()
  for (const n of numbers) {
    const bytes = Buffer.from(`user-${n}@example.com`)
    addToUnique(unique, hashBytes(bytes, 0, bytes.length))
  }
  return unique
}

function merged(into: Unique, from: Unique): Unique {
  mergeUnique(into, from)
  return into
}
