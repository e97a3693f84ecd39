import { type Series, isOwn, overflowSeries, seriesKey } from './series.ts'

/**
 * Gives the series of one app small numbers, so that the per-line path works with arrays. At most
 * `limit` series and our own; what comes beyond folds into the overflow series of its name.
 */
export interface SeriesTable {
  readonly limit: number
  readonly ids: Map<string, number>
  readonly series: Series[]
  readonly keys: string[]
  /** 1 for an overflow series. */
  readonly folded: number[]
  size: number
}

export function createSeriesTable(limit: number): SeriesTable {
  return { limit, ids: new Map(), series: [], keys: [], folded: [], size: 0 }
}

/** The number of a series, new or known; the number of its overflow series when the table is full. */
export function internSeries(table: SeriesTable, series: Series): number {
  const known = table.ids.get(seriesKey(series))
  if (known !== undefined) return known
  if (isOwn(series)) return add(table, series, 0)
  if (table.size < table.limit) {
    table.size += 1
    return add(table, series, 0)
  }
  const overflow = overflowSeries(series)
  return table.ids.get(seriesKey(overflow)) ?? add(table, overflow, 1)
}

/** A series whose key is made once, because it is met with every request. */
export interface NamedSeries {
  readonly series: Series
  readonly key: string
}

export function nameSeries(series: Series): NamedSeries {
  return { series, key: seriesKey(series) }
}

/** The number of a series, new or known. */
export function internNamed(table: SeriesTable, { series, key }: NamedSeries): number {
  return table.ids.get(key) ?? internSeries(table, series)
}

function add(table: SeriesTable, series: Series, folded: number): number {
  const id = table.series.length
  const key = seriesKey(series)
  table.ids.set(key, id)
  table.series.push(series)
  table.keys.push(key)
  table.folded.push(folded)
  return id
}
