import { createRequestStats, mergeRequestStats, type RequestStats } from '../aggregate/requests.ts'
import { type Interval, type Intervals, createIntervals } from '../aggregate/intervals.ts'
import { intervalLine, intervalTitles } from './render/interval-line.ts'
import { type ReportView, reportJson, viewOf } from './render/local-report.ts'
import { renderReport } from './render/text-report.ts'
import { mergeAccumulator, toWindow } from '../model/accumulator.ts'
import { createWindow, mergeWindow } from '../model/window.ts'
import type { LocalOptions } from './args.ts'
import { type CountOptions, type LocalCounter, createLocalCounter, wholeInterval } from './count.ts'
import type { OutputStyle } from './output.ts'
import type { PartCount } from './threads.ts'
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
  style: OutputStyle,
  pretty: boolean,
  write: Write,
): Reporter {
  let whole: Interval | undefined
  const counter = createLocalCounter(countOptions(options), (windows) => {
    const interval = wholeInterval(windows.state.table)
    whole = interval
    return () => interval
  })
  const parts: PartCount[] = []
  return {
    counter,
    addPart: (part) => void parts.push(part),
    finish() {
      const window = toWindow(whole!.acc)
      for (const part of parts) {
        mergeWindow(window, part.window)
        mergeRequestStats(whole!.requests, part.requests, options.top)
      }
      const view = viewOf(window, whole!.requests, viewOptions(options))
      reportView(view, options, style, pretty, write)
      return view
    },
  }
}

export function reportView(
  view: ReportView,
  options: LocalOptions,
  style: OutputStyle,
  pretty: boolean,
  write: Write,
): void {
  if (options.json) write(`${reportJson(view.report, pretty ? 2 : 0)}\n`)
  else write(renderReport(view, textOptions(options, style)))
}

/**
 * A line, or with --json an object, for every interval that is over, and for the rest at the end.
 * An interval is over when the log has gone `keep` intervals further.
 */
export function reportIntervals(
  options: LocalOptions,
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
    const view = viewOf(toWindow(interval.acc), interval.requests, viewOptions(options), {
      start: interval.start,
      widthMs,
    })
    if (options.json) {
      write(`${reportJson(view.report)}\n`)
      return
    }
    if (!titled) write(`${intervalTitles(style.style)}\n`)
    titled = true
    write(`${intervalLine(view, style.style)}\n`)
  }
  let intervals: Intervals | undefined
  const counter = createLocalCounter(countOptions(options), (windows) => {
    intervals = createIntervals(windows, { widthMs, keep, onClose: tell })
    return intervals.at
  })
  return {
    counter,
    finish() {
      intervals?.closeAll()
      return viewOf(total, requests, { top: options.top, slow: false, by: false })
    },
  }
}

export function countOptions(options: LocalOptions): CountOptions {
  const { slowMillis, top, by, where } = options
  return { slowMillis, maxSlow: top, by, where: allOf(where) }
}

export function viewOptions({ top, slowMillis, by }: LocalOptions) {
  return { top, slow: slowMillis !== undefined, by: by !== undefined }
}

export function textOptions({ by, slow, whereTexts }: LocalOptions, style: OutputStyle) {
  return { ...style, by, slow, where: whereTexts }
}
