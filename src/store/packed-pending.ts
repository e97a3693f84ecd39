import { createByteReader, readSmall, readVarint, skipBytes } from './byte-reader.ts'
import { createByteWriter, writeVarint, writtenBytes } from './byte-writer.ts'
import { FINE_MS } from './store.ts'

/**
 * The pending window: what commits have appended, one entry after another. An entry is the start of a
 * fine window (in tens of seconds, varint), a length (varint) and so many bytes of packed records
 * (packed.ts) that belong to it.
 */
export interface PendingEntry {
  /** Of the fine window, ms since 1970. */
  readonly start: number
  readonly packed: Buffer
  /** Where the next entry begins, bytes from the beginning. */
  readonly end: number
}

/** Packs entries, to be appended. */
export function packPending(parts: readonly Pick<PendingEntry, 'start' | 'packed'>[]): Buffer {
  const chunks: Buffer[] = []
  for (const { start, packed } of parts) {
    head.at = 0
    writeVarint(head, start / FINE_MS)
    writeVarint(head, packed.length)
    chunks.push(writtenBytes(head), packed)
  }
  return Buffer.concat(chunks)
}

/** Its entries, of which the bytes are not copied. Throws PackedError when they can't be read. */
export function* readPending(pending: Buffer): Generator<PendingEntry> {
  for (let at = 0; at < pending.length;) {
    const entry = readEntry(pending, at)
    yield entry
    at = entry.end
  }
}

/** The entry that begins at `from`. Throws PackedError when it can't be read. */
export function readEntry(pending: Buffer, from: number): PendingEntry {
  const reader = { bytes: pending, at: from, end: pending.length }
  const start = readVarint(reader) * FINE_MS
  const length = readSmall(reader)
  const at = skipBytes(reader, length)
  return { start, packed: pending.subarray(at, reader.at), end: reader.at }
}

/** The start of the first entry, by the first bytes of what is pending; undefined when there is none. */
export function firstPending(pending: Uint8Array): number | undefined {
  return pending.length === 0 ? undefined : readVarint(createByteReader(pending)) * FINE_MS
}

const head = createByteWriter()
