import { type Series, label, parseSeriesKey, seriesKey, splitName } from '../model/series.ts'
import type { WindowReader } from '../model/window-reader.ts'
import type { Report } from './report-object.ts'

/** What a question is about: one route, one dyno, one code, or two of them. */
export interface Cut {
  readonly route?: string | undefined
  readonly dyno?: string | undefined
  readonly code?: string | undefined
}

/** A report of which the parts that aren't stored for its cut are null. */
export type CutReport = { readonly [name in keyof Report]: Report[name] | object | null }

export function isCut({ route, dyno, code }: Cut): boolean {
  return route !== undefined || dyno !== undefined || code !== undefined
}

/** Shows a reader only what is stored for a cut, as the series that say the same of a whole app. */
export function cutReader(reader: WindowReader, cut: Cut): WindowReader {
  const { onHeader, acceptsRollups } = reader
  return {
    acceptsRollups,
    onHeader,
    seriesSink: (key) =>
      cutSeries(parseSeriesKey(key), cut).flatMap((series) => reader.seriesSink(seriesKey(series))),
  }
}

/** The names of series that are stored for a cut; all others are null. */
export function seriesNamesOf({ route, dyno, code }: Cut): readonly string[] {
  if (route !== undefined && dyno !== undefined) return []
  if (code !== undefined) return ['requests', 'errors', 'report']
  const shared = ['requests', 'service', 'heat', 'errors', 'report']
  return route === undefined ? [...shared, 'connect', 'bytes', 'memory', 'load'] : shared
}

export function cutReport(report: Report, cut: Cut): CutReport {
  const { app, from, to, seconds } = report
  const nothing = Object.fromEntries(Object.keys(report).map((name) => [name, null]))
  return {
    ...(nothing as { [name in keyof Report]: null }),
    ...partsOf(report, cut),
    app,
    from,
    to,
    seconds,
  }
}

/** The series of an answer, those that aren't stored for a cut as null. */
export function cutAnswer(
  series: Readonly<Record<string, unknown>>,
  names: readonly string[],
  cut: Cut,
): Record<string, unknown> {
  const answered = new Map(Object.entries(series))
  const report = answered.get('report')
  if (report !== undefined) answered.set('report', cutReport(report as Report, cut))
  const requests = answered.get('requests')
  if (requests !== undefined && cut.code !== undefined)
    answered.set('requests', { ...requests, perSecond: null })
  for (const name of names) if (!answered.has(name)) answered.set(name, null)
  return Object.fromEntries(answered)
}

function partsOf(report: Report, { route, dyno, code }: Cut): Partial<CutReport> {
  const { count, perSecond, status, methods, errors } = report.requests
  const none = { count, perSecond, peakPerSecond: null, status: null, methods: null, errors }
  if (route !== undefined && dyno !== undefined) return {}
  if (dyno !== undefined && code === undefined) {
    const { service, connect, bytes, dynos } = report
    return { requests: { ...none, status }, service, connect, bytes, dynos }
  }
  if (route !== undefined && code === undefined) {
    const { service, routes } = report
    return { requests: { ...none, methods }, service, routes }
  }
  const routes = report.routes.map((row) => ({ ...row, method: null, errors: null, service: null }))
  if (route !== undefined) return { requests: none, routes }
  const dynos = Object.fromEntries(
    Object.entries(report.dynos).map(([name, { requests, errors }]) => {
      return [name, { requests, service: null, memory: null, load: null, errors }]
    }),
  )
  return dyno === undefined ? { requests: none, routes, dynos } : { requests: none, dynos }
}

/** The series that a series is of a cut: none, or those that say the same of a whole app. */
function cutSeries(series: Series, cut: Cut): readonly Series[] {
  const { route, dyno, code } = cut
  const [namespace] = splitName(series.name)
  if (route !== undefined && dyno !== undefined) return []
  if (!isOf(series, cut)) return []
  if (series.name === 'dyno/errors') return route === undefined ? [series] : []
  if (series.name === 'dyno/request_errors')
    return route === undefined ? errorsOf(series, code !== undefined, 'dyno') : []
  if (series.name === 'route/errors') return dyno === undefined ? errorsOfRoute(series, cut) : []
  if (code !== undefined) return []
  if (route !== undefined) return namespace === 'route' ? [series, ...wholeOf(series)] : []
  return namespace === 'router' || namespace === 'dyno' ? [series] : []
}

/** Whether a series carries all labels of a cut. */
function isOf(series: Series, cut: Cut): boolean {
  return Object.entries(cut).every(
    ([name, value]) => value === undefined || label(series, name) === value,
  )
}

function errorsOfRoute(series: Series, { route, code }: Cut): Series[] {
  return route === undefined
    ? [requestsOfRoute(series)]
    : errorsOf(series, code !== undefined, 'route')
}

/** The errors of all, and where the cut is of a code, the requests that had it. */
function errorsOf(series: Series, isOfCode: boolean, place: 'dyno' | 'route'): Series[] {
  const errors = { ...series, name: 'router/errors', labels: pick(series, 'code') }
  if (!isOfCode) return [errors]
  const requests = { ...series, name: 'router/requests', labels: pick(series, 'dyno') }
  return place === 'dyno' ? [errors, requests] : [errors, requests, requestsOfRoute(series)]
}

function requestsOfRoute(series: Series): Series {
  return { ...series, name: 'route/requests', labels: pick(series, 'route') }
}

/** What a series of a route is of all: its status class as the first status of it. */
function wholeOf(series: Series): Series[] {
  if (series.name === 'route/service') return [{ ...series, name: 'router/service', labels: [] }]
  if (series.name !== 'route/requests') return []
  const status = label(series, 'status_class').replace(/^(\d)xx$/, '$100')
  const labels = [...pick(series, 'method'), ['status', status] as const]
  return [{ ...series, name: 'router/requests', labels }]
}

function pick({ labels }: Series, name: string): Series['labels'] {
  return labels.filter(([key]) => key === name)
}
