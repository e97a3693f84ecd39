import { type Cell, createCell } from '../model/cell.ts'
import type { Kind } from '../model/series.ts'
import type { WindowHeader } from '../model/window.ts'
import { type ByteReader, PackedError, createByteReader, readCount } from './byte-reader.ts'
import { addPackedCell, skipCell } from './cell.ts'
import { baseOf, readHeader } from './window-header.ts'
import { MAX_KEY, kindOfMark, readKey, textOfKey } from './key.ts'
import { readRecord } from './window.ts'

/**
 * A packed lifetime window that was read. The next one is mostly the same, and where its bytes are, its
 * series are: only what differs is decoded again. Cells are never changed.
 */
export interface CachedRecord {
  readonly frame: WindowHeader
  /** Ascending. */
  readonly keys: readonly string[]
  /** Of the keys; a unique series has no values. */
  readonly cells: readonly Cell[]
  /** The body, and where in it keys and their cells begin; one key more, where the body ends. */
  readonly body: Buffer
  readonly keyAt: Int32Array
  readonly cellAt: Int32Array
}

/** What came of the next one. */
export interface RecordChange {
  readonly record: CachedRecord
  /** Places of series that are new or have another cell. */
  readonly changed: readonly number[]
  /** Keys that are not there any more. */
  readonly gone: readonly string[]
}

/**
 * Reads a packed window beside the one before it; undefined when it isn't a single record with its keys
 * in order, as a fold writes it. Throws PackedError when it can't be read.
 */
export function readCachedRecord(packed: Buffer, before: CachedRecord): RecordChange | undefined {
  const records = createByteReader(packed)
  const reader = readRecord(records)
  if (records.at !== records.end) return undefined
  const frame = { ...readHeader(reader, ignoreSecond), events: [] }
  const count = readCount(reader)
  const keys: string[] = []
  const cells: Cell[] = []
  const keyAt = new Int32Array(count + 1)
  const cellAt = new Int32Array(count)
  const record = { frame, keys, cells, body: reader.bytes, keyAt, cellAt }
  const changed: number[] = []
  const gone: string[] = []

  const base = baseOf(frame)
  const isSameBase = base === baseOf(before.frame)
  const bytes = Buffer.allocUnsafe(MAX_KEY)
  /** The key that `bytes` begin with. */
  let written = -1
  let end = 0
  /** The place of the key before that is expected: it stands behind the same key as this one. */
  let old = 0
  let isInStep = true
  for (let i = 0; i < count; i += 1) {
    keyAt[i] = reader.at
    let isKnown: boolean =
      isInStep && hasSameBytes(reader, before, before.keyAt[old]!, before.cellAt[old])
    if (isKnown) {
      reader.at += before.cellAt[old]! - before.keyAt[old]!
      keys.push(before.keys[old]!)
    } else {
      if (written !== i - 1) end = bytes.write(keys[i - 1]!)
      end = readKey(reader, bytes, end)
      written = i
      const key = textOfKey(bytes, end)
      const isUnfit = i > 0 && key <= keys[i - 1]!
      if (isUnfit || !isText(bytes, end, key)) return undefined
      while (old < before.keys.length && before.keys[old]! < key) gone.push(before.keys[old++]!)
      isKnown = before.keys[old] === key
      keys.push(key)
    }
    cellAt[i] = reader.at
    const cell = isKnown ? sameCell(reader, before, old, isSameBase) : undefined
    if (cell === undefined) changed.push(i)
    cells.push(cell ?? readCell(reader, kindOfMark(keys[i]!.charCodeAt(0)), base))
    if (isKnown) old += 1
    isInStep = isKnown
  }
  keyAt[count] = reader.at
  if (reader.at !== reader.end) throw new PackedError('a packed window holds more than it says')
  gone.push(...before.keys.slice(old))
  return { record, changed, gone }
}

/** Whether a key can be written back: what is no UTF-8 was read as U+FFFD. */
function isText(bytes: Buffer, end: number, key: string): boolean {
  return !key.includes('\ufffd') || Buffer.from(key).equals(bytes.subarray(0, end))
}

/** The cell of a series when the same bytes stand here as stood there, and goes on behind them. */
function sameCell(
  reader: ByteReader,
  before: CachedRecord,
  old: number,
  isSameBase: boolean,
): Cell | undefined {
  const cell = before.cells[old]!
  // Times are written as distances from the base.
  if (cell.kind === 'sample' && !isSameBase) return undefined
  const [from, to] = [before.cellAt[old]!, before.keyAt[old + 1]!]
  if (!hasSameBytes(reader, before, from, to)) return undefined
  reader.at += to - from
  return cell
}

function readCell(reader: ByteReader, kind: Kind, base: number): Cell {
  const cell = createCell(kind)
  if (cell.kind === 'unique') skipCell(reader, 'unique')
  else addPackedCell(reader, cell, base)
  return cell
}

function hasSameBytes(
  { bytes, at, end }: ByteReader,
  { body }: CachedRecord,
  from: number,
  to: number | undefined,
): boolean {
  if (to === undefined || to - from > end - at) return false
  for (let i = 0; i < to - from; i += 1) if (body[from + i] !== bytes[at + i]) return false
  return true
}

function ignoreSecond(): void {}

export const EMPTY_RECORD: CachedRecord = {
  frame: readHeader(createByteReader(Buffer.alloc(1))),
  keys: [],
  cells: [],
  body: Buffer.alloc(0),
  keyAt: new Int32Array(1),
  cellAt: new Int32Array(0),
}
