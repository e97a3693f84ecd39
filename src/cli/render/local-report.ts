import { type RequestStats, type SlowRequest, slowestOf } from '../../aggregate/requests.ts'
import { label, parseSeriesKey } from '../../model/series.ts'
import { sumValue } from '../../model/sum.ts'
import type { Window } from '../../model/window.ts'
import { type AppReport, appReports, readableWindow } from '../../report/report-apps.ts'
import { isoTime } from '../../report/iso-time.ts'
import type { Report } from '../../report/report-object.ts'
import { type Stats, statsOf } from '../../report/stats.ts'
import { createReport } from '../../report/report.ts'
import { type Timeline, stepsOf } from '../timeline.ts'
import { type Counted, type RouteOrder, sortCounted } from './route-order.ts'

/** The report of `l2met-local`: what `/api/report` gives, and what the flags ask for beyond it. */
export interface LocalReport extends Report {
  /** The log in steps of equal width, oldest first; none where no line has a time. */
  readonly timeline: readonly TimelineRow[]
  readonly releases: readonly { readonly time: string; readonly version: string }[]
  /** The apps of one stream, where there are several. */
  readonly apps: readonly AppReport[]
  /** With --interval; start is null for lines that came before any time was known. */
  readonly interval?: { readonly start: string | null; readonly seconds: number }
  /** With --slow, slowest first: times ISO 8601, durations in seconds. */
  readonly slow?: readonly SlowRow[]
  /** With --by, by count or as --sort says. */
  readonly groups?: Readonly<Record<string, Counted>>
}

export interface TimelineRow {
  readonly time: string
  readonly seconds: number
  readonly requests: number
  /** Failed requests. */
  readonly errors: number
  readonly service: Stats | null
}

export interface SlowRow extends Omit<SlowRequest, 'time'> {
  readonly time: string | null
}

export interface GroupRow extends Counted {
  readonly key: string
}

/** A report and what it takes to show it to people. */
export interface ReportView {
  readonly report: LocalReport
  readonly window: Window
  /** Requests by the key of --by, those that are shown, in their order. */
  readonly groups: readonly GroupRow[]
  /** Failed requests: a status of 500 or more, or an H code. */
  readonly failed: number
  /** How many routes and groups there are beyond those that are shown. */
  readonly moreRoutes: number
  readonly moreGroups: number
  /** Units of samples and add-on values, by series name, as `app/queue.depth` or `postgres/db_size`. */
  readonly units: ReadonlyMap<string, string>
  /** Values of log lines that can't be counted, by reason: those of `l2met_refused_values_total`. */
  readonly refused: Readonly<Record<string, number>>
}

export interface ReportOptions {
  readonly top: number
  readonly slow: boolean
  readonly by: boolean
  readonly order?: RouteOrder | undefined
}

const APP = 'local'

export function viewOf(
  window: Window,
  requests: RequestStats,
  options: ReportOptions,
  timeline?: Timeline,
  interval?: { readonly start: number; readonly widthMs: number },
): ReportView {
  const apps = appReports(window)
  const readable = readableWindow(window, apps)
  const whole = createReport(APP, readable)
  const { order = 'requests', top } = options
  const routes = order === 'requests' ? whole.routes : sortCounted(whole.routes, order)
  const groups = options.by ? groupsOf(requests, order) : []
  const shown = groups.slice(0, top)
  const report = {
    ...whole,
    routes: routes.slice(0, top),
    timeline: timeline === undefined ? [] : timelineOf(timeline),
    releases: whole.events.flatMap(({ kind, time, text }) =>
      kind === 'release' ? [{ time, version: text }] : [],
    ),
    apps,
    ...(interval && {
      interval: { start: isoTime(interval.start), seconds: interval.widthMs / 1000 },
    }),
    ...(options.slow && {
      slow: slowestOf(requests, top).map((request) => ({
        ...request,
        time: isoTime(request.time),
      })),
    }),
    ...(options.by && {
      groups: Object.fromEntries(shown.map(({ key, ...group }) => [key, group])),
    }),
  }
  return {
    report,
    window: readable,
    groups: shown,
    failed: requests.errors,
    moreRoutes: routes.length - report.routes.length,
    moreGroups: groups.length - shown.length,
    units: unitsOf(readable),
    refused: refusedOf(window),
  }
}

function timelineOf(timeline: Timeline): TimelineRow[] {
  return stepsOf(timeline).map(([start, { requests, errors, service }]) => ({
    time: isoTime(start)!,
    seconds: timeline.widthMs / 1000,
    requests,
    errors,
    service: statsOf(service),
  }))
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

function groupsOf(requests: RequestStats, order: RouteOrder): GroupRow[] {
  const groups = [...requests.groups]
    .toSorted(([a, x], [b, y]) => y.count - x.count || (a < b ? -1 : 1))
    .map(([key, { count, errors, service }]) => ({
      key,
      count,
      errors,
      service: statsOf(service),
    }))
  return order === 'requests' ? groups : sortCounted(groups, order)
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
