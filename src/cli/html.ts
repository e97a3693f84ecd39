import { writeFileSync } from 'node:fs'
import { type Intervals, createIntervals } from '../aggregate/intervals.ts'
import { createRequestStats, mergeRequestStats } from '../aggregate/requests.ts'
import { renderHtmlReport } from '../report/html-report.ts'
import { MIN_STEP_MS, createReportSteps } from '../report/report-steps.ts'
import { viewOf } from './render/local-report.ts'
import { mergeAccumulator } from '../model/accumulator.ts'
import { createWindow } from '../model/window.ts'
import type { LocalOptions } from './args.ts'
import { createLocalCounter } from './count.ts'
import { say } from './output.ts'
import { type Reporter, countOptions, viewOptions } from './report.ts'

/** The usual report at the end, and beside it one HTML file with charts over the steps of the log. */
export function reportHtml(
  options: LocalOptions,
  path: string,
  keep: number,
  reportView: (view: ReturnType<Reporter['finish']>) => void,
): Reporter {
  const total = createWindow()
  const requests = createRequestStats()
  const steps = createReportSteps()
  let intervals: Intervals | undefined
  const counter = createLocalCounter(countOptions(options), (windows) => {
    intervals = createIntervals(windows, {
      widthMs: MIN_STEP_MS,
      keep,
      onClose: (interval) => {
        mergeAccumulator(total, interval.acc)
        steps.add(interval.start, interval.acc)
        mergeRequestStats(requests, interval.requests, options.top)
      },
    })
    return intervals.at
  })
  return {
    counter,
    finish() {
      intervals?.closeAll()
      const view = viewOf(total, requests, viewOptions(options))
      reportView(view)
      return view
    },
    async finishFiles() {
      const page = await renderHtmlReport('local', steps)
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
