import { type AppWindows, createAppWindows } from '../aggregate/app-windows.ts'
import type { Interval } from '../aggregate/intervals.ts'
import { type RequestStatsOptions, createRequestStats, noteRequest } from '../aggregate/requests.ts'
import { createTextScan } from '../aggregate/scanner/scan-text.ts'
import { type Drained, scannerFault, sharedScanner } from '../aggregate/scanner/scanner.ts'
import { MAX_TEXT_LINE, countTextLine, countTooLong, createTextCounter } from '../aggregate/text.ts'
import type { Request } from '../extract/request.ts'
import { type Accumulator, createAccumulator } from '../model/accumulator.ts'
import type { SeriesTable } from '../model/series-table.ts'
import { type Lines, type LineSink, createBulkLines, createLiveLines } from '../input/text-lines.ts'

/** Counting the lines of one run, whichever input they come from. */
export interface LocalCounter {
  /** Why it counts without the scanner, where it would have one. */
  readonly scanFault: string | undefined
  /** Starts one input. `live` is for a tail that is watched. */
  openLines(live: boolean): Promise<Lines>
  /** Lines that carry no time, before any did, count at this one (ms since 1970) instead of at none. */
  setClock(now: number): void
  /** Where chunks of an input are best read to. */
  readonly buffer: Buffer | undefined
  /** What follows doesn't stand behind what was read last. */
  forgetTime(): void
  /** Brings all that was counted into its interval. */
  flush(): void
}

export interface CountOptions extends RequestStatsOptions {
  readonly where?: ((request: Request) => boolean) | undefined
  /** Told of every request that counts; may look at it and must not keep it. */
  readonly onRequest?: ((request: Request) => void) | undefined
}

/** Whether each request has to be looked at, not only counted. */
function looksAtRequests({ where, onRequest, slowMillis, by }: CountOptions): boolean {
  return [where, onRequest, slowMillis, by].some((option) => option !== undefined)
}

// The defaults of the server (DESIGN.md section 6), so that both name the same routes.
const MAX_SERIES = 10_000
const MAX_ROUTES = 200

/** One interval for all lines. */
export function wholeInterval(table: SeriesTable): Interval {
  const acc = createAccumulator(table)
  return { start: -Infinity, end: Infinity, acc, requests: createRequestStats() }
}

/** `intervalsIn` gives, for the windows of this run, where the line of a time (ms since 1970, NaN for none) goes. */
export function createLocalCounter(
  options: CountOptions,
  intervalsIn: (windows: AppWindows) => (time: number) => Interval,
): LocalCounter {
  const { where, onRequest } = options
  const looks = looksAtRequests(options)
  const scanner = looks ? undefined : sharedScanner()
  let interval: Interval | undefined
  const accept = (request: Request): boolean => {
    if (where !== undefined && !where(request)) return false
    noteRequest(interval!.requests, options, request)
    onRequest?.(request)
    return true
  }
  const windows = createAppWindows({ maxSeries: MAX_SERIES, maxRoutes: MAX_ROUTES, accept })
  const intervalOf = intervalsIn(windows)
  const counter = createTextCounter(windows.state, Date.now())
  counter.time = NaN
  let clock = NaN
  const onDrain = ({ requests, errors }: Drained) => {
    interval!.requests.count += requests
    interval!.requests.errors += errors
  }
  const windowOf = (time: number): Accumulator => (interval = intervalOf(time)).acc
  const scan =
    scanner && createTextScan(scanner, counter, (time) => (interval = intervalOf(time)), onDrain)
  const sink: LineSink = {
    onLine: (bytes, start, end, isClean) =>
      countTextLine(counter, bytes, start, end, isClean, windowOf),
    onTooLong: () => countTooLong(counter, windowOf),
  }
  const bulkSink: LineSink =
    scan === undefined
      ? sink
      : {
          onLine: scan.countLong,
          onTooLong: () => countTooLong(counter, scan.accumulatorOf),
          onLines: scan.count,
        }
  return {
    scanFault: looks ? undefined : scannerFault(),
    buffer: scan?.buffer,
    async openLines(live) {
      scan?.drain()
      return live ? createLiveLines(MAX_TEXT_LINE, sink) : createBulkLines(MAX_TEXT_LINE, bulkSink)
    },
    forgetTime() {
      counter.time = NaN
    },
    flush() {
      scan?.drain()
    },
    setClock(now) {
      if (Object.is(counter.time, clock)) counter.time = clock = now
    },
  }
}
