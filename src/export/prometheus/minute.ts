import { createCounter } from '../../model/cell.ts'
import { type Sketch, createSketch } from '../../model/sketch.ts'
import type { Sum } from '../../model/sum.ts'
import type { WindowReader } from '../../store/store.ts'

/** What the router said of one minute, of all dynos, methods and status codes together. */
export interface Minute {
  readonly requests: Sum
  /** Service times. */
  readonly service: Sketch
}

/** The heads of seriesKeys. */
const REQUESTS = 'c\0router/requests'
const SERVICE = 'ms\0router/service'

/** Adds up the minute that begins at `start` (ms since 1970), whatever else is read with it. */
export function createMinuteReader(start: number): {
  readonly minute: Minute
  readonly reader: WindowReader
} {
  const [requests, service] = [createCounter(), createSketch()]
  const others = { requests: createCounter(), service: createSketch() }
  const ofRequests = [(at: number) => (at === start ? requests : others.requests)]
  const ofService = [(at: number) => (at === start ? service : others.service)]
  const cellsOfHead = (head: string) => {
    if (head === REQUESTS) return ofRequests
    return head === SERVICE ? ofService : []
  }
  const reader = { takesHours: false, takeFrame: () => {}, cellsOf: () => [], cellsOfHead }
  return { minute: { requests, service }, reader }
}
