import { PackedError, createByteReader, readVarint } from './byte-reader.ts'
import { type ByteReader } from './byte-reader.ts'
import { NewerFormatError, RECORD, findRecord, nextRecord } from './record.ts'
import { WIDTH_10S } from '../model/window-reader.ts'

/**
 * The append log of an app: what commits have appended, one record of type `delta` after another. Each
 * holds the start of a 10 s window (in tens of seconds, varint) and the body of a window (window.ts).
 */
export interface AppendLogEntry {
  /** Of the 10 s window, ms since 1970. */
  readonly start: number
  /** The record. */
  readonly packed: Buffer
  /** Where the next entry begins, bytes from the beginning. */
  readonly end: number
}

export interface AppendLog {
  readonly entries: readonly AppendLogEntry[]
  /** Bytes that could not be read. */
  readonly lost: number
}

/** ms since 1970, in the year 2248: Redis could not let a window end that begins later. */
const MAX_START = 2 ** 43
/** After damage the next entry is looked for; so many times the bytes of the log are read for that at most. */
const MAX_SEARCH = 16

/**
 * The entries of an append log, of which the bytes are not copied. An entry that can't be read costs itself.
 * Throws NewerFormatError when a later version wrote one.
 */
export function readAppendLog(log: Buffer): AppendLog {
  const entries: AppendLogEntry[] = []
  const reader = createByteReader(log)
  let search = log.length * MAX_SEARCH
  let lost = 0
  while (reader.at < reader.end) {
    const from = reader.at
    const entry = readEntry(reader)
    if (entry !== undefined) {
      entries.push(entry)
      continue
    }
    // A length that looks right may have been hashed in vain.
    search -= log.length - from
    reader.at = search < 0 ? log.length : findRecord(log, from + 1)
    lost += reader.at - from
  }
  return { entries, lost }
}

function readEntry(reader: ByteReader): AppendLogEntry | undefined {
  const from = reader.at
  try {
    const { type, content } = nextRecord(reader)
    if (type !== RECORD.delta) return undefined
    const start = readVarint(content) * WIDTH_10S
    if (start > MAX_START) return undefined
    return { start, packed: reader.bytes.subarray(from, reader.at), end: reader.at }
  } catch (error) {
    if (!(error instanceof PackedError) || error instanceof NewerFormatError) throw error
    return undefined
  }
}

/**
 * The start of the first entry, by the first bytes of a log: undefined when there is none, 0 when they
 * can't be read.
 */
export function firstEntry(head: Uint8Array): number | undefined {
  if (head.length === 0) return undefined
  const reader = createByteReader(head)
  try {
    reader.at = TYPE_AT + 1
    readVarint(reader)
    return readVarint(reader) * WIDTH_10S
  } catch (error) {
    if (error instanceof PackedError) return 0
    throw error
  }
}

const TYPE_AT = 5
/** Bytes of a log that firstEntry needs. */
export const LOG_HEAD = 20
