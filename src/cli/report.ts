import { createRequestStats, mergeRequestStats, type RequestStats } from '../aggregate/requests.ts'
import { type Interval, type Intervals, createIntervals } from '../aggregate/intervals.ts'
import { intervalLine, intervalTitles } from './render/interval-line.ts'
import { type ReportView, reportJson, viewOf } from './render/local-report.ts'
import { renderReport } from './render/text-report.ts'
import { csvOf } from './render/csv.ts'
import { mergeAccumulator, toWindow } from '../model/accumulator.ts'
import { type Window, createWindow, mergeWindow } from '../model/window.ts'
import type { LocalOptions } from './args.ts'
import { type CountOptions, type LocalCounter, createLocalCounter } from './count.ts'
import type { OutputStyle } from './output.ts'
import type { PartCount } from './threads.ts'
import type { Run } from './range.ts'
import { type Steps, createSteps } from './steps.ts'
import { createTimeline, mergeTimeline } from './timeline.ts'
import { allOf } from './where.ts'

/** A way of telling what was counted. */
export interface Reporter {
  readonly counter: LocalCounter
  /** Takes what was counted elsewhere; there is none where a line's place depends on the one before. */
  readonly addPart?: (part: PartCount) => void
  /** Writes what is left to be written and gives the view of the whole run. */
  finish(): ReportView
  /** Writes the files that were asked for; rejects when one can't be written. */
  readonly finishFiles?: () => Promise<void>
}

export type Write = (text: string) => void

/** One report at the end. */
export function reportWhole(
  options: LocalOptions,
  run: Run,
  style: OutputStyle,
  pretty: boolean,
  write: Write,
): Reporter {
  let steps: Steps | undefined
  const timeline = createTimeline(run.stepMs)
  const counter = createLocalCounter(
    { ...countOptions(options, run), timeline, isWhole: true },
    ({ table }, takeStep) => (steps = createSteps(table, timeline, takeStep)).at,
  )
  const parts: PartCount[] = []
  return {
    counter,
    addPart: (part) => void parts.push(part),
    finish() {
      const { acc, requests } = steps!.total()
      const window = toWindow(acc)
      for (const part of parts) {
        mergeWindow(window, part.window)
        mergeRequestStats(requests, part.requests, options.top)
        mergeTimeline(timeline, part.timeline)
        counter.routes.join(part.routes)
      }
      const view = viewOf(
        ...settled(counter, window, requests, options),
        viewOptions(options),
        timeline,
      )
      reportView(view, options, run, style, pretty, write)
      return view
    },
  }
}

export function reportView(
  view: ReportView,
  options: LocalOptions,
  run: Run,
  style: OutputStyle,
  pretty: boolean,
  write: Write,
): void {
  if (options.csv) write(csvOf(view, options.by))
  else if (options.json) write(`${reportJson(view.report, pretty ? 2 : 0)}\n`)
  else write(renderReport(view, textOptions(options, run, style)))
}

/**
 * A line, or with --json an object, for every interval that is over, and for the rest at the end.
 * An interval is over when the log has gone `keep` intervals further.
 */
export function reportIntervals(
  options: LocalOptions,
  run: Run,
  widthMs: number,
  style: OutputStyle,
  keep: number,
  write: Write,
): Reporter {
  const total = createWindow()
  const requests: RequestStats = createRequestStats()
  let titled = false
  const tell = (interval: Interval): void => {
    mergeAccumulator(total, interval.acc)
    requests.count += interval.requests.count
    requests.errors += interval.requests.errors
    const view = viewOf(
      ...settled(counter, toWindow(interval.acc), interval.requests, options),
      viewOptions(options),
      undefined,
      {
        start: interval.start,
        widthMs,
      },
    )
    if (options.json) {
      write(`${reportJson(view.report)}\n`)
      return
    }
    if (!titled) write(`${intervalTitles(style.style)}\n`)
    titled = true
    write(`${intervalLine(view, style.style)}\n`)
  }
  let intervals: Intervals | undefined
  const counter = createLocalCounter(countOptions(options, run), (windows) => {
    intervals = createIntervals(windows, { widthMs, keep, onClose: tell })
    return intervals.at
  })
  return {
    counter,
    finish() {
      intervals?.closeAll()
      return viewOf(...settled(counter, total, requests, options), {
        top: options.top,
        slow: false,
        by: false,
      })
    },
  }
}

/** What was counted, with the routes that are known now. */
export function settled(
  { routes }: LocalCounter,
  window: Window,
  requests: RequestStats,
  { by }: LocalOptions,
): [Window, RequestStats] {
  return [routes.settle(window), routes.settleRequests(requests, by, window)]
}

export function countOptions(options: LocalOptions, run: Run): CountOptions {
  const { slowMillis, top, by, where, pins, streams } = options
  const { since, until, repeats } = run
  return { slowMillis, maxSlow: top, by, ...allOf(where), pins, streams, since, until, repeats }
}

export function viewOptions({ top, slowMillis, by, sort }: LocalOptions) {
  return { top, slow: slowMillis !== undefined, by: by !== undefined, order: sort }
}

export function textOptions(options: LocalOptions, run: Run, style: OutputStyle) {
  const { by, slow, sort } = options
  return { ...style, by, slow, order: sort, ...filtersOf(options, run) }
}

/** What leaves lines and requests out, as the user wrote it and in words. */
export function filtersOf({ whereTexts, zone }: LocalOptions, { since, until }: Run) {
  const apps = whereTexts.filter((text) => ABOUT_APPS.test(text))
  const at = (time: number) => `${zone.text(time)} ${zone.name}`
  const times = [
    ...(since === undefined ? [] : [`from ${at(since)}`]),
    ...(until === undefined ? [] : [`to before ${at(until)}`]),
  ]
  return {
    where: whereTexts.filter((text) => !ABOUT_APPS.test(text)),
    only: [
      ...(times.length > 0 ? [`only lines ${times.join(' ')}`] : []),
      ...(apps.length > 0 ? [`only lines with ${apps.join(' and ')}`] : []),
    ],
  }
}

const ABOUT_APPS = /^\s*app\s*!?=/i
