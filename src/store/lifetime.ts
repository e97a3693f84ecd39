import type { Accumulator } from '../model/accumulator.ts'
import { type Cell, createCell, mergeCell } from '../model/cell.ts'
import { isOwn, overflowSeries, seriesKey } from '../model/series.ts'
import type { SeriesTable } from '../model/series-table.ts'
import { type Window, mergeFrame } from '../model/window.ts'

/**
 * Adds what a lifetime window keeps of what was accumulated: of a unique series no more than its name.
 * Series beyond `maxSeries` fold into the overflow series of their names.
 */
export function addToLifetime(window: Window, acc: Accumulator, maxSeries: number): void {
  const { first, last, classes, results } = acc
  mergeFrame(window, { first, last, classes, results, seconds: NO_SECONDS, events: [] })
  for (const id of acc.touched) {
    const cell = placeOf(window, acc.table, id, maxSeries)
    if (cell.kind !== 'unique') mergeCell(cell, acc.cells[id]!)
  }
}

/**
 * Drops samples of before `time`, so that what left the app long ago leaves the lifetime window too.
 * Not the release: it is the app's until the next one.
 */
export function dropOldSamples({ cells }: Window, time: number): void {
  for (const [key, cell] of cells) {
    if (cell.kind === 'sample' && cell.time < time && key !== RELEASE) cells.delete(key)
  }
}

const RELEASE = seriesKey({ kind: 'sample', name: 'release/version', unit: '', labels: [] })
const NO_SECONDS = new Map<number, number>()

function placeOf({ cells }: Window, table: SeriesTable, id: number, maxSeries: number): Cell {
  let key = table.keys[id]!
  let cell = cells.get(key)
  if (cell !== undefined) return cell
  const series = table.series[id]!
  if (cells.size >= maxSeries && !isOwn(series)) {
    key = seriesKey(overflowSeries(series))
    cell = cells.get(key)
  }
  if (cell === undefined) cells.set(key, (cell = createCell(series.kind)))
  return cell
}
