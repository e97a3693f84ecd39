import { type Cell, createCell, resetCell } from '../model/cell.ts'
import type { Kind } from '../model/series.ts'
import type { WindowHeader } from '../model/window.ts'
import { createByteReader } from './byte-reader.ts'
import { type ByteWriter, createByteWriter, writeVarint, writtenBytes } from './byte-writer.ts'
import { addPackedCell, writeCell } from './cell.ts'
import { baseOf, writeHeader } from './window-header.ts'
import { createRawKeyWriter } from './key.ts'
import {
  type Cursor,
  UnsortedError,
  advance,
  kindAt,
  mergedHeader,
  openCursor,
  takeFirst,
} from './records.ts'
import { RECORD, sealRecord } from './record.ts'
import { readRecord } from './window.ts'

/**
 * One plain record in place of all: what packing their merge would give, but without making that window,
 * which takes fifty times as much memory. Undefined where it can't be done: when the keys of a record
 * aren't sorted, or there are more than `maxSeries` beside our own and the overflow series.
 */
export function mergeRecords(packed: Uint8Array, maxSeries: number): Buffer | undefined {
  const bytes = createByteReader(packed)
  const cursors: Cursor[] = []
  try {
    while (bytes.at < bytes.end) cursors.push(openCursor(readRecord(bytes)))
    return mergeCursors(cursors, maxSeries, createByteWriter(packed.length))
  } catch (error) {
    if (error instanceof UnsortedError) return undefined
    throw error
  }
}

function mergeCursors(
  cursors: readonly Cursor[],
  maxSeries: number,
  cells: ByteWriter,
): Buffer | undefined {
  const frame = mergedHeader(cursors)
  const base = baseOf(frame)
  const writeKey = createRawKeyWriter()
  const sumOf = createSums()
  const same: Cursor[] = []
  let count = 0
  let beyond = 0
  while (takeFirst(cursors, same)) {
    const [first] = same as [Cursor]
    count += 1
    if (isBeyondLimit(first)) beyond += 1
    writeKey(cells, first.key, first.length)
    const sum = sumOf(kindAt(first))
    for (const cursor of same) {
      addPackedCell(cursor.body, sum, cursor.base)
      advance(cursor)
    }
    writeCell(cells, sum, base)
  }
  const isFull = count - beyond > maxSeries || beyond > maxSeries + OWN_SERIES
  return isFull ? undefined : recordOf(frame, count, cells)
}

/** A plain record of so many series, of which keys and values were written to `cells`. */
export function recordOf(frame: WindowHeader, count: number, cells: ByteWriter): Buffer {
  const head = createByteWriter()
  writeHeader(head, frame)
  writeVarint(head, count)
  return sealRecord(RECORD.plain, [writtenBytes(head), cells.bytes.subarray(0, cells.at)])
}

/** Gives an empty cell of a kind: the same again and again. */
export function createSums(): (kind: Kind) => Cell {
  const cells = new Map<Kind, Cell>()
  return (kind) => {
    let cell = cells.get(kind)
    if (cell === undefined) cells.set(kind, (cell = createCell(kind)))
    else resetCell(cell)
    return cell
  }
}

/** Our own series, and those that stand in for the names of overflow series, are fewer. */
const OWN_SERIES = 100
const OWN = Buffer.from('\0l2met/')
const OVERFLOW = Buffer.from('\0overflow\0true')

/** Whether a series is our own or takes what didn't fit: these are beside as many as there may be. */
function isBeyondLimit({ key, length }: Cursor): boolean {
  return isAt(key, key.indexOf(0), OWN) || isAt(key, length - OVERFLOW.length, OVERFLOW)
}

function isAt(key: Buffer, at: number, part: Buffer): boolean {
  if (at < 0) return false
  for (let i = 0; i < part.length; i += 1) if (key[at + i] !== part[i]) return false
  return true
}
