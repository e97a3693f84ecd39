import { type Request, isFailed } from '../extract/request.ts'
import { type Sketch, addMillisToSketch, createSketch, mergeSketch } from '../model/sketch.ts'

/** The requests of one short slot of the log's own time. */
export interface RateSlot {
  count: number
  /** Answered with a status of 500 or more, or failed by the platform. */
  errors: number
  readonly service: Sketch
}

/** The last minutes of requests in slots of SLOT_MS, for sparklines. */
export interface RateHistory {
  /** By slot number: time / SLOT_MS, rounded down. */
  readonly slots: Map<number, RateSlot>
  newest: number
}

export const SLOT_MS = 2000
/** Ten minutes. */
const MAX_SLOTS = 300

export function createRateHistory(): RateHistory {
  return { slots: new Map(), newest: -Infinity }
}

export function noteRequest(rateHistory: RateHistory, request: Request): void {
  const number = Math.floor(request.time / SLOT_MS)
  if (!(number > rateHistory.newest - MAX_SLOTS)) return
  let slot = rateHistory.slots.get(number)
  if (slot === undefined) {
    slot = { count: 0, errors: 0, service: createSketch() }
    rateHistory.slots.set(number, slot)
    if (number > rateHistory.newest) advance(rateHistory, number)
  }
  slot.count += 1
  if (isFailed(request)) slot.errors += 1
  if (request.service >= 0) addMillisToSketch(slot.service, request.service)
}

/**
 * The `length` slots before the one of `now` (ms since 1970), which isn't over, oldest first.
 * A slot without requests is empty; before the first request there are none.
 */
export function historyBefore(
  rateHistory: RateHistory,
  now: number,
  length: number,
): (RateSlot | undefined)[] {
  const end = Math.floor(now / SLOT_MS)
  const first = Math.min(...rateHistory.slots.keys())
  return Array.from({ length }, (_, i) => {
    const number = end - length + i
    const slot = rateHistory.slots.get(number)
    return slot === undefined && number >= first ? EMPTY : slot
  })
}

/** Several slots as one. */
export function sumOfSlots(slots: readonly (RateSlot | undefined)[]): RateSlot {
  const sum = { count: 0, errors: 0, service: createSketch() }
  for (const slot of slots) {
    if (slot === undefined) continue
    sum.count += slot.count
    sum.errors += slot.errors
    mergeSketch(sum.service, slot.service)
  }
  return sum
}

const EMPTY: RateSlot = { count: 0, errors: 0, service: createSketch() }

function advance(rateHistory: RateHistory, number: number): void {
  rateHistory.newest = number
  for (const old of rateHistory.slots.keys())
    if (old <= number - MAX_SLOTS) rateHistory.slots.delete(old)
}
