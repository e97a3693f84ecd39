import { expect, test } from 'vitest'
import { createLateLog } from '../../src/receive/late-log.ts'

test('says once that most lines of an app are late, and again after it was in time', () => {
  const told: unknown[] = []
  const note = createLateLog((details) => told.push(details))
  const late = { lines: 10, late: 6, skew: 1_000_400 }
  const timely = { lines: 10, late: 5, skew: 1_000_000 }
  note('a', timely)
  expect(told).toEqual([])
  note('a', late)
  note('a', late)
  note('a', { lines: 0, late: 0, skew: 0 })
  note('a', late)
  expect(told).toEqual([{ app: 'a', lines: 10, late: 6, skewSeconds: 1000 }])
  note('b', late)
  expect(told).toHaveLength(2)
  note('a', timely)
  note('a', late)
  expect(told).toHaveLength(3)
})
