import type { Kind } from '../model/series.ts'
import { type WindowHeader, createWindow, mergeHeader } from '../model/window.ts'
import { type ByteReader, PackedError, readCount, readSmall, skipBytes } from './byte-reader.ts'
import { baseOf, readHeader } from './window-header.ts'
import { MAX_KEY, kindOfMark } from './key.ts'

/** The keys of a record don't come in the order in which they are written today. */
export class UnsortedError extends PackedError {
  override name = 'UnsortedError'
}

/** The series of one record, one after the other. */
export interface Cursor {
  readonly frame: WindowHeader
  /** What the times of its values are written against. */
  readonly base: number
  /** At the values of the series; who has read or skipped them calls `advance`. */
  readonly body: ByteReader
  /** Of which the first `length` bytes are the key; -1 behind the last series. */
  readonly key: Buffer
  length: number
  /** Series that are still to come. */
  left: number
}

/** At the first series of a record, of which nothing was read yet. */
export function openCursor(body: ByteReader): Cursor {
  const frame = readHeader(body)
  const left = readCount(body)
  const key = Buffer.allocUnsafe(MAX_KEY)
  const cursor = { frame, base: baseOf(frame), body, key, length: 0, left }
  advance(cursor)
  return cursor
}

/** Goes to the next series; throws PackedError when it can't be read or should have come before. */
export function advance(cursor: Cursor): void {
  const { body, key, length } = cursor
  if (cursor.left === 0) {
    if (body.at !== body.end) throw new PackedError('a packed window holds more than it says')
    cursor.length = -1
    return
  }
  const shared = readSmall(body)
  const rest = readSmall(body)
  const at = skipBytes(body, rest)
  const end = shared + rest
  if (shared > length || end > MAX_KEY || end === 0) {
    throw new PackedError('a packed window holds no series')
  }
  if (rest === 0 || (shared < length && orderOf(body.bytes[at]!) <= orderOf(key[shared]!))) {
    throw new UnsortedError('a packed window is not sorted')
  }
  body.bytes.copy(key, shared, at, at + rest)
  cursor.length = end
  cursor.left -= 1
}

/** Fills `into` with the cursors of the first key of all; says whether there is one. */
export function takeFirst(cursors: readonly Cursor[], into: Cursor[]): boolean {
  into.length = 0
  for (const cursor of cursors) {
    if (cursor.length < 0) continue
    const order = into.length === 0 ? 0 : compareKeys(cursor, into[0]!)
    if (order < 0) into.length = 0
    if (order <= 0) into.push(cursor)
  }
  return into.length > 0
}

export function kindAt({ key }: Cursor): Kind {
  return kindOfMark(key[0])
}

/** The frames of all as one. */
export function mergedHeader(cursors: readonly Cursor[]): WindowHeader {
  const sum = createWindow()
  for (const { frame } of cursors) mergeHeader(sum, frame)
  return sum
}

function compareKeys(a: Cursor, b: Cursor): number {
  const most = Math.min(a.length, b.length)
  for (let i = 0; i < most; i += 1) {
    if (a.key[i] !== b.key[i]) return orderOf(a.key[i]!) - orderOf(b.key[i]!)
  }
  return a.length - b.length
}

/** Strings sort U+E000 to U+FFFF behind all others, whose first bytes in UTF-8 are greater. */
function orderOf(byte: number): number {
  return byte === 0xee || byte === 0xef ? byte + 16 : byte
}
