import { type Interval, type Intervals, createIntervals } from '../../aggregate/intervals.ts'
import { type RateHistory, createRateHistory, noteRequest } from '../../aggregate/rate-history.ts'
import {
  type RequestStats,
  createRequestStats,
  mergeRequestStats,
} from '../../aggregate/requests.ts'
import { mergeAccumulator } from '../../model/accumulator.ts'
import { type Window, createWindow } from '../../model/window.ts'
import { type CountOptions, type LocalCounter, createLocalCounter } from '../count.ts'

/** The numbers behind the board: the last minutes apart from all that came before them. */
export interface LiveCounts {
  readonly counter: LocalCounter
  readonly rateHistory: RateHistory
  /** Lines counted so far. */
  lines(): number
  /** The newest time of a line, ms since 1970; NaN before there is one. */
  newest(): number
  /** The last RECENT_MINUTES of the log and how many requests failed in them. */
  recent(): { readonly window: Window; readonly failed: number }
  /** Everything since the start; closes what is open, so it is for the end. */
  total(): { readonly window: Window; readonly requests: RequestStats }
}

const RECENT_MINUTES = 5
const MINUTE_MS = 60_000

export function createLiveCounts(options: CountOptions): LiveCounts {
  const rateHistory = createRateHistory()
  const window = createWindow()
  const requests = createRequestStats()
  let intervals: Intervals | undefined
  let lines = 0
  let newest = NaN
  const onClose = (interval: Interval): void => {
    mergeAccumulator(window, interval.acc)
    mergeRequestStats(requests, interval.requests, options.maxSlow)
  }
  const onRequest: CountOptions['onRequest'] = (request) => noteRequest(rateHistory, request)
  const counter = createLocalCounter({ ...options, onRequest }, (windows) => {
    const keep = RECENT_MINUTES
    const minutes = createIntervals(windows, { widthMs: MINUTE_MS, keep, onClose })
    intervals = minutes
    return (time) => {
      lines += 1
      if (!(time <= newest) && !Number.isNaN(time)) newest = time
      return minutes.at(time)
    }
  })
  return {
    counter,
    rateHistory,
    lines: () => lines,
    newest: () => newest,
    recent() {
      const recent = createWindow()
      let failed = 0
      for (const { start, acc, requests } of intervals!.open()) {
        if (start <= newest - (RECENT_MINUTES + 1) * MINUTE_MS) continue
        mergeAccumulator(recent, acc)
        failed += requests.errors
      }
      return { window: counter.routes.settle(recent), failed }
    },
    total() {
      intervals!.closeAll()
      return {
        window: counter.routes.settle(window),
        requests: counter.routes.settleRequests(requests, options.by, window),
      }
    },
  }
}
