import { expect, test } from 'vitest'
import { waitAfter } from '../../src/server/cluster.ts'

test('a place is filled at once at first, and after longer and longer waits when its processes die young', () => {
  const waits = Array.from({ length: 12 }, (_, deaths) => waitAfter(deaths))
  expect(waits).toEqual([0, 0, 0, 0, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
})
