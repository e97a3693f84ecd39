import { type Cell, createCell, mergeCell } from '../model/cell.ts'
import { type Window, createWindow, keyWithin, mergeHeader } from '../model/window.ts'
import {
  EMPTY_RECORD,
  type CachedRecord,
  type RecordChange,
  readCachedRecord,
} from './record-cache.ts'
import { readAppendLog } from './append-log.ts'
import { createMerge, mergePacked } from './window.ts'

/**
 * The lifetime window of one app, kept from one reading to the next. What it gives follows from the
 * bytes alone, as if nothing were kept; only what differs from the last time is worked out again.
 */
export interface TotalsCache {
  /**
   * The lifetime window that a fold wrote, and what is pending, together; undefined when there is
   * neither. Mostly it is the object of the last time, which is brought up to date: its cells are never
   * changed, others are put in their places. Throws PackedError, and then nothing has changed.
   */
  read(folded: Buffer | undefined, pending: Buffer | undefined): Window | undefined
  /** About how many bytes are kept. */
  size(): number
}

/** What a series takes beside its key and its buckets, bytes. */
const SERIES_SIZE = 250
const BUCKET_SIZE = 8

export function createTotalsCache(maxSeries: number): TotalsCache {
  const window = createWindow()
  /** What was read last: the folded bytes and what they hold, and the pending bytes. */
  let folded: Buffer = NOTHING
  let record: CachedRecord = EMPTY_RECORD
  let pending: Buffer = NOTHING
  /** By keys of series that something is pending of: what the record holds of them. */
  const covered = new Map<string, Cell | undefined>()
  let recordSize = 0

  /** Leaves what the record holds. */
  const uncover = () => {
    for (const [key, cell] of covered) {
      if (cell === undefined) window.cells.delete(key)
      else window.cells.set(key, cell)
    }
    covered.clear()
    const { first, last, classes, results } = record.frame
    Object.assign(window, { first, last, classes: classes.slice(), results: results.slice() })
  }

  const change = (next: RecordChange) => {
    record = next.record
    uncover()
    for (const key of next.gone) window.cells.delete(key)
    for (const at of next.changed) window.cells.set(record.keys[at]!, record.cells[at]!)
    recordSize = sizeOf(record)
  }

  const cover = (added: Window) => {
    const own = new Set<Cell>()
    mergeHeader(window, added)
    for (const [key, cell] of added.cells) {
      const place = keyWithin(window, key, maxSeries)
      const known = window.cells.get(place)
      if (!covered.has(place)) covered.set(place, known)
      const sum = known === undefined || own.has(known) ? (known ?? cell) : copyOf(known)
      if (sum !== cell) mergeCell(sum, cell)
      own.add(sum)
      window.cells.set(place, sum)
    }
  }

  return {
    read: (foldedNow = NOTHING, pendingNow = NOTHING) => {
      const isFolded = !foldedNow.equals(folded)
      const next = isFolded ? readFolded(foldedNow, record) : undefined
      if (isFolded && next === undefined) return readAll(foldedNow, pendingNow, maxSeries)
      // What is pending is appended to until it is folded.
      const isLonger = !isFolded && startsWith(pendingNow, pending)
      const added = sumOf(isLonger ? pendingNow.subarray(pending.length) : pendingNow)
      if (next !== undefined) change(next)
      else if (!isLonger) uncover()
      cover(added)
      folded = foldedNow
      pending = pendingNow
      return folded.length + pending.length === 0 ? undefined : window
    },
    size: () => recordSize + folded.length + pending.length + covered.size * SERIES_SIZE,
  }
}

/** The same without anything kept. */
export function readAll(folded: Buffer, pending: Buffer, maxSeries: number): Window {
  const window = createWindow()
  // It had its limit when it was packed: its overflow series stand beside as many as there may be.
  mergePacked(window, folded, { lifetime: true })
  const merge = createMerge(window, { lifetime: true, maxSeries })
  for (const { packed } of readAppendLog(pending).entries) merge(packed)
  return window
}

function readFolded(folded: Buffer, before: CachedRecord): RecordChange | undefined {
  if (folded.length > 0) return readCachedRecord(folded, before)
  return { record: EMPTY_RECORD, changed: [], gone: before.keys }
}

/** By series, in the order in which they came: a window that gets full takes the first ones. */
function sumOf(pending: Buffer): Window {
  const sum = createWindow()
  const merge = createMerge(sum, { lifetime: true })
  for (const { packed } of readAppendLog(pending).entries) merge(packed)
  return sum
}

function copyOf(cell: Cell): Cell {
  const copy = createCell(cell.kind)
  mergeCell(copy, cell)
  return copy
}

function startsWith(bytes: Buffer, start: Buffer): boolean {
  return bytes.length >= start.length && bytes.subarray(0, start.length).equals(start)
}

function sizeOf({ keys, cells, body }: CachedRecord): number {
  let size = body.length
  for (const key of keys) size += SERIES_SIZE + key.length
  for (const cell of cells) {
    if (cell.kind !== 'measure') continue
    const { positive, negative } = cell
    size += (positive.counts.length + (negative?.counts.length ?? 0)) * BUCKET_SIZE
  }
  return size
}

const NOTHING: Buffer = Buffer.alloc(0)
