import {
  type ByteReader,
  PackedError,
  createByteReader,
  readCount,
  readVarint,
  skipBytes,
} from './byte-reader.ts'
import { type ByteWriter, writeByte, writeVarint } from './byte-writer.ts'
import { skipCell } from './cell.ts'
import { DICTIONARY } from './dictionary.ts'
import type { KeyReader } from './key.ts'
import { RECORD, nextRecord } from './record.ts'
import { inflate } from './window.ts'
import { type Target, type Visitor, seriesSink, visitCell, visitHeader } from './record-visitor.ts'
import { WIDTH_1M, HOUR_MS, type WindowReader } from '../model/window-reader.ts'
import type { Yielder } from './event-loop.ts'

/**
 * The minutes of an hour by series instead of by window, so that a reader inflates and decodes only
 * what it is after; roll-up.ts writes it. It is a record of type `hour` (record.ts) that holds
 *   length of the index as a varint, index (deflated), sections (each deflated)
 * and the index: how many windows, and for each its minute and its frame (window-header.ts); how many
 * sections, and for each its length, how many series, and for each its key (as in window.ts) and the
 * length of its column. A section is the columns of its series, one after another, and a column: how
 * many windows have the series, a bit for each window unless all have it, then the values
 * (packed-cell.ts).
 */

/** A section is mostly inflated at once. */
const CHUNK = 131_072
/** Windows of an hour at most. */
export const MINUTES = HOUR_MS / WIDTH_1M

interface HourWindow {
  readonly start: number
  /** What the times of its values are written against. */
  readonly base: number
  readonly isWanted: boolean
}

interface Column {
  readonly target: Target
  readonly length: number
}

/** Shows the windows of a packed hour that touch [from, to), ms; rejects with PackedError. */
export async function visitHour(
  packed: Buffer,
  hour: number,
  range: { readonly from: number; readonly to: number },
  { readers, keys }: Visitor,
  yielder: Yielder,
): Promise<void> {
  const bytes = readHourRecord(packed)
  const index = readIndex(bytes)
  const windows = readWindows(index, hour, range, readers)
  const isWhole = windows.every(({ isWanted }) => isWanted)
  for (let left = readCount(index); left > 0; left -= 1) {
    const length = readVarint(index)
    const columns = readColumns(index, keys)
    // Of a part of the hour only the columns tell which series are in it.
    if (isWhole && columns.every(({ target }) => seriesSink(target).length === 0)) {
      skipBytes(bytes, length)
      continue
    }
    const section = inflatePart(bytes, length)
    for (const { target, length: width } of columns) {
      const at = skipBytes(section, width)
      visitColumn({ bytes: section.bytes, at, end: at + width }, windows, target)
      if (yielder.isOver()) await yielder.next()
    }
  }
}

/** Writes the number of windows that have a series of `count`, and which. */
export function writePresence(writer: ByteWriter, windows: readonly number[], count: number): void {
  writeVarint(writer, windows.length)
  if (windows.length === count) return
  const bits = new Uint8Array(Math.ceil(count / 8))
  for (const at of windows) bits[at >> 3]! |= 1 << (at & 7)
  for (const byte of bits) writeByte(writer, byte)
}

export function readHourRecord(packed: Buffer): ByteReader {
  const { type, content } = nextRecord(createByteReader(packed))
  if (type !== RECORD.hour) throw new PackedError(`a stored record of type ${type} is no hour`)
  return content
}

/** What stands before the sections. */
export function readIndex(bytes: ByteReader): ByteReader {
  return inflatePart(bytes, readVarint(bytes), DICTIONARY)
}

function readWindows(
  index: ByteReader,
  hour: number,
  { from, to }: { readonly from: number; readonly to: number },
  readers: readonly WindowReader[],
): HourWindow[] {
  const windows: HourWindow[] = []
  for (let left = readCount(index, MINUTES); left > 0; left -= 1) {
    const start = hour + readVarint(index) * WIDTH_1M
    const isWanted = start + WIDTH_1M > from && start < to
    const base = visitHeader(index, start, isWanted ? readers : [])
    windows.push({ start, base, isWanted })
  }
  return windows
}

function readColumns(index: ByteReader, keys: KeyReader<Target>): Column[] {
  const columns: Column[] = []
  keys.start()
  for (let left = readCount(index); left > 0; left -= 1) {
    columns.push({ target: keys.next(index), length: readVarint(index) })
  }
  return columns
}

function visitColumn(values: ByteReader, windows: readonly HourWindow[], target: Target): void {
  const present = readPresence(values, windows)
  if (!present.some(({ isWanted }) => isWanted) || seriesSink(target).length === 0) return
  for (const { start, base, isWanted } of present) {
    if (isWanted) visitCell(values, start, base, target)
    else skipCell(values, target.kind)
  }
}

/** The windows that have a series. */
export function readPresence<T>(values: ByteReader, windows: readonly T[]): readonly T[] {
  if (readCount(values, windows.length) === windows.length) return windows
  const at = skipBytes(values, Math.ceil(windows.length / 8))
  return windows.filter((_, i) => (values.bytes[at + (i >> 3)]! & (1 << (i & 7))) !== 0)
}

/** The next part, of a length that it doesn't say itself. */
export function inflatePart(bytes: ByteReader, length: number, dictionary?: Buffer): ByteReader {
  const at = skipBytes(bytes, length)
  const part = bytes.bytes.subarray(at, at + length)
  return inflate(part, { chunkSize: CHUNK, ...(dictionary && { dictionary }) })
}
