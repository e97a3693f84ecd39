import { UNKNOWN_APP } from '../../model/apps.ts'
import { DROPPED, MISSING, coverageRatio } from '../../model/coverage.ts'
import type { Gauge } from '../../model/gauge.ts'
import { LINE_RESULTS } from '../../model/line.ts'
import { quantile } from '../../model/sketch.ts'
import { type Sum, mergeSum, sumValue } from '../../model/sum.ts'
import type { Window } from '../../model/window.ts'
import { seriesCount } from '../../codec/totals.ts'
import { DYNO_GONE_MS, WIDTH_1M } from '../../model/window-reader.ts'
import type { AppRows, Place, Row } from './app-rows.ts'
import { FAMILIES, type FamilySpec } from './families.ts'
import type { LabelText } from './family.ts'
import { withLabel } from './labels.ts'
import type { Minute, CollectedApp } from './read-apps.ts'
import { type Samples, addFixed, addSample } from './samples.ts'

const SPECS: readonly FamilySpec[] = FAMILIES
const QUANTILES = [0.5, 0.95, 0.99]

/** One app while its lifetime window is walked through. */
interface Walk {
  readonly samples: Samples
  /** The app. */
  readonly labels: LabelText
  /** Rows of counters that have zeros, by name and labels. */
  readonly present: Set<string>
  readonly dynos: ReadonlySet<string>
  /** Time of the last sample of each dyno that has one. */
  readonly heard: Map<string, number>
  readonly dynoGauges: {
    readonly spec: FamilySpec
    readonly row: Row
    readonly value: number
  }[]
  readonly serviceSum: Sum
  serviceCount: number
  /** Lines that were dropped or are missing. */
  lost: number
  failed: number
  release: Gauge | undefined
}

/** Adds the samples of one app, but for those of series that log lines named; `now` is the store's time. */
export function addApp(
  samples: Samples,
  rows: AppRows,
  { app, lifetime, minute }: CollectedApp,
  now: number,
): void {
  const walk: Walk = {
    samples,
    labels: rows.label,
    present: new Set(),
    dynos: rows.dynos,
    heard: new Map(),
    dynoGauges: [],
    serviceSum: { high: 0, low: 0 },
    serviceCount: 0,
    lost: 0,
    failed: 0,
    release: undefined,
  }
  for (const place of rows.places.values()) {
    if (place.metric === undefined) for (const row of place.rows) addCell(walk, place, row)
  }
  if (app === UNKNOWN_APP) return
  addDynoGauges(walk, now)
  for (const spec of SPECS) addZeros(walk, spec)
  addRelease(walk)
  addFixed(samples.numbers, 'heroku_router_failed_total', rows.label, walk.failed)
  addLines(walk, lifetime, now)
  addMinute(walk, minute)
}

function addCell(walk: Walk, place: Place, row: Row): void {
  const { series, spec } = place
  const { cell, labels, dyno } = row
  if (cell.kind === 'sample' && dyno !== '') noteHeard(walk, dyno, cell)
  if (cell.kind === 'sample' && series.name === 'release/version') noteRelease(walk, cell)
  if (cell.kind === 'count' && series.name === 'route/failed') walk.failed += sumValue(cell)
  if (spec === undefined) return
  if (cell.kind === 'sample' && spec.type === 'gauge')
    walk.dynoGauges.push({ spec, row, value: cell.last })
  else if (cell.kind === 'measure' && spec.type === 'histogram') {
    if (series.name === 'router/service') {
      mergeSum(walk.serviceSum, cell)
      walk.serviceCount += cell.count
    }
    addSample(walk.samples.sketches, spec.name, labels, cell)
  } else if (cell.kind === 'count' && spec.type === 'counter') {
    const value = sumValue(cell)
    if (series.name === DROPPED || series.name === MISSING) walk.lost += value
    if (startsAtZero(spec)) walk.present.add(`${spec.name} ${labels}`)
    addSample(walk.samples.numbers, spec.name, labels, value)
  }
}

function noteHeard({ heard }: Walk, dyno: string, { time }: Gauge): void {
  heard.set(dyno, Math.max(time, heard.get(dyno) ?? -Infinity))
}

/** A full table may have folded a release, and then there are two. */
function noteRelease(walk: Walk, release: Gauge): void {
  if (walk.release === undefined || release.time > walk.release.time) walk.release = release
}

/** A gauge lives as long as its dyno says anything, so that all of a dyno go together. */
function addDynoGauges({ samples, heard, dynoGauges }: Walk, now: number): void {
  for (const { spec, row, value } of dynoGauges) {
    const last = heard.get(row.dyno) ?? -Infinity
    // A gauge without a dyno is of the app, and there as long as its sample is kept.
    if (row.dyno === '' || last >= now - DYNO_GONE_MS)
      addSample(samples.numbers, spec.name, row.labels, value)
  }
}

function startsAtZero({ type, series, labels, zeros }: FamilySpec): boolean {
  return type === 'counter' && series !== undefined && (labels.length === 0 || zeros !== undefined)
}

/** The rows that are there before the first of their kind, so that `rate()` sees it come. */
function addZeros(walk: Walk, spec: FamilySpec): void {
  if (!startsAtZero(spec)) return
  const name = spec.labels.at(-1)
  if (name === undefined) addZero(walk, spec, walk.labels)
  else
    for (const value of spec.zeros ?? []) {
      const labels = withLabel(walk.labels, name, value)
      if (!spec.labels.includes('dyno')) addZero(walk, spec, labels)
      else for (const dyno of dynosOf(walk)) addZero(walk, spec, withLabel(labels, 'dyno', dyno))
    }
}

function dynosOf({ dynos }: Walk): Iterable<string> {
  return dynos.size === 0 ? [''] : dynos
}

function addZero(walk: Walk, spec: FamilySpec, labels: LabelText): void {
  if (walk.present.has(`${spec.name} ${labels}`)) return
  addSample(walk.samples.numbers, spec.name, labels, 0)
}

function addRelease({ samples, labels, release }: Walk): void {
  if (release === undefined) return
  const version = withLabel(labels, 'version', `v${release.last}`)
  addFixed(samples.numbers, 'heroku_release_info', version, 1)
}

function addLines(
  { samples: { numbers }, labels, lost }: Walk,
  lifetime: Window,
  now: number,
): void {
  for (const [i, result] of LINE_RESULTS.entries()) {
    const lines = lifetime.results[i]!
    addFixed(numbers, 'l2met_lines_total', withLabel(labels, 'result', result), lines)
  }
  const ratio = coverageRatio(lifetime.results, lost) ?? 1
  addFixed(numbers, 'l2met_coverage_ratio', labels, ratio)
  addFixed(numbers, 'l2met_series', labels, seriesCount(lifetime, now))
  if (Number.isFinite(lifetime.last))
    addFixed(numbers, 'l2met_last_line_timestamp_seconds', labels, lifetime.last / 1000)
}

function addMinute(walk: Walk, { requests, service }: Minute): void {
  const { samples, labels, serviceCount, serviceSum } = walk
  const perSecond = sumValue(requests) / (WIDTH_1M / 1000)
  addFixed(samples.numbers, 'heroku_router_requests_per_second', labels, perSecond)
  if (serviceCount === 0) return
  addFixed(samples.summaries, 'heroku_router_service_window_seconds', labels, {
    count: serviceCount,
    sum: sumValue(serviceSum),
    quantiles: QUANTILES.flatMap((q) => {
      const value = quantile(service, q)
      return value === undefined ? [] : [[q, value] as const]
    }),
  })
}
