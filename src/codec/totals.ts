import { type Accumulator, contentsOf } from '../model/accumulator.ts'
import { type Cell, mergeCell } from '../model/cell.ts'
import { seriesKey } from '../model/series.ts'
import { DYNO_GONE_MS, SAMPLES_KEPT_MS } from '../model/window-reader.ts'
import { type Window, type WindowHeader, cellWithin, mergeHeader } from '../model/window.ts'

/**
 * Adds what a lifetime window keeps of what was accumulated: of a unique series no more than its name.
 * Series beyond `maxSeries` fold into the overflow series of their names. What is added to is marked
 * with `epoch`.
 */
export function addToTotals(
  window: Window,
  acc: Accumulator,
  maxSeries: number,
  epoch: number,
): void {
  const { keys, series } = acc.table
  const contents = contentsOf(acc)
  mergeTotalsHeader(window, contents)
  for (const id of contents.touched) {
    const cell = cellWithin(window, keys[id]!, series[id]!.kind, maxSeries)
    if (cell.kind !== 'unique') mergeCell(cell, contents.cells[id]!)
    if (epoch > cell.epoch) cell.epoch = epoch
  }
}

/** Merges what a lifetime window keeps beside its series. */
export function mergeTotalsHeader(
  into: WindowHeader,
  { first, last, classes, results }: WindowHeader,
): void {
  mergeHeader(into, { first, last, classes, results, seconds: NO_SECONDS, events: [] })
}

/** Drops the samples that are gone, so that what left the app leaves the lifetime window too. */
export function dropGoneSamples(window: Window, now: number): void {
  for (const key of goneSamples(window, now)) window.cells.delete(key)
}

/**
 * Drops counters, distributions and unique series that are idle, to make room in a full lifetime window:
 * one that comes back begins at zero. The platform's codes, our own series and those that take others in
 * stay.
 */
export function dropIdleSeries(
  { cells }: Window,
  isIdle: (key: string, cell: Cell) => boolean,
): void {
  for (const [key, cell] of cells)
    if (cell.kind !== 'sample' && !isKept(key) && isIdle(key, cell)) cells.delete(key)
}

function isKept(key: string): boolean {
  const name = key.indexOf('\0') + 1
  return KEPT.some((start) => key.startsWith(start, name)) || key.endsWith(OVERFLOW)
}

const KEPT = ['l2met/', 'router/errors', 'logplex/', 'release/']
const OVERFLOW = '\0overflow\0true'

/** How many series are there: without those that are dropped next. */
export function seriesCount(window: Window, now: number): number {
  return window.cells.size - goneSamples(window, now).length
}

/**
 * The keys of samples that are older than SAMPLES_KEPT_MS at a time (ms since 1970), and of those of
 * dynos that have been silent for DYNO_GONE_MS. Not the release: it is the app's until the next one.
 */
function goneSamples({ cells }: Window, now: number): string[] {
  const heard = new Map<string, number>()
  for (const [key, cell] of cells) {
    const dyno = cell.kind === 'sample' ? dynoOfSample(key) : ''
    if (cell.kind === 'sample' && dyno !== '')
      heard.set(dyno, Math.max(cell.time, heard.get(dyno) ?? -Infinity))
  }
  return [...cells].flatMap(([key, cell]) => {
    if (cell.kind !== 'sample' || key === RELEASE) return []
    const isGone =
      cell.time < now - SAMPLES_KEPT_MS ||
      (heard.get(dynoOfSample(key)) ?? Infinity) < now - DYNO_GONE_MS
    return isGone ? [key] : []
  })
}

/** Of memory and load; '' of all other samples. */
function dynoOfSample(key: string): string {
  const at = key.indexOf('\0')
  return key.startsWith('dyno/', at + 1) ? key.slice(key.lastIndexOf('\0') + 1) : ''
}

const RELEASE = seriesKey({ kind: 'sample', name: 'release/version', unit: '', labels: [] })
const NO_SECONDS = new Map<number, number>()
