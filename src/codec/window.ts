import { promisify } from 'node:util'
import { type ZlibOptions, deflateRaw, deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Cell } from '../model/cell.ts'
import { type Window, cellWithin, mergeHeader } from '../model/window.ts'
import {
  type ByteReader,
  PackedError,
  createByteReader,
  readCount,
  readVarint,
} from './byte-reader.ts'
import { type PackedRecord, RECORD, nextRecord, sealRecord } from './record.ts'
import { addPackedCell, skipCell } from './cell.ts'
import { mergeTotalsHeader } from './totals.ts'
import { DICTIONARY } from './dictionary.ts'
import { baseOf, readHeader } from './window-header.ts'
import { type KeyReader, createKeyReader } from './key.ts'

/**
 * Windows as records (record.ts), each a window of its own. Several records stand for their merge, so that
 * appending is adding. A body is the header (window-header.ts), the number of series, and for each series
 * its key (key.ts) and its values (cell.ts). A record of type `deflated` holds a deflated body; one of
 * type `delta` the start of a 10 s window, then a body (append-log.ts).
 */

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

/** The body of the next window, inflated where it has to be. */
export function readRecord(reader: ByteReader): ByteReader {
  return bodyOfRecord(nextRecord(reader))
}

export function bodyOfRecord({ type, content }: PackedRecord): ByteReader {
  if (type === RECORD.plain) return content
  if (type === RECORD.deflated) {
    const bytes = content.bytes.subarray(content.at, content.end)
    return inflate(bytes, { dictionary: DICTIONARY, chunkSize: chunkFor(bytes.length) })
  }
  if (type === RECORD.delta) {
    readVarint(content)
    return content
  }
  throw new PackedError(`a stored record of type ${type} is no window`)
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
export async function deflatePackedAsync(packed: Buffer): Promise<Buffer> {
  return shorterOf(packed, await deflateAsync(bodyOf(packed), DEFLATION))
}

const DEFLATION = { dictionary: DICTIONARY, level: 6 }
const deflateAsync = promisify<Buffer, ZlibOptions, Buffer>(deflateRaw)

function bodyOf(packed: Buffer): Buffer {
  const { bytes, at, end } = readRecord(createByteReader(packed))
  return bytes.subarray(at, end)
}

function shorterOf(packed: Buffer, deflated: Buffer): Buffer {
  const record = sealRecord(RECORD.deflated, [deflated])
  return record.length < packed.length ? record : packed
}

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
