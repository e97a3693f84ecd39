import { cellOf, createWindow, mergeHeader } from '../model/window.ts'
import type { WindowReader } from '../model/window-reader.ts'
import type { Report } from './report-object.ts'
import { createReport } from './report.ts'

/** Adds up what windows hold, for a report over all of them. */
export interface ReportReader extends WindowReader {
  readonly isEmpty: () => boolean
  readonly report: () => Report
}

const PAGE = 3600

export function createReportReader(app: string): ReportReader {
  const sum = createWindow()
  const seconds = createSecondCounts()
  let isEmpty = true
  return {
    acceptsRollups: true,
    onHeader: (_, frame) => {
      isEmpty = false
      mergeHeader(sum, frame)
    },
    onSecond: (_, second, requests) => seconds.add(second, requests),
    seriesSink: (key) => {
      const cell = cellOf(sum, key)
      return [() => cell]
    },
    isEmpty: () => isEmpty,
    report: () => createReport(app, { ...sum, seconds: seconds.busiest() }),
  }
}

/** Requests in each clock second (s since 1970), of which a day has 86,400. */
function createSecondCounts() {
  const pages = new Map<number, Float64Array>()
  let current = NaN
  let page: Float64Array = new Float64Array(0)
  return {
    add: (second: number, requests: number) => {
      const place = second % PAGE
      if (second - place !== current) {
        current = second - place
        page = pages.get(current) ?? new Float64Array(PAGE)
        pages.set(current, page)
      }
      page[place] = page[place]! + requests
    },
    busiest: () => busiestOf(pages),
  }
}

/** The second with the most. */
function busiestOf(pages: ReadonlyMap<number, Float64Array>): Map<number, number> {
  let second = NaN
  let most = 0
  for (const [start, counts] of pages) {
    for (let place = 0; place < PAGE; place += 1) {
      if (counts[place]! <= most) continue
      second = start + place
      most = counts[place]!
    }
  }
  return most === 0 ? new Map() : new Map([[second, most]])
}
