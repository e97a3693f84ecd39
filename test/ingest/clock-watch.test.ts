import { expect, test } from 'vitest'
import { createClockWatch } from '../../src/ingest/clock-watch.ts'

function watch(offset: number) {
  const logged: string[] = []
  const now = Date.UTC(2026, 10, 21)
  const one = createClockWatch({
    storeTime: () => now + offset,
    hostTime: () => now,
    warn: (_, text) => logged.push(text),
  })
  return { one, logged }
}

const MINUTE = 60_000
const late = (skew: number) => ({ lines: 10, late: 9, skew })

test.each([
  [20 * MINUTE, 'is 1200 s ahead of this machine'],
  [-20 * MINUTE, 'is 1200 s behind this machine'],
])('the clock of Redis is named when it is off by %i ms and the lines are not', (offset, text) => {
  const { one, logged } = watch(offset)
  for (let i = 0; i < 5; i += 1) expect(one.isStoreWrong(late(20 * MINUTE + 2000))).toBe(true)
  expect(logged).toHaveLength(1)
  expect(logged[0]).toContain(text)
  expect(logged[0]).toContain('set the clock of Redis')
  expect(one.isStoreWrong({ lines: 10, late: 1, skew: 0 })).toBe(false)
  expect(one.isStoreWrong(late(20 * MINUTE))).toBe(true)
  expect(logged).toHaveLength(2)
})

test('nothing is said of Redis when the sender is late, and the clocks agree', () => {
  const { one, logged } = watch(2000)
  expect(one.isStoreWrong(late(20 * MINUTE))).toBe(false)
  // This machine's clock is wrong, and that of Redis, which counts, is right.
  expect(watch(20 * MINUTE).one.isStoreWrong(late(50 * MINUTE))).toBe(false)
  expect(logged).toEqual([])
})
