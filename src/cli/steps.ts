import type { Interval } from '../aggregate/intervals.ts'
import { type RequestStats, createRequestStats } from '../aggregate/requests.ts'
import type { StepCounts } from '../aggregate/scanner/step-counts.ts'
import { type Accumulator, createAccumulator } from '../model/accumulator.ts'
import type { SeriesTable } from '../model/series-table.ts'
import { type Timeline, addToTimeline, stepStart } from './timeline.ts'

/** A run that is counted as a whole and, by its own time, in the steps of a timeline. */
export interface Steps {
  /** The interval of a time, ms since 1970: all of them fill one accumulator. */
  readonly at: (time: number) => Interval
  /** Everything so far. */
  readonly total: () => { readonly acc: Accumulator; readonly requests: RequestStats }
}

/** `takeStep` gives what the scanner counted since it was last called; undefined where there is none. */
export function createSteps(
  table: SeriesTable,
  timeline: Timeline,
  takeStep: (() => StepCounts) | undefined,
): Steps {
  const acc = createAccumulator(table)
  const requests = createRequestStats()
  let current: Interval = { start: NaN, end: NaN, acc, requests }
  const leave = (): void => {
    if (takeStep !== undefined) addToTimeline(timeline, current.start, takeStep())
  }
  return {
    at(time) {
      if (time >= current.start && time < current.end) return current
      leave()
      const start = stepStart(timeline, time)
      current = { start, end: start + timeline.widthMs, acc, requests }
      return current
    },
    total() {
      leave()
      return { acc, requests }
    },
  }
}
