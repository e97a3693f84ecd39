import { expect, test } from 'vitest'
import {
  SLOT_MS,
  createPulse,
  notePulse,
  pulseBefore,
  sumOfSlots,
} from '../../src/aggregate/rate-history.ts'
import { createRequest } from '../../src/extract/request.ts'

const START = 1_800_000_000_000

function note(pulse: ReturnType<typeof createPulse>, slot: number, service = 10, status = 200) {
  notePulse(pulse, { ...createRequest(), time: START + slot * SLOT_MS, service, status })
}

test('gives the slots before the one that is not over', () => {
  const pulse = createPulse()
  note(pulse, 0)
  note(pulse, 0)
  note(pulse, 2, 20, 503)
  note(pulse, 1)
  note(pulse, 4)
  const slots = pulseBefore(pulse, START + 4 * SLOT_MS + 500, 6)
  expect(slots.map((slot) => slot?.count)).toEqual([undefined, undefined, 2, 1, 1, 0])
  const sum = sumOfSlots(slots)
  expect([sum.count, sum.errors, sum.service.max]).toEqual([4, 1, 0.02])
})

test('forgets what is older than ten minutes, and takes nothing so old', () => {
  const pulse = createPulse()
  for (let slot = 0; slot < 1000; slot += 1) note(pulse, slot)
  note(pulse, 5)
  expect(pulse.slots.size).toBeLessThanOrEqual(300)
  notePulse(pulse, { ...createRequest(), time: NaN })
  expect(pulse.slots.size).toBeLessThanOrEqual(300)
})
