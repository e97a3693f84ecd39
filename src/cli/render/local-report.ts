import { type RequestStats, type SlowRequest, slowestOf } from '../../aggregate/requests.ts'
import { label, parseSeriesKey } from '../../model/series.ts'
import { sumValue } from '../../model/sum.ts'
import type { Window } from '../../model/window.ts'
import { isoTime } from '../../report/iso-time.ts'
import type { Report } from '../../report/report-object.ts'
import { type Stats, statsOf } from '../../report/stats.ts'
import { createReport } from '../../report/report.ts'

/** The report of `l2met-local`: what `/api/report` gives, and what the flags ask for beyond it. */
export interface LocalReport extends Report {
  /** With --interval; start is null for lines that came before any time was known. */
  readonly interval?: { readonly start: string | null; readonly seconds: number }
  /** With --slow, slowest first: times ISO 8601, durations in seconds. */
  readonly slow?: readonly SlowRow[]
  /** With --by, by count. */
  readonly groups?: Readonly<Record<string, GroupRow>>
}

export interface SlowRow extends Omit<SlowRequest, 'time'> {
  readonly time: string | null
}

export interface GroupRow {
  readonly count: number
  readonly errors: number
  readonly service: Stats | null
}

/** A report and what it takes to show it to people. */
export interface ReportView {
  readonly report: LocalReport
  /** Failed requests: a status of 500 or more, or an H code. */
  readonly failed: number
  /** How many routes there are beyond those that are shown. */
  readonly moreRoutes: number
  /** Units of samples and add-on values, by series name, as `app/queue.depth` or `postgres/db_size`. */
  readonly units: ReadonlyMap<string, string>
  /** Values of log lines that can't be counted, by reason: those of `l2met_refused_values_total`. */
  readonly refused: Readonly<Record<string, number>>
}

export interface ReportOptions {
  readonly top: number
  readonly slow: boolean
  readonly by: boolean
}

const APP = 'local'

export function viewOf(
  window: Window,
  requests: RequestStats,
  options: ReportOptions,
  interval?: { readonly start: number; readonly widthMs: number },
): ReportView {
  const whole = createReport(APP, window)
  const report = {
    ...whole,
    routes: whole.routes.slice(0, options.top),
    ...(interval && {
      interval: { start: isoTime(interval.start), seconds: interval.widthMs / 1000 },
    }),
    ...(options.slow && {
      slow: slowestOf(requests, options.top).map((request) => ({
        ...request,
        time: isoTime(request.time),
      })),
    }),
    ...(options.by && { groups: groupsOf(requests) }),
  }
  return {
    report,
    failed: requests.errors,
    moreRoutes: whole.routes.length - report.routes.length,
    units: unitsOf(window),
    refused: refusedOf(window),
  }
}

/** One line, or several with `indent`; whatever a terminal could take for a command is escaped. */
export function reportJson(report: LocalReport, indent = 0): string {
  const json = JSON.stringify(report, undefined, indent)
  return json.replace(
    BEYOND_JSON,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

// JSON.stringify escapes C0; DEL, C1, bidi controls and line separators are left to us.
const BEYOND_JSON = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

function groupsOf(requests: RequestStats): Record<string, GroupRow> {
  const groups = [...requests.groups].toSorted(
    ([a, x], [b, y]) => y.count - x.count || (a < b ? -1 : 1),
  )
  return Object.fromEntries(
    groups.map(([key, { count, errors, service }]) => [
      key,
      { count, errors, service: statsOf(service) },
    ]),
  )
}

/** Units of samples and add-on values, by series name. */
export function unitsOf(window: Window): Map<string, string> {
  const units = new Map<string, string>()
  for (const key of window.cells.keys()) {
    const series = parseSeriesKey(key)
    if (series.kind === 'sample' && label(series, 'overflow') === '') {
      units.set(series.name, series.unit)
    }
  }
  return units
}

function refusedOf(window: Window): Record<string, number> {
  const refused: [string, number][] = []
  for (const [key, cell] of window.cells) {
    if (cell.kind !== 'count' || !key.startsWith(REFUSED)) continue
    refused.push([label(parseSeriesKey(key), 'reason'), sumValue(cell)])
  }
  return Object.fromEntries(refused)
}

const REFUSED = 'c\0l2met/refused\0'
