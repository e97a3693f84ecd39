import { promisify } from 'node:util'
import { type ZlibOptions, deflateRaw, deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Cell } from '../model/cell.ts'
import { type Window, cellWithin, mergeHeader } from '../model/window.ts'
import {
  type ByteReader,
  PackedError,
  createByteReader,
  readByte,
  readCount,
  readVarint,
  skipBytes,
} from './byte-reader.ts'
import { createByteWriter, writeByte, writeVarint, writtenBytes } from './byte-writer.ts'
import { addPackedCell, skipCell } from './cell.ts'
import { mergeTotalsHeader } from './totals.ts'
import { DICTIONARY } from './dictionary.ts'
import { baseOf, readHeader } from './window-header.ts'
import { type KeyReader, createKeyReader } from './key.ts'

/**
 * The packed form of windows: one record after another, each a window of its own. What several
 * records stand for is their merge, so that appending is adding. A record is
 *   type (1 plain, 2 deflated), length of the rest as a varint, body
 * and the body: times, lines and events (window-header.ts), then the number of series and for each its
 * key (how many bytes it shares with the key before, the rest of it) and its values (packed-cell.ts).
 */
export const PLAIN = 1
const DEFLATED = 2

/** A body larger than this is a fault, bytes. */
const MAX_INFLATED = 2 ** 28

export interface MergeOptions {
  /** Take only what a lifetime window keeps: of unique series their names, no seconds, no events. */
  readonly lifetime?: boolean
  /** Series beyond this number fold into the overflow series of their names. */
  readonly maxSeries?: number
  /** Is told of each series when it first comes, by its seriesKey. */
  readonly onSeries?: (key: string) => void
}

/**
 * Adds all records of `packed` to a window. Throws PackedError when they can't be read, and the
 * window is then of no use.
 */
export function mergePacked(into: Window, packed: Uint8Array, options: MergeOptions = {}): void {
  createMerge(into, options)(packed)
}

/** The same for one value after another. */
export function createMerge(
  into: Window,
  options: MergeOptions = {},
): (packed: Uint8Array) => void {
  const { lifetime = false, maxSeries = Infinity, onSeries } = options
  const keys = createKeyReader((key, kind) => {
    onSeries?.(key)
    return cellWithin(into, key, kind, maxSeries)
  })
  return (packed) => {
    const reader = createByteReader(packed)
    while (reader.at < reader.end) mergeBody(into, readRecord(reader), lifetime, keys)
  }
}

/** The body of the next record, inflated where it has to be. */
export function readRecord(reader: ByteReader): ByteReader {
  const type = readByte(reader)
  const length = readVarint(reader)
  const start = skipBytes(reader, length)
  const body = { bytes: reader.bytes, at: start, end: start + length }
  if (type === PLAIN) return body
  if (type === DEFLATED) {
    const bytes = body.bytes.subarray(start, body.end)
    return inflate(bytes, { dictionary: DICTIONARY, chunkSize: chunkFor(length) })
  }
  throw new PackedError(`a packed window of an unknown type: ${type}`)
}

/** How many bytes the first record takes, which has to be there; 0 when there is none. */
export function firstRecordLength(packed: Uint8Array): number {
  if (packed.length === 0) return 0
  const reader = createByteReader(packed)
  readByte(reader)
  skipBytes(reader, readVarint(reader))
  return reader.at
}

/** Whether these bytes are records from end to end; what the records hold isn't looked at. */
export function areRecords(packed: Uint8Array): boolean {
  const reader = createByteReader(packed)
  try {
    while (reader.at < reader.end) {
      const type = readByte(reader)
      if (type !== PLAIN && type !== DEFLATED) return false
      skipBytes(reader, readVarint(reader))
    }
    return true
  } catch (error) {
    if (error instanceof PackedError) return false
    throw error
  }
}

/** How many series the first record holds. */
export function seriesIn(packed: Uint8Array): number {
  const body = readRecord(createByteReader(packed))
  readHeader(body, () => {})
  return readCount(body)
}

/** The same record (one, plain) in fewer bytes, for keeping. */
export function deflatePacked(packed: Buffer): Buffer {
  return shorterOf(packed, deflateRawSync(bodyOf(packed), DEFLATION))
}

/** The same as deflatePacked, on another thread. */
export async function deflatePackedAside(packed: Buffer): Promise<Buffer> {
  return shorterOf(packed, await deflateAside(bodyOf(packed), DEFLATION))
}

const DEFLATION = { dictionary: DICTIONARY, level: 6 }
const deflateAside = promisify<Buffer, ZlibOptions, Buffer>(deflateRaw)

function bodyOf(packed: Buffer): Buffer {
  const reader = createByteReader(packed)
  readByte(reader)
  const length = readVarint(reader)
  return packed.subarray(skipBytes(reader, length), reader.at)
}

function shorterOf(packed: Buffer, deflated: Buffer): Buffer {
  const head = recordHead(DEFLATED, deflated.length)
  const isShorter = head.length + deflated.length < packed.length
  return isShorter ? Buffer.concat([head, deflated]) : packed
}

/** What stands before a body. */
export function recordHead(type: number, length: number): Buffer {
  head.at = 0
  writeByte(head, type)
  writeVarint(head, length)
  return writtenBytes(head)
}

const head = createByteWriter()
/** A byte and a varint. */
export const MAX_RECORD_HEAD = 9

/** Inflates bytes; throws PackedError when that can't be done, or they would be more than MAX_INFLATED. */
export function inflate(deflated: Buffer, options: ZlibOptions): ByteReader {
  try {
    return createByteReader(inflateRawSync(deflated, { ...options, maxOutputLength: MAX_INFLATED }))
  } catch (cause) {
    throw new PackedError('packed bytes can not be inflated', { cause })
  }
}

/** Mostly all of it: what comes in several chunks is copied once more. */
function chunkFor(length: number): number {
  return Math.min(Math.max(length * 8, 1024), 2 ** 20)
}

function mergeBody(
  into: Window,
  reader: ByteReader,
  isLifetime: boolean,
  keys: KeyReader<Cell>,
): void {
  const frame = readHeader(reader)
  if (isLifetime) mergeTotalsHeader(into, frame)
  else mergeHeader(into, frame)
  const base = baseOf(frame)
  keys.start()
  for (let left = readCount(reader); left > 0; left -= 1) {
    const cell = keys.next(reader)
    if (isLifetime && cell.kind === 'unique') skipCell(reader, cell.kind)
    else addPackedCell(reader, cell, base)
  }
  if (reader.at !== reader.end) throw new PackedError('a packed window holds more than it says')
}
