import { crc32 } from 'node:zlib'
import {
  type ByteReader,
  PackedError,
  createByteReader,
  readVarint,
  skipBytes,
} from './byte-reader.ts'
import { type ByteWriter, createByteWriter, writeVarint, writtenBytes } from './byte-writer.ts'

/*
 * The envelope of everything that is stored (docs/format/window.md):
 *   version (1 byte), CRC-32 of all other bytes (4 bytes), type (1 byte), length (varint), content
 * It is the same in all versions, so that a reader tells a newer value from a damaged one.
 */

/** The version that this program writes, 1 to 7. */
export const FORMAT_VERSION = 1
export const RECORD = { plain: 1, deflated: 2, hour: 3, delta: 4, value: 5, batch: 6 } as const
export type RecordType = (typeof RECORD)[keyof typeof RECORD]

/** Above the version: bytes of 0xf8 and more are nowhere in UTF-8, so no text can look like a record. */
const MAGIC = 0xf8
/** CRC-32 of the first byte, by version. */
const SEEDS = Array.from({ length: 8 }, (_, version) => crc32(Buffer.of(MAGIC + version)))
const BEFORE_CRC = 1
const BEFORE_TYPE = 5
/** Version, CRC-32, type, and the longest length. */
export const MAX_RECORD_HEAD = 14
/** Version, CRC-32, type, and the shortest length. */
const MIN_RECORD = 7

/** The bytes are no record, or not those that were written. */
export class DamagedError extends PackedError {
  override name = 'DamagedError'
}

/** The bytes end before the record does. */
export class CutOffError extends DamagedError {
  override name = 'CutOffError'
}

/** A later version of l2met wrote the record: it is to be kept as it is. */
export class NewerFormatError extends PackedError {
  override name = 'NewerFormatError'
}

/** A record; `content` is at its first byte. */
export interface PackedRecord {
  readonly type: number
  readonly content: ByteReader
}

/** Goes past the next record; throws DamagedError or NewerFormatError. */
export function nextRecord(reader: ByteReader): PackedRecord {
  const { bytes, at, end } = reader
  const version = bytes[at]! - MAGIC
  if (at >= end || !(version > 0)) throw damaged(bytes, at, end)
  if (end - at < MIN_RECORD) throw new CutOffError('a stored record ends too early')
  reader.at = at + BEFORE_TYPE + 1
  const type = bytes[at + BEFORE_TYPE]!
  try {
    const length = readVarint(reader)
    const start = skipBytes(reader, length)
    const crc = crc32(bytes.subarray(at + BEFORE_TYPE, reader.at), SEEDS[version])
    if (crc !== bytes.readUInt32LE(at + BEFORE_CRC))
      throw new DamagedError('a stored record is damaged: its CRC-32 differs')
    if (version > FORMAT_VERSION)
      throw new NewerFormatError(
        `a later version of l2met wrote this (format ${version}; this one reads ${FORMAT_VERSION}): run that version, or delete the data`,
      )
    return { type, content: { bytes, at: start, end: reader.at } }
  } catch (error) {
    reader.at = at
    if (error instanceof DamagedError || !(error instanceof PackedError)) throw error
    if (error instanceof NewerFormatError) throw error
    throw new CutOffError('a stored record ends too early', { cause: error })
  }
}

function damaged(bytes: Buffer, at: number, end: number): DamagedError {
  if (at >= end) return new DamagedError('a stored record is empty')
  const isOld = at === 0 && bytes[0]! >= 1 && bytes[0]! <= 3
  return new DamagedError(
    isOld
      ? 'a stored value has no format version: a development version of l2met wrote it; delete it'
      : 'a stored value is no record of l2met',
  )
}

/** Why a value can't be read as records from end to end; undefined when it can. Their contents aren't looked at. */
export function recordsFault(packed: Uint8Array): PackedError | undefined {
  const reader = createByteReader(packed)
  try {
    if (reader.end === 0) throw damaged(reader.bytes, 0, 0)
    while (reader.at < reader.end) nextRecord(reader)
    return undefined
  } catch (error) {
    if (error instanceof PackedError) return error
    throw error
  }
}

/** How many bytes the first record takes, which has to be there; 0 when there is none. */
export function firstRecordLength(packed: Uint8Array): number {
  if (packed.length === 0) return 0
  const reader = createByteReader(packed)
  reader.at = BEFORE_TYPE + 1
  skipBytes(reader, readVarint(reader))
  return reader.at
}

export function recordType(packed: Uint8Array): number | undefined {
  return packed[BEFORE_TYPE]
}

/** Begins a record: its content is written next, and closeRecord called last. */
export function openRecord(writer: ByteWriter): void {
  writer.at = MAX_RECORD_HEAD
}

/** The record whose content was written since openRecord. */
export function closeRecord(writer: ByteWriter, type: RecordType): Buffer {
  const end = writer.at
  const length = end - MAX_RECORD_HEAD
  const start = MAX_RECORD_HEAD - BEFORE_TYPE - 1 - varintLength(length)
  writer.at = start + BEFORE_TYPE + 1
  writeVarint(writer, length)
  writer.at = end
  const { bytes } = writer
  bytes[start] = MAGIC + FORMAT_VERSION
  bytes[start + BEFORE_TYPE] = type
  bytes.writeUInt32LE(
    crc32(bytes.subarray(start + BEFORE_TYPE, end), SEEDS[FORMAT_VERSION]),
    start + BEFORE_CRC,
  )
  return writtenBytes(writer, start)
}

/** A record of parts that were written elsewhere. */
export function sealRecord(type: RecordType, parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const writer = createByteWriter(2 * MAX_RECORD_HEAD + length)
  openRecord(writer)
  for (const part of parts) {
    writer.bytes.set(part, writer.at)
    writer.at += part.length
  }
  return closeRecord(writer, type)
}

/** Where a record may begin at `from` or after it: at a byte that no text holds. */
export function findRecord(bytes: Buffer, from: number): number {
  for (let at = from; at < bytes.length; at += 1) if (bytes[at]! > MAGIC) return at
  return bytes.length
}

function varintLength(value: number): number {
  let length = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length += 1
  return length
}
