import type { Accumulator } from '../model/accumulator.ts'
import { mergeCell } from '../model/cell.ts'
import { seriesKey } from '../model/series.ts'
import { type Window, type WindowHeader, cellWithin, mergeHeader } from '../model/window.ts'

/**
 * Adds what a lifetime window keeps of what was accumulated: of a unique series no more than its name.
 * Series beyond `maxSeries` fold into the overflow series of their names.
 */
export function addToTotals(window: Window, acc: Accumulator, maxSeries: number): void {
  const { keys, series } = acc.table
  mergeTotalsHeader(window, acc)
  for (const id of acc.touched) {
    const cell = cellWithin(window, keys[id]!, series[id]!.kind, maxSeries)
    if (cell.kind !== 'unique') mergeCell(cell, acc.cells[id]!)
  }
}

/** Merges what a lifetime window keeps beside its series. */
export function mergeTotalsHeader(
  into: WindowHeader,
  { first, last, classes, results }: WindowHeader,
): void {
  mergeHeader(into, { first, last, classes, results, seconds: NO_SECONDS, events: [] })
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
