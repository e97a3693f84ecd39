import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Sum, addToSum, mergeSum, sumValue } from '../../src/model/sum.ts'

const value = fc.oneof(
  fc.double({ min: -(2 ** 40), max: 2 ** 40, noNaN: true }),
  fc.integer({ min: -1_000_000, max: 1_000_000 }).map((n) => n / 1000),
)

test('sums do not depend on order or grouping, to the last bit', () => {
  fc.assert(
    fc.property(fc.array(value), fc.array(value), (a, b) => {
      const forward = sumOf([...a, ...b])
      expect(sumOf([...b, ...a].toReversed())).toEqual(forward)
      const joined = sumOf(b)
      mergeSum(joined, sumOf(a))
      expect(joined).toEqual(forward)
    }),
  )
})

test('values of up to nine decimals are summed exactly', () => {
  const tenth = sumOf(Array.from({ length: 1_000_000 }, () => 0.1))
  expect(sumValue(tenth)).toBe(100_000)
  expect(sumValue(sumOf([2 ** 40, 1e-9, -(2 ** 40)]))).toBe(1e-9)
  expect(sumValue(sumOf([-1, 0.25]))).toBe(-0.75)
  expect(sumValue(sumOf([]))).toBe(0)
})

test('a sum of billions of bytes keeps its last byte', () => {
  const sum = sumOf([])
  for (let i = 0; i < 1000; i += 1) addToSum(sum, 999_999_999_999)
  addToSum(sum, 1)
  expect(sumValue(sum)).toBe(999_999_999_999_001)
})

function sumOf(values: readonly number[]): Sum {
  const sum = { high: 0, low: 0 }
  for (const x of values) addToSum(sum, x)
  return sum
}
