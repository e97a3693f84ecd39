import { expect, test } from 'vitest'
import {
  SLOT_MS,
  createRateHistory,
  noteRequest,
  historyBefore,
  sumOfSlots,
} from '../../src/aggregate/rate-history.ts'
import { createRequest } from '../../src/extract/request.ts'

const START = 1_800_000_000_000

function note(
  rateHistory: ReturnType<typeof createRateHistory>,
  slot: number,
  service = 10,
  status = 200,
) {
  noteRequest(rateHistory, { ...createRequest(), time: START + slot * SLOT_MS, service, status })
}

test('gives the slots before the one that is not over', () => {
  const rateHistory = createRateHistory()
  note(rateHistory, 0)
  note(rateHistory, 0)
  note(rateHistory, 2, 20, 503)
  note(rateHistory, 1)
  note(rateHistory, 4)
  const slots = historyBefore(rateHistory, START + 4 * SLOT_MS + 500, 6)
  expect(slots.map((slot) => slot?.count)).toEqual([undefined, undefined, 2, 1, 1, 0])
  const sum = sumOfSlots(slots)
  expect([sum.count, sum.errors, sum.service.max]).toEqual([4, 1, 0.02])
})

test('forgets what is older than ten minutes, and takes nothing so old', () => {
  const rateHistory = createRateHistory()
  for (let slot = 0; slot < 1000; slot += 1) note(rateHistory, slot)
  note(rateHistory, 5)
  expect(rateHistory.slots.size).toBeLessThanOrEqual(300)
  noteRequest(rateHistory, { ...createRequest(), time: NaN })
  expect(rateHistory.slots.size).toBeLessThanOrEqual(300)
})
