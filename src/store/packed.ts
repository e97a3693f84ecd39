import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { type Cell, createCell, mergeCell, resetCell } from '../model/cell.ts'
import type { Kind } from '../model/series.ts'
import { isOwn, overflowSeries, parseSeriesKey, seriesKey } from '../model/series.ts'
import { type Window, mergeFrame } from '../model/window.ts'
import {
  type ByteReader,
  PackedError,
  createByteReader,
  readByte,
  readCount,
  readVarint,
  skipBytes,
} from './byte-reader.ts'
import { readCell } from './packed-cell.ts'
import { DICTIONARY } from './packed-dictionary.ts'
import { baseOf, readFrame } from './packed-frame.ts'

/**
 * The packed form of windows: one record after another, each a window of its own. What several
 * records stand for is their merge, so that appending is adding. A record is
 *   type (1 plain, 2 deflated), length of the rest as a varint, body
 * and the body: times, lines and events (packed-frame.ts), then the number of series and for each its
 * key (how many bytes it shares with the key before, the rest of it) and its values (packed-cell.ts).
 */
export const PLAIN = 1
export const DEFLATED = 2

/** A body larger than this is a fault, bytes. */
const MAX_BODY = 2 ** 28
const MAX_KEY = 16_384

/** What reading needs between two series. */
interface Scratch {
  readonly cells: Map<Kind, Cell>
  readonly key: Buffer
}

export interface MergeOptions {
  /** Take only what a lifetime window keeps: of unique series their names, no seconds, no events. */
  readonly lifetime?: boolean
  /** Series beyond this number fold into the overflow series of their names. */
  readonly maxSeries?: number
}

/**
 * Adds all records of `packed` to a window. Throws PackedError when they can't be read, and the
 * window is then of no use.
 */
export function mergePacked(into: Window, packed: Uint8Array, options: MergeOptions = {}): void {
  const reader = createByteReader(packed)
  const scratch: Scratch = { cells: new Map(), key: Buffer.allocUnsafe(MAX_KEY) }
  while (reader.at < reader.end) {
    const type = readByte(reader)
    const length = readVarint(reader)
    const start = skipBytes(reader, length)
    const body = { bytes: reader.bytes, at: start, end: start + length }
    if (type === PLAIN) mergeBody(into, body, options, scratch)
    else if (type === DEFLATED) mergeBody(into, inflate(body), options, scratch)
    else throw new PackedError(`a packed window of an unknown type: ${type}`)
  }
}

/** How many bytes the first record takes, which has to be there; 0 when there is none. */
export function firstRecordLength(packed: Uint8Array): number {
  const length = packed.length === 0 ? 0 : recordLength(packed)
  if (length > packed.length) throw new PackedError('a packed window ends too early')
  return length
}

/** How many bytes a record takes, by its first ten bytes. */
export function recordLength(head: Uint8Array): number {
  const reader = createByteReader(head)
  readByte(reader)
  const length = readVarint(reader)
  return reader.at + length
}

/** The same record (one, plain) in fewer bytes, for keeping. */
export function deflatePacked(packed: Buffer): Buffer {
  const reader = createByteReader(packed)
  readByte(reader)
  const length = readVarint(reader)
  const body = packed.subarray(skipBytes(reader, length), reader.at)
  const deflated = deflateRawSync(body, { dictionary: DICTIONARY, level: 6 })
  const head = recordHead(DEFLATED, deflated.length)
  return deflated.length < length ? Buffer.concat([head, deflated]) : packed
}

/** What stands before a body. */
export function recordHead(type: number, length: number): Buffer {
  const bytes = [type]
  let rest = length
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  bytes.push(rest)
  return Buffer.from(bytes)
}

function inflate(body: ByteReader): ByteReader {
  const bytes = body.bytes.subarray(body.at, body.end)
  try {
    return createByteReader(
      inflateRawSync(bytes, { dictionary: DICTIONARY, maxOutputLength: MAX_BODY }),
    )
  } catch (cause) {
    throw new PackedError('a packed window can not be inflated', { cause })
  }
}

function mergeBody(
  into: Window,
  reader: ByteReader,
  options: MergeOptions,
  scratch: Scratch,
): void {
  const frame = readFrame(reader)
  if (options.lifetime === true) {
    frame.seconds.clear()
    frame.events = []
  }
  mergeFrame(into, frame)
  const base = baseOf(frame)
  const { key } = scratch
  let keyLength = 0
  for (let left = readCount(reader); left > 0; left -= 1) {
    keyLength = readKey(reader, key, keyLength)
    const text = placeOf(into, textOfKey(key, keyLength), options.maxSeries)
    const known = into.cells.get(text)
    const kind = kindOf(key[0])
    if (options.lifetime === true && kind === 'unique') {
      readCell(reader, emptyCell(scratch, kind), base)
      if (known === undefined) into.cells.set(text, createCell(kind))
    } else if (known === undefined) {
      const cell = createCell(kind)
      readCell(reader, cell, base)
      into.cells.set(text, cell)
    } else {
      const cell = emptyCell(scratch, kind)
      readCell(reader, cell, base)
      mergeCell(known, cell)
    }
  }
  if (reader.at !== reader.end) throw new PackedError('a packed window holds more than it says')
}

function readKey(reader: ByteReader, key: Buffer, previous: number): number {
  const shared = readVarint(reader)
  const rest = readVarint(reader)
  const at = skipBytes(reader, rest)
  if (shared > previous || shared + rest > MAX_KEY || shared + rest === 0) {
    throw new PackedError('a packed window holds no series')
  }
  const { bytes } = reader
  for (let i = 0; i < rest; i += 1) key[shared + i] = bytes[at + i]!
  return shared + rest
}

// Nearly all keys are ASCII, which is read several times faster as Latin-1.
function textOfKey(key: Buffer, length: number): string {
  for (let i = 0; i < length; i += 1) if (key[i]! >= 0x80) return key.toString('utf8', 0, length)
  return key.toString('latin1', 0, length)
}

function placeOf(window: Window, key: string, maxSeries = Infinity): string {
  if (window.cells.size < maxSeries || window.cells.has(key)) return key
  const series = parseSeriesKey(key)
  return isOwn(series) ? key : seriesKey(overflowSeries(series))
}

function emptyCell({ cells }: Scratch, kind: Kind): Cell {
  let cell = cells.get(kind)
  if (cell === undefined) cells.set(kind, (cell = createCell(kind)))
  else resetCell(cell)
  return cell
}

// As seriesKey writes them.
function kindOf(mark: number | undefined): Kind {
  switch (mark) {
    case 0x63:
      return 'count'
    case 0x6d:
      return 'measure'
    case 0x73:
      return 'sample'
    case 0x75:
      return 'unique'
    default:
      throw new PackedError('a packed window holds a series of no kind')
  }
}
