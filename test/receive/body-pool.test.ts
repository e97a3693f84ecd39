import { expect, test } from 'vitest'
import { createBodyPool } from '../../src/receive/body-pool.ts'

test('what is given back is used again, for what it is large enough for', () => {
  const pool = createBodyPool()
  const buffer = pool.take(5000)
  expect(buffer.length).toBeGreaterThanOrEqual(5000)
  pool.give(buffer)
  expect(pool.take(4000)).not.toBe(buffer)
  expect(pool.take(6000)).toBe(buffer)
  expect(pool.take(6000)).not.toBe(buffer)
})

test('every size is had, and no memory is given twice', () => {
  const pool = createBodyPool()
  for (const bytes of [1, 4096, 4097, 262_144, 262_145, 10_485_760]) {
    const [one, other] = [pool.take(bytes), pool.take(bytes)]
    expect(one.length).toBeGreaterThanOrEqual(bytes)
    expect(one.buffer).not.toBe(other.buffer)
    pool.give(one)
    pool.give(other)
  }
})

test('no more than some MB are kept', () => {
  const pool = createBodyPool()
  const taken = Array.from({ length: 100 }, () => pool.take(200_000))
  for (const buffer of taken) pool.give(buffer)
  const again = Array.from({ length: 100 }, () => pool.take(200_000))
  expect(again.filter((buffer) => taken.includes(buffer)).length).toBe(32)
})
