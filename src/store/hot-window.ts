import { type Accumulator, keepSecond } from '../model/accumulator.ts'
import { type Cell, createCell, mergeCell } from '../model/cell.ts'
import { overflowSeries, seriesKey } from '../model/series.ts'
import type { SeriesTable } from '../model/series-table.ts'
import { type Window, createWindow, mergeFrame } from '../model/window.ts'

/** A window that is written with every commit: cells are found by series number, not by name. */
export interface HotWindow {
  readonly window: Window
  /** The window's own cells by the numbers of each table. */
  readonly byTable: Map<SeriesTable, (Cell | undefined)[]>
}

export function createHotWindow(): HotWindow {
  return { window: createWindow(), byTable: new Map() }
}

/** Adds what was accumulated; series beyond `maxSeries` fold into the overflow series of their names. */
export function addToHot(hot: HotWindow, acc: Accumulator, maxSeries: number): void {
  keepSecond(acc)
  mergeFrame(hot.window, acc)
  const cells = cellsOf(hot, acc.table)
  for (const id of acc.touched) {
    mergeCell((cells[id] ??= place(hot.window, acc.table, id, maxSeries)), acc.cells[id]!)
  }
}

/** As addToHot, but only what a lifetime window keeps: of a unique series no more than its name. */
export function addToLifetime(hot: HotWindow, acc: Accumulator, maxSeries: number): void {
  const { first, last, classes, results } = acc
  mergeFrame(hot.window, { first, last, classes, results, seconds: NO_SECONDS, events: [] })
  const cells = cellsOf(hot, acc.table)
  for (const id of acc.touched) {
    const cell = (cells[id] ??= place(hot.window, acc.table, id, maxSeries))
    if (cell.kind !== 'unique') mergeCell(cell, acc.cells[id]!)
  }
}

/**
 * Drops samples of before `time`, so that what left the app long ago leaves the lifetime window too.
 * Not the release: it is the app's until the next one.
 */
export function dropOldSamples(hot: HotWindow, time: number): void {
  for (const [key, cell] of hot.window.cells) {
    if (cell.kind !== 'sample' || cell.time >= time || key === RELEASE) continue
    hot.window.cells.delete(key)
    hot.byTable.clear()
  }
}

const RELEASE = seriesKey({ kind: 'sample', name: 'release/version', unit: '', labels: [] })
const NO_SECONDS = new Map<number, number>()

function cellsOf(hot: HotWindow, table: SeriesTable): (Cell | undefined)[] {
  let cells = hot.byTable.get(table)
  if (cells === undefined) hot.byTable.set(table, (cells = []))
  while (cells.length < table.keys.length) cells.push(undefined)
  return cells
}

function place({ cells }: Window, table: SeriesTable, id: number, maxSeries: number): Cell {
  let key = table.keys[id]!
  let cell = cells.get(key)
  if (cell !== undefined) return cell
  const series = table.series[id]!
  if (cells.size >= maxSeries) {
    key = seriesKey(overflowSeries(series))
    cell = cells.get(key)
  }
  if (cell === undefined) cells.set(key, (cell = createCell(series.kind)))
  return cell
}
