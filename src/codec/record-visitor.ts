import { mergeCell } from '../model/cell.ts'
import { type Kind, headLength } from '../model/series.ts'
import { type Window, type WindowHeader, createWindow, mergeHeader } from '../model/window.ts'
import { type ByteReader, createByteReader, readCount } from './byte-reader.ts'
import { addPackedCell, skipCell } from './cell.ts'
import { type SecondSink, baseOf, readHeader } from './window-header.ts'
import { type KeyReader, createKeyReader } from './key.ts'
import { mergeRecords } from './merge.ts'
import { mergePacked, readRecord } from './window.ts'
import type { SeriesSink, WindowReader } from '../model/window-reader.ts'

/** Readers to whom packed windows are shown, and what they said of the series that came. */
export interface Visitor {
  readonly readers: readonly WindowReader[]
  readonly keys: KeyReader<Target>
}

/** Where the values of a series go. */
export interface Target {
  readonly key: string
  readonly kind: Kind
  readonly readers: readonly WindowReader[]
  cells: readonly SeriesSink[] | undefined
}

export function createVisitor(readers: readonly WindowReader[]): Visitor {
  const create = (key: string, kind: Kind): Target => ({ key, kind, readers, cells: undefined })
  const ofHead = (head: string, kind: Kind): Target | undefined => {
    const cells: SeriesSink[] = []
    for (const { seriesSinkByPrefix } of readers) {
      const some = seriesSinkByPrefix!(head)
      if (some === undefined) return undefined
      cells.push(...some)
    }
    return { key: head, kind, readers, cells }
  }
  const knowHeads = readers.every(({ seriesSinkByPrefix }) => seriesSinkByPrefix !== undefined)
  return { readers, keys: createKeyReader(create, knowHeads ? ofHead : undefined) }
}

/** What the readers say of a series; they are asked the first time, when there are values. */
export function seriesSink(target: Target): readonly SeriesSink[] {
  if (target.cells !== undefined) return target.cells
  const cells = cellsOfKey(target.readers, target.key)
  target.cells = cells.length === 0 ? NO_CELLS : cells
  return target.cells
}

/**
 * Shows a packed window record by record: what it would be unpacked, but without making it. Throws
 * PackedError when it can't be read.
 */
export function visitPacked(
  packed: Uint8Array,
  start: number,
  { readers, keys }: Visitor,
  maxSeries: number,
): void {
  const bytes = createByteReader(packed)
  const records: ByteReader[] = []
  while (bytes.at < bytes.end) records.push(readRecord(bytes))
  // One had its limit when it was packed; together they may be more than a window can hold.
  if (records.length > 1 && sumOf(records, countOf) > maxSeries) {
    const merged = mergeRecords(packed, maxSeries)
    if (merged !== undefined) return visitPacked(merged, start, { readers, keys }, Infinity)
    const window = unpack(packed, maxSeries)
    for (const reader of readers) visitWindow(window, start, reader)
    return undefined
  }
  for (const body of records) {
    const base = visitHeader(body, start, readers)
    keys.start()
    for (let left = readCount(body); left > 0; left -= 1) {
      visitCell(body, start, base, keys.next(body))
    }
  }
  return undefined
}

/** Shows the frame that comes next; returns the base of the times of its window. */
export function visitHeader(
  bytes: ByteReader,
  start: number,
  readers: readonly WindowReader[],
): number {
  const frame = readHeader(bytes, secondSinkOf(readers, start))
  const shown = inOrder(frame)
  for (const { onHeader } of readers) onHeader(start, shown)
  return baseOf(frame)
}

/** Adds the values that come next to where they go. */
export function visitCell(bytes: ByteReader, start: number, base: number, target: Target): void {
  const { at } = bytes
  const cells = seriesSink(target)
  if (cells.length === 0) return skipCell(bytes, target.kind)
  for (const cellAt of cells) {
    bytes.at = at
    addPackedCell(bytes, cellAt(start), base)
  }
}

/** Shows a reader a window that isn't packed. */
export function visitWindow(window: Window, start: number, reader: WindowReader): void {
  const { onHeader, onSecond } = reader
  onHeader(start, { ...window, seconds: NO_SECONDS })
  if (onSecond !== undefined) {
    for (const [second, requests] of window.seconds) onSecond(start, second, requests)
  }
  visitCells(window, start, reader)
}

export function unpack(packed: Uint8Array, maxSeries: number): Window {
  const window = createWindow()
  mergePacked(window, packed, { maxSeries })
  return window
}

/** Events as they are in a merged window: sorted, and no more than one holds. */
function inOrder(frame: WindowHeader): WindowHeader {
  if (frame.events.length === 0) return frame
  const merged = createWindow()
  mergeHeader(merged, frame)
  return merged
}

const NO_CELLS: readonly SeriesSink[] = []

/** How many series a record holds, of which nothing was read yet. */
function countOf(record: ByteReader): number {
  const body = { ...record }
  readHeader(body, ignoreSecond)
  return readCount(body)
}

function sumOf<T>(list: readonly T[], valueOf: (one: T) => number): number {
  return list.reduce((sum, one) => sum + valueOf(one), 0)
}

function visitCells({ cells }: Window, start: number, reader: WindowReader): void {
  for (const [key, cell] of cells) {
    for (const cellAt of cellsOfKey([reader], key)) mergeCell(cellAt(start), cell)
  }
}

function cellsOfKey(readers: readonly WindowReader[], key: string): readonly SeriesSink[] {
  return readers.flatMap(
    ({ seriesSink, seriesSinkByPrefix }) =>
      seriesSinkByPrefix?.(key.slice(0, headLength(key))) ?? seriesSink(key),
  )
}

function secondSinkOf(readers: readonly WindowReader[], start: number): SecondSink {
  const takers = readers.flatMap(({ onSecond }) => onSecond ?? [])
  const [first] = takers
  if (first === undefined) return ignoreSecond
  if (takers.length === 1) return (second, requests) => first(start, second, requests)
  return (second, requests) => {
    for (const take of takers) take(start, second, requests)
  }
}

const NO_SECONDS = new Map<number, number>()

function ignoreSecond(): void {}
