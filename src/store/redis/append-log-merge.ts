import { contentsOf, mergeAccumulator } from '../../model/accumulator.ts'
import { mergeCell } from '../../model/cell.ts'
import { type Window, cellWithin, createWindow, mergeHeader } from '../../model/window.ts'
import { mergeTotalsHeader } from '../../codec/totals.ts'
import type { OwnDelta } from './own-delta-cache.ts'
import { readEntry } from '../../codec/append-log.ts'
import { createMerge, mergePacked } from '../../codec/window.ts'
import type { Yielder } from '../../codec/event-loop.ts'

/** What the first bytes of a pending window hold, merged by fine window. */
export interface AppendLogSum {
  /** By start, ms since 1970; without what `own` holds. */
  readonly windows: ReadonlyMap<number, Window>
  /** What this process has appended; undefined when it was unpacked like the rest. */
  readonly own: OwnDelta | undefined
  /**
   * Keys of all series in the order in which they came: a window that gets full then has the same
   * series whether it is read beside what is pending or after the fold. With `own` the order is another.
   */
  readonly series: ReadonlySet<string>
  /** How many bytes they are, and whether that is all. */
  readonly length: number
  readonly isAll: boolean
}

/** Merges what is pending, of at most so many fine windows; what stands there of `own` need not be unpacked. */
export async function sumAppendLog(
  pending: Buffer,
  maxWindows: number,
  yielder: Yielder,
  own?: OwnDelta,
): Promise<AppendLogSum> {
  const windows = new Map<number, Window>()
  const merges = new Map<number, (packed: Buffer) => void>()
  const series = new Set<string>()
  const onSeries = (key: string) => void series.add(key)
  let known = 0
  let length = 0
  while (length < pending.length) {
    const chunk = own?.chunks[known]
    if (chunk !== undefined && pending.subarray(length, length + chunk.length).equals(chunk)) {
      known += 1
      length += chunk.length
      continue
    }
    const { start, packed, end } = readEntry(pending, length)
    let merge = merges.get(start)
    if (merge === undefined) {
      if (windows.size === maxWindows) break
      const window = createWindow()
      windows.set(start, window)
      merges.set(start, (merge = createMerge(window, { onSeries })))
    }
    merge(packed)
    length = end
    if (yielder.isOver()) await yielder.next()
  }
  // Something of it was folded by another process, or never written.
  if (own !== undefined && known < own.chunks.length)
    return sumAppendLog(pending, maxWindows, yielder)
  for (const { acc } of own?.open ?? []) {
    for (const id of contentsOf(acc).touched) series.add(acc.table.keys[id]!)
  }
  return { windows, own, series, length, isAll: length === pending.length }
}

/** The fine windows of a sum, all that was pending of each. */
export async function windowsOf(
  { windows, own }: AppendLogSum,
  yielder: Yielder,
): Promise<ReadonlyMap<number, Window>> {
  const all = new Map(windows)
  for (const { start, acc } of own?.open ?? []) {
    let window = all.get(start)
    if (window === undefined) all.set(start, (window = createWindow()))
    mergeAccumulator(window, acc)
    if (yielder.isOver()) await yielder.next()
  }
  return all
}

/** What a packed window becomes when some of what was pending is added to it. */
export async function addToPacked(
  packed: Buffer | undefined,
  sums: readonly Window[],
  series: Iterable<string>,
  options: { readonly lifetime: boolean; readonly maxSeries: number },
  yielder: Yielder,
): Promise<Window> {
  const { lifetime, maxSeries } = options
  const window = createWindow()
  // It had its limit when it was packed: its overflow series stand beside as many as there may be.
  if (packed !== undefined) mergePacked(window, packed, { lifetime })
  for (const sum of sums) {
    if (lifetime) mergeTotalsHeader(window, sum)
    else mergeHeader(window, sum)
  }
  for (const key of series) {
    for (const { cells } of sums) {
      const cell = cells.get(key)
      if (cell === undefined) continue
      const into = cellWithin(window, key, cell.kind, maxSeries)
      if (!lifetime || cell.kind !== 'unique') mergeCell(into, cell)
    }
    if (yielder.isOver()) await yielder.next()
  }
  if (yielder.isOver()) await yielder.next()
  return window
}
