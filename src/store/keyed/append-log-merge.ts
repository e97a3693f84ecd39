import { mergeCell } from '../../model/cell.ts'
import { type Window, cellWithin, createWindow, mergeHeader } from '../../model/window.ts'
import { PackedError } from '../../codec/byte-reader.ts'
import { mergeTotalsHeader } from '../../codec/totals.ts'
import { type AppendLogEntry, readAppendLog } from '../../codec/append-log.ts'
import { createMerge, mergePacked } from '../../codec/window.ts'
import type { Yielder } from '../../codec/event-loop.ts'

/** The first entries of an append log, merged by 10 s window. */
export interface AppendLogSum {
  /** By start, ms since 1970. */
  readonly windows: ReadonlyMap<number, Window>
  /**
   * Keys of all series in the order in which they came: a window that gets full then has the same
   * series whether it is read together with the log or after a compaction.
   */
  readonly series: ReadonlySet<string>
  /** How many bytes of the log they are, and whether that is all. */
  readonly length: number
  readonly isAll: boolean
  /** Bytes of the log that could not be read. */
  readonly lost: number
}

/** Merges the entries of a log, of at most so many 10 s windows. Rejects with PackedError. */
export async function sumAppendLog(
  log: Buffer,
  maxWindows: number,
  yielder: Yielder,
): Promise<AppendLogSum> {
  const windows = new Map<number, Window>()
  const merges = new Map<number, (packed: Buffer) => void>()
  const series = new Set<string>()
  const onSeries = (key: string) => void series.add(key)
  const { entries, lost } = readAppendLog(log)
  for (const [i, { start, packed }] of entries.entries()) {
    let merge = merges.get(start)
    if (merge === undefined) {
      if (windows.size === maxWindows) {
        return { windows, series, length: entries[i - 1]!.end, isAll: false, lost: 0 }
      }
      const window = createWindow()
      windows.set(start, window)
      merges.set(start, (merge = createMerge(window, { onSeries })))
    }
    merge(packed)
    if (yielder.isOver()) await yielder.next()
  }
  return { windows, series, length: log.length, isAll: true, lost }
}

/** The entries of a log that can be merged. */
export function readableEntries(log: Buffer): Buffer {
  const { entries } = readAppendLog(log)
  return Buffer.concat(entries.filter(isReadable).map(({ packed }) => packed))
}

function isReadable({ packed }: AppendLogEntry): boolean {
  try {
    mergePacked(createWindow(), packed)
    return true
  } catch (error) {
    if (error instanceof PackedError) return false
    throw error
  }
}

/** The window that a packed one becomes when `sums` are added to it. */
export async function addToPacked(
  packed: Buffer | undefined,
  sums: readonly Window[],
  series: Iterable<string>,
  options: { readonly lifetime: boolean; readonly maxSeries: number },
  yielder: Yielder,
): Promise<Window> {
  const { lifetime, maxSeries } = options
  const window = createWindow()
  // It had its limit when it was packed: it may hold its overflow series in addition.
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
