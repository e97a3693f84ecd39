import {
  type Series,
  headLength,
  isOurUnit,
  isOwn,
  otherSeries,
  overflowSeries,
  seriesKey,
} from './series.ts'

/**
 * Gives the series of one app small numbers, so that the per-line path works with arrays. At most
 * `limit` series and our own; what comes beyond folds into the overflow series of its name, and a
 * name that has no series, or a word as unit beyond the first MAX_UNITS, into one for all of them.
 */
export interface SeriesTable {
  readonly limit: number
  readonly ids: Map<string, number>
  readonly series: Series[]
  readonly keys: string[]
  /** 1 for an overflow series. */
  readonly folded: number[]
  size: number
  /** The app whose series these are, in a stream of several; '' for no one's. */
  readonly app: string
  /** Kinds, units and names that have a series, as the heads of keys. */
  readonly heads: Set<string>
  /** Units that aren't ours. */
  readonly units: Set<string>
}

/** The label that tells the series of several apps apart; no tag can be called so. */
export const APP_LABEL = '@app'

export function createSeriesTable(limit: number): SeriesTable {
  return {
    limit,
    ids: new Map(),
    series: [],
    keys: [],
    folded: [],
    size: 0,
    app: '',
    heads: new Set(),
    units: new Set(),
  }
}

/**
 * A table for one app of several: its series are numbered within `table`, so that an accumulator of that
 * takes them, and have a limit of their own.
 */
export function createAppTable(table: SeriesTable, app: string): SeriesTable {
  return { ...table, ids: new Map(), size: 0, app, heads: new Set(), units: new Set() }
}

/** Nobody measures in more units. */
const MAX_UNITS = 64

/** The number of a series, new or known; the number of its overflow series when the table is full. */
export function internSeries(table: SeriesTable, series: Series): number {
  return internNamed(table, nameSeries(series))
}

/** A series whose key is made once, because it is met with every request. */
export interface NamedSeries {
  readonly series: Series
  readonly key: string
}

export function nameSeries(series: Series): NamedSeries {
  return { series, key: seriesKey(series) }
}

const OVERFLOW = nameSeries({ kind: 'count', name: 'l2met/overflow', unit: '', labels: [] })

/** The number of the series that counts the values of overflow series. */
export function internOverflow(table: SeriesTable): number {
  return internNamed(table, OVERFLOW)
}

/** The number of a series, new or known. */
export function internNamed(table: SeriesTable, named: NamedSeries): number {
  const known = table.ids.get(named.key)
  if (known !== undefined) return known
  if (isOwn(named.series)) return add(table, named, 0)
  const head = named.key.slice(0, headLength(named.key))
  const hasUnit = takeUnit(table, named.series.unit)
  if (hasUnit && table.size < table.limit) {
    table.size += 1
    table.heads.add(head)
    return add(table, named, 0)
  }
  return internFolded(table, named.series, hasUnit && table.heads.has(head))
}

/** The number of the series that takes a series in, which has a place among those of its name or hasn't. */
export function internFolded(table: SeriesTable, series: Series, hasPlace: boolean): number {
  const overflow = nameSeries(hasPlace ? overflowSeries(series) : otherSeries(series))
  return table.ids.get(overflow.key) ?? add(table, overflow, 1)
}

/** Whether a unit is ours or among the first words that were taken for one. */
function takeUnit({ units }: SeriesTable, unit: string): boolean {
  if (isOurUnit(unit) || units.has(unit)) return true
  if (units.size === MAX_UNITS) return false
  units.add(unit)
  return true
}

function add(table: SeriesTable, { series, key }: NamedSeries, folded: number): number {
  const id = table.series.length
  const isApps = table.app !== ''
  const named = isApps
    ? nameSeries({ ...series, labels: [[APP_LABEL, table.app], ...series.labels] })
    : { series, key }
  table.ids.set(key, id)
  table.series.push(named.series)
  table.keys.push(named.key)
  table.folded.push(folded)
  return id
}
