import { type Cell, createCell, resetCell } from '../model/cell.ts'
import type { Kind } from '../model/series.ts'
import { createWindow, mergeFrame } from '../model/window.ts'
import {
  type ByteReader,
  PackedError,
  createByteReader,
  readCount,
  readSmall,
  skipBytes,
} from './byte-reader.ts'
import { type ByteWriter, createByteWriter, writeVarint, writtenBytes } from './byte-writer.ts'
import { addPackedCell, writeCell } from './packed-cell.ts'
import { baseOf, readFrame, writeFrame } from './packed-frame.ts'
import { MAX_KEY, createRawKeyWriter, kindOfMark } from './packed-key.ts'
import { PLAIN, readRecord, recordHead } from './packed.ts'

/** The series of one record, one after the other. */
interface Cursor {
  readonly body: ByteReader
  /** What the times of its values are written against. */
  readonly base: number
  /** Series that are still to come. */
  left: number
  readonly key: Buffer
  /** Of the key; -1 behind the last series. */
  length: number
}

/**
 * One plain record in place of all: what packing their merge would give, but without making that window,
 * which takes fifty times as much memory. Undefined where it can't be done: when the keys of a record
 * aren't sorted, or there are more than `maxSeries` beside our own and the overflow series.
 */
export function mergeRecords(packed: Uint8Array, maxSeries: number): Buffer | undefined {
  const bytes = createByteReader(packed)
  const frame = createWindow()
  const cursors: Cursor[] = []
  while (bytes.at < bytes.end) {
    const body = readRecord(bytes)
    const own = readFrame(body)
    mergeFrame(frame, own)
    const left = readCount(body)
    cursors.push({ body, base: baseOf(own), left, key: Buffer.allocUnsafe(MAX_KEY), length: 0 })
  }
  const cells = createByteWriter()
  const base = baseOf(frame)
  const count = mergeSeries(cells, cursors, base, maxSeries)
  if (count === undefined) return undefined
  const head = createByteWriter()
  writeFrame(head, frame)
  writeVarint(head, count)
  const length = head.at + cells.at
  return Buffer.concat([recordHead(PLAIN, length), writtenBytes(head), writtenBytes(cells)])
}

/** Returns how many there are; undefined when they aren't sorted or too many. */
function mergeSeries(
  writer: ByteWriter,
  cursors: readonly Cursor[],
  base: number,
  maxSeries: number,
): number | undefined {
  const writeKey = createRawKeyWriter()
  const sums = new Map<Kind, Cell>()
  let count = 0
  let beyond = 0
  for (const cursor of cursors) if (!advance(cursor)) return undefined
  for (;;) {
    const first = firstOf(cursors)
    if (first === undefined) return count - beyond > maxSeries ? undefined : count
    if (isBeyondLimit(first)) beyond += 1
    writeKey(writer, first.key, first.length)
    const sum = emptyCell(sums, kindOfMark(first.key[0]))
    const last = cursors.indexOf(first)
    for (let i = cursors.length - 1; i >= last; i -= 1) {
      const cursor = cursors[i]!
      if (cursor !== first && compareKeys(cursor, first) !== 0) continue
      addPackedCell(cursor.body, sum, cursor.base)
      if (!advance(cursor)) return undefined
    }
    writeCell(writer, sum, base)
    count += 1
  }
}

/** The cursor of the first key, the first of these; undefined when all are at their end. */
function firstOf(cursors: readonly Cursor[]): Cursor | undefined {
  let first: Cursor | undefined
  for (const cursor of cursors) {
    if (cursor.length < 0) continue
    if (first === undefined || compareKeys(cursor, first) < 0) first = cursor
  }
  return first
}

/** Goes to the next series; false when it should have come before. */
function advance(cursor: Cursor): boolean {
  const { body, key, length } = cursor
  if (cursor.left === 0) {
    if (body.at !== body.end) throw new PackedError('a packed window holds more than it says')
    cursor.length = -1
    return true
  }
  const shared = readSmall(body)
  const rest = readSmall(body)
  const at = skipBytes(body, rest)
  const end = shared + rest
  if (shared > length || end > MAX_KEY || end === 0) {
    throw new PackedError('a packed window holds no series')
  }
  if (rest === 0 || (shared < length && body.bytes[at]! <= key[shared]!)) return false
  body.bytes.copy(key, shared, at, at + rest)
  cursor.length = end
  cursor.left -= 1
  return true
}

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

function emptyCell(cells: Map<Kind, Cell>, kind: Kind): Cell {
  let cell = cells.get(kind)
  if (cell === undefined) cells.set(kind, (cell = createCell(kind)))
  else resetCell(cell)
  return cell
}

function compareKeys(a: Cursor, b: Cursor): number {
  const most = Math.min(a.length, b.length)
  for (let i = 0; i < most; i += 1) if (a.key[i] !== b.key[i]) return a.key[i]! - b.key[i]!
  return a.length - b.length
}
