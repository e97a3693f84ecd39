import { createWindow } from '../model/window.ts'
import { PackedError, createByteReader, readSmall, readVarint, skipBytes } from './byte-reader.ts'
import { createByteWriter, writeVarint, writtenBytes } from './byte-writer.ts'
import { mergePacked } from './window.ts'
import { WIDTH_10S } from '../model/window-reader.ts'

/**
 * The pending window: what commits have appended, one entry after another. An entry is the start of a
 * fine window (in tens of seconds, varint), a length (varint) and so many bytes of packed records
 * (window.ts) that belong to it.
 */
export interface AppendLogEntry {
  /** Of the fine window, ms since 1970. */
  readonly start: number
  readonly packed: Buffer
  /** Where the next entry begins, bytes from the beginning. */
  readonly end: number
}

/** Packs entries, to be appended. */
export function packEntry(parts: readonly Pick<AppendLogEntry, 'start' | 'packed'>[]): Buffer {
  const chunks: Buffer[] = []
  for (const { start, packed } of parts) {
    head.at = 0
    writeVarint(head, start / WIDTH_10S)
    writeVarint(head, packed.length)
    chunks.push(writtenBytes(head), packed)
  }
  return concatAlone(chunks)
}

/**
 * As bytes of their own: they are kept for some seconds, and of what Buffer.concat gives, a larger
 * Buffer would be.
 */
function concatAlone(chunks: readonly Buffer[]): Buffer {
  const bytes = Buffer.allocUnsafeSlow(chunks.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

/** Its entries, of which the bytes are not copied. Throws PackedError when they can't be read. */
export function* readPending(pending: Buffer): Generator<AppendLogEntry> {
  for (let at = 0; at < pending.length;) {
    const entry = readEntry(pending, at)
    yield entry
    at = entry.end
  }
}

/** The entry that begins at `from`. Throws PackedError when it can't be read. */
export function readEntry(pending: Buffer, from: number): AppendLogEntry {
  const reader = { bytes: pending, at: from, end: pending.length }
  const start = readVarint(reader) * WIDTH_10S
  if (start > MAX_START) throw new PackedError('a pending entry of no time')
  const length = readSmall(reader)
  const at = skipBytes(reader, length)
  return { start, packed: pending.subarray(at, reader.at), end: reader.at }
}

/** The entries of `pending` that can be read: one that can't costs itself, or all that stands behind it. */
export function readableEntries(pending: Buffer): Buffer {
  const entries: Buffer[] = []
  try {
    for (let at = 0; at < pending.length;) {
      const { packed, end } = readEntry(pending, at)
      if (isReadable(packed)) entries.push(pending.subarray(at, end))
      at = end
    }
  } catch (error) {
    if (!(error instanceof PackedError)) throw error
  }
  return Buffer.concat(entries)
}

function isReadable(packed: Buffer): boolean {
  try {
    mergePacked(createWindow(), packed)
    return true
  } catch (error) {
    if (error instanceof PackedError) return false
    throw error
  }
}

/**
 * The start of the first entry, by the first bytes of what is pending: undefined when there is none, 0
 * when they can't be read.
 */
export function firstEntry(pending: Uint8Array): number | undefined {
  if (pending.length === 0) return undefined
  try {
    return readVarint(createByteReader(pending)) * WIDTH_10S
  } catch (error) {
    if (error instanceof PackedError) return 0
    throw error
  }
}

/** ms since 1970, in the year 2248: Redis could not let a window end that begins later. */
const MAX_START = 2 ** 43
const head = createByteWriter()
