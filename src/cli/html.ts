import { writeFileSync } from 'node:fs'
import { type Interval, type Intervals, createIntervals } from '../aggregate/intervals.ts'
import { createRequestStats, mergeRequestStats } from '../aggregate/requests.ts'
import type { StepCounts } from '../aggregate/scanner/step-counts.ts'
import { renderHtmlReport } from '../report/html-report.ts'
import { MIN_STEP_MS, type ReportSteps, createReportSteps } from '../report/report-steps.ts'
import { viewOf } from './render/local-report.ts'
import { mergeAccumulator } from '../model/accumulator.ts'
import { createWindow } from '../model/window.ts'
import type { LocalOptions } from './args.ts'
import { type LocalCounter, createLocalCounter } from './count.ts'
import { say } from './output.ts'
import type { Run } from './range.ts'
import { addToTimeline, createTimeline } from './timeline.ts'
import { type Reporter, countOptions, filtersOf, settled, viewOptions } from './report.ts'
import { filterTexts } from './render/text-report.ts'

/** The usual report at the end, and beside it one HTML file with charts over the steps of the log. */
export function reportHtml(
  options: LocalOptions,
  run: Run,
  path: string,
  keep: number,
  reportView: (view: ReturnType<Reporter['finish']>) => void,
): Reporter {
  const total = createWindow()
  const requests = createRequestStats()
  const steps = createReportSteps()
  const timeline = createTimeline(Math.max(MIN_STEP_MS, run.stepMs ?? 0))
  let intervals: Intervals | undefined
  let current: Interval | undefined
  let take: (() => StepCounts) | undefined
  const leave = (): void => {
    if (take !== undefined && current !== undefined) addToTimeline(timeline, current.start, take())
  }
  const counter = createLocalCounter(
    { ...countOptions(options, run), timeline },
    (windows, takeStep) => {
      intervals = createIntervals(windows, {
        widthMs: MIN_STEP_MS,
        keep,
        onClose: (interval) => {
          mergeAccumulator(total, interval.acc)
          steps.add(interval.start, interval.acc)
          mergeRequestStats(requests, interval.requests, options.top)
        },
      })
      take = takeStep
      const { at } = intervals
      return (time) => {
        const next = at(time)
        if (next !== current) leave()
        current = next
        return next
      }
    },
  )
  return {
    counter,
    finish() {
      leave()
      intervals?.closeAll()
      const view = viewOf(
        ...settled(counter, total, requests, options),
        viewOptions(options),
        timeline,
      )
      reportView(view)
      return view
    },
    async finishFiles() {
      if (total.classes.every((n) => n === 0)) {
        say(`--html: ${path} isn't written, since there is nothing to show`)
        return
      }
      const filters = filtersOf(options, run)
      const page = await renderHtmlReport(
        'local',
        settledSteps(steps, counter),
        filterTexts(filters.where, filters.only),
      )
      try {
        writeFileSync(path, page)
      } catch (error) {
        throw new Error(`--html: ${error instanceof Error ? error.message : String(error)}`, {
          cause: error,
        })
      }
      say(`wrote ${path}`)
    },
  }
}

function settledSteps(steps: ReportSteps, { routes }: LocalCounter): ReportSteps {
  const windows = new Map(
    [...steps.windows()].map(([start, window]) => [start, routes.settle(window)]),
  )
  return { ...steps, windows: () => windows }
}
