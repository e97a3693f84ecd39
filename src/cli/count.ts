import { type AppWindows, createAppWindows } from '../aggregate/app-windows.ts'
import type { Interval } from '../aggregate/intervals.ts'
import { type RequestStatsOptions, noteRequest } from '../aggregate/requests.ts'
import { createTextScan } from '../aggregate/scanner/scan-text.ts'
import type { Drained } from '../aggregate/scanner/drain.ts'
import { scannerFault, settleScanner, sharedScanner } from '../aggregate/scanner/scanner.ts'
import { type StepCounts, takeStepCounts } from '../aggregate/scanner/step-counts.ts'
import {
  MAX_TEXT_LINE,
  type TextApp,
  countTextLine,
  countTooLong,
  createTextCounter,
} from '../aggregate/text.ts'
import { createAppState } from '../extract/app-state.ts'
import type { Request } from '../extract/request.ts'
import { appNameOf } from '../frame/source.ts'
import { type Accumulator, countOne } from '../model/accumulator.ts'
import type { Line } from '../model/line.ts'
import { createAppTable, internSeries } from '../model/series-table.ts'
import { type Lines, type LineSink, createLines } from '../input/text-lines.ts'
import { type LocalRoutes, createLocalRoutes } from './local-routes.ts'
import type { Repeats } from './repeats.ts'
import { type Timeline, noteInTimeline } from './timeline.ts'

/** Counting the lines of one run, whichever input they come from. */
export interface LocalCounter {
  /** Why it counts without the scanner, where it would have one. */
  readonly scanFault: string | undefined
  /**
   * Starts one input. `live` is for a tail that is watched; `app` is the app of lines that name none, ''
   * for no app.
   */
  openLines(live: boolean, app: string): Promise<Lines>
  /** Lines that carry no time, before any did, count at this one (ms since 1970) instead of at none. */
  setClock(now: number): void
  /** Where chunks of an input are best read to. */
  readonly buffer: Buffer | undefined
  /** What follows doesn't stand behind what was read last. */
  forgetTime(): void
  /** Lines so far that count, and those of them that aren't understood. */
  lines(): { readonly read: number; readonly malformed: number }
  readonly routes: LocalRoutes
}

export interface CountOptions extends RequestStatsOptions {
  readonly where?: ((request: Request) => boolean) | undefined
  /** Called with every request that counts; may look at it and must not keep it. */
  readonly onRequest?: ((request: Request) => void) | undefined
  /** Lines of other apps are left out. */
  readonly wantsApp?: ((name: string) => boolean) | undefined
  /** Lines of other times, from `since` to before `until` (ms since 1970), are left out. */
  readonly since?: number | undefined
  readonly until?: number | undefined
  /** Whether all intervals fill one accumulator. */
  readonly isWhole?: boolean
  /** Gets all requests that aren't counted by the scanner. */
  readonly timeline?: Timeline | undefined
  readonly pins?: readonly string[] | undefined
  readonly streams?: readonly string[] | undefined
  /** Lines that came before are left out. */
  readonly repeats?: Repeats | undefined
}

/** Whether each line or request has to be looked at, not only counted. */
function looksAtLines(options: CountOptions): boolean {
  const { where, onRequest, slowMillis, by, wantsApp, repeats } = options
  return [where, onRequest, slowMillis, by, wantsApp, repeats].some(
    (option) => option !== undefined,
  )
}

// The defaults of the server (DESIGN.md section 6), so that both name the same routes.
const MAX_SERIES = 10_000
const MAX_ROUTES = 200
/** Apps that are told apart in one stream, and what the others are together. */
const MAX_APPS = 200
const OTHER_APPS = '(other)'

/** Gives, for the windows of a run, where the line of a time (ms since 1970, NaN for none) goes. */
export type IntervalsIn = (
  windows: AppWindows,
  takeStep: (() => StepCounts) | undefined,
) => (time: number) => Interval

export function createLocalCounter(options: CountOptions, intervalsIn: IntervalsIn): LocalCounter {
  const {
    where,
    onRequest,
    wantsApp,
    repeats,
    timeline,
    since = -Infinity,
    until = Infinity,
  } = options
  const looks = looksAtLines(options)
  const scanner = looks ? undefined : sharedScanner()
  let interval: Interval | undefined
  let app = ''
  let appOfInput = ''
  let scanned = 0
  const accept = (request: Request): boolean => {
    if (where !== undefined && !where(request)) return false
    const isError = noteRequest(interval!.requests, options, request, app)
    if (timeline !== undefined) noteInTimeline(timeline, request.time, request.service, isError)
    onRequest?.(request)
    return true
  }
  const { pins = [], streams = [] } = options
  const limits = { maxSeries: MAX_SERIES, maxRoutes: MAX_ROUTES, pins, streams, accept }
  const windows = createAppWindows(limits)
  const takeStep = scanner && (() => takeStepCounts(scanner.module))
  const allIntervals = intervalsIn(windows, takeStep)
  const isCut = since !== -Infinity || until !== Infinity
  // Lines before any time are before all others.
  const isOutside = (time: number) =>
    time >= since ? time >= until : !Number.isNaN(time) || since !== -Infinity
  const intervalOf = (time: number): Interval | undefined => {
    if (isCut && isOutside(time)) return undefined
    return (interval = allIntervals(time))
  }

  const noApp: TextApp = { name: '', state: windows.state }
  const apps = new Map<string, TextApp & { readonly lines: number }>()
  const appNamed = (name: string) => {
    const known = apps.get(name)
    if (known !== undefined) return known
    if (apps.size >= MAX_APPS && name !== OTHER_APPS) return appNamed(OTHER_APPS)
    const table = createAppTable(windows.table, name)
    const lines = internSeries(table, { kind: 'count', name: 'l2met/lines', unit: '', labels: [] })
    const one = { name, state: { ...createAppState(limits), table }, lines }
    apps.set(name, one)
    return one
  }
  const states = function* () {
    yield [noApp.name, noApp.state] as const
    for (const { name, state } of apps.values()) yield [name, state] as const
  }
  const stateOf = (name: string) => (name === '' ? noApp : appNamed(name)).state
  const appOf = (line: Line): TextApp | undefined => {
    app = appNameOf(line) || appOfInput
    if (wantsApp !== undefined && !wantsApp(app)) return undefined
    if (isCut && isOutside(line.time)) return undefined
    if (repeats?.isRepeated(line) === true) return undefined
    if (app === '') return noApp
    const named = appNamed(app)
    countOne(intervalOf(line.time)!.acc, named.lines)
    return named
  }

  const counter = createTextCounter(windows.state, Date.now(), appOf)
  counter.time = NaN
  let clock = NaN
  const onDrain = ({ requests, errors, lines }: Drained, into: Interval) => {
    scanned += lines
    into.requests.count += requests
    into.requests.errors += errors
  }
  const windowOf = (time: number): Accumulator | undefined => intervalOf(time)?.acc
  const scan = scanner && createTextScan(scanner, counter, intervalOf, onDrain, options.isWhole)
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
    routes: createLocalRoutes(states, stateOf),
    scanFault: looks ? undefined : scannerFault(),
    buffer: scan?.buffer,
    async openLines(live, name) {
      appOfInput = name
      return createLines(MAX_TEXT_LINE, live, sink, bulkSink)
    },
    forgetTime() {
      counter.time = NaN
    },
    lines() {
      if (scanner !== undefined) settleScanner(scanner)
      return { read: counter.lines + scanned, malformed: counter.malformed }
    },
    setClock(now) {
      if (Object.is(counter.time, clock)) counter.time = clock = now
    },
  }
}
