import { type AppWindows, createAppWindows } from '../aggregate/app-windows.ts'
import { type RequestStats, type RequestStatsOptions, noteRequest } from '../aggregate/requests.ts'
import { MAX_TEXT_LINE, countTextLine, countTooLong, createTextCounter } from '../aggregate/text.ts'
import type { Request } from '../extract/request.ts'
import type { Accumulator } from '../model/accumulator.ts'
import {
  type Lines,
  type LineSink,
  createBulkLines,
  createLiveLines,
} from '../receive/text-lines.ts'

/** Where the line of a time is counted. */
export interface Target {
  readonly acc: Accumulator
  readonly requests: RequestStats
}

/** Counting the lines of one run, whichever input they come from. */
export interface LocalCounter {
  /** Starts one input. `live` is for a tail that is watched. */
  openLines(live: boolean): Promise<Lines>
  /** Lines that carry no time, before any did, count at this one (ms since 1970) instead of at none. */
  setClock(now: number): void
}

export interface CountOptions extends RequestStatsOptions {
  readonly where?: ((request: Request) => boolean) | undefined
  /** Told of every request that counts; may look at it and must not keep it. */
  readonly onRequest?: ((request: Request) => void) | undefined
}

// The defaults of the server (DESIGN.md section 6), so that both name the same routes.
const MAX_SERIES = 10_000
const MAX_ROUTES = 200

/** `targetsIn` gives, for the windows of this run, where the line of a time (ms since 1970, NaN for none) goes. */
export function createLocalCounter(
  options: CountOptions,
  targetsIn: (windows: AppWindows) => (time: number) => Target,
): LocalCounter {
  const { where, onRequest } = options
  let target: Target | undefined
  const accept = (request: Request): boolean => {
    if (where !== undefined && !where(request)) return false
    noteRequest(target!.requests, options, request)
    onRequest?.(request)
    return true
  }
  const windows = createAppWindows({ maxSeries: MAX_SERIES, maxRoutes: MAX_ROUTES, accept })
  const targetOf = targetsIn(windows)
  const counter = createTextCounter(windows.state, Date.now())
  counter.time = NaN
  let clock = NaN
  const windowOf = (time: number): Accumulator => (target = targetOf(time)).acc
  const sink: LineSink = {
    onLine: (bytes, start, end, isClean) =>
      countTextLine(counter, bytes, start, end, isClean, windowOf),
    onTooLong: () => countTooLong(counter, windowOf),
  }
  return {
    async openLines(live) {
      return live ? createLiveLines(MAX_TEXT_LINE, sink) : createBulkLines(MAX_TEXT_LINE, sink)
    },
    setClock(now) {
      if (Object.is(counter.time, clock)) counter.time = clock = now
    },
  }
}
