import type { Accumulator } from '../model/accumulator.ts'
import { mergeCell } from '../model/cell.ts'
import { seriesKey } from '../model/series.ts'
import { type Window, type WindowFrame, cellWithin, mergeFrame } from '../model/window.ts'

/**
 * Adds what a lifetime window keeps of what was accumulated: of a unique series no more than its name.
 * Series beyond `maxSeries` fold into the overflow series of their names.
 */
export function addToLifetime(window: Window, acc: Accumulator, maxSeries: number): void {
  const { keys, series } = acc.table
  mergeLifetimeFrame(window, acc)
  for (const id of acc.touched) {
    const cell = cellWithin(window, keys[id]!, series[id]!.kind, maxSeries)
    if (cell.kind !== 'unique') mergeCell(cell, acc.cells[id]!)
  }
}

/** Merges what a lifetime window keeps beside its series. */
export function mergeLifetimeFrame(
  into: WindowFrame,
  { first, last, classes, results }: WindowFrame,
): void {
  mergeFrame(into, { first, last, classes, results, seconds: NO_SECONDS, events: [] })
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
