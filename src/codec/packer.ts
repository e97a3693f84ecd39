import {
  type Accumulator,
  addAccumulator,
  createAccumulator,
  contentsOf,
  resetAccumulator,
} from '../model/accumulator.ts'
import type { SeriesTable } from '../model/series-table.ts'
import type { Window } from '../model/window.ts'
import { type ByteWriter, createByteWriter, writeVarint, writtenBytes } from './byte-writer.ts'
import { type KeyBook, createKeyBook, growKeyBook, inKeyOrder, writeKnownKey } from './key-cache.ts'
import { writeCell } from './cell.ts'
import { baseOf, writeHeader } from './window-header.ts'
import { createKeyWriter } from './key.ts'
import { mergeRecords } from './merge.ts'
import { unpack } from './record-visitor.ts'
import { MAX_RECORD_HEAD, PLAIN, firstRecordLength, recordHead } from './window.ts'
import type { Yielder } from './event-loop.ts'

/** Writes windows in their packed form (window.ts). */
export interface Packer {
  packWindow(window: Window): Buffer
  /** The same, yielding to the event loop in between. */
  packInTurns(window: Window, yielder: Yielder): Promise<Buffer>
  /**
   * Makes one record of several, plain; one stays as it is. Series beyond `maxSeries` fold into the
   * overflow series of their names. Throws PackedError when they can't be read.
   */
  repack(packed: Buffer, maxSeries: number): Buffer
  /** Packs the sum of accumulators, which stay as they are: a record for each series table. */
  packAccumulators(accs: readonly Accumulator[]): Buffer
}

const CELLS_AT_ONCE = 32

export function createPacker(): Packer {
  const writer = createByteWriter()
  const books = new WeakMap<SeriesTable, KeyBook>()
  const sums = new WeakMap<SeriesTable, Accumulator>()

  const bookOf = (table: SeriesTable): KeyBook => {
    let book = books.get(table)
    if (book === undefined) books.set(table, (book = createKeyBook()))
    growKeyBook(book, table)
    return book
  }

  const sumOf = (accs: readonly Accumulator[]): Accumulator => {
    if (accs.length === 1) return accs[0]!
    const { table } = accs[0]!
    let sum = sums.get(table)
    if (sum === undefined) sums.set(table, (sum = createAccumulator(table)))
    resetAccumulator(sum)
    for (const acc of accs) addAccumulator(sum, acc)
    return sum
  }

  const packWindow = (window: Window): Buffer => {
    openRecord(writer)
    const cells = writeWindow(writer, window)
    while (!cells.next().done) continue
    return closeRecord(writer)
  }

  return {
    packWindow,
    repack: (packed, maxSeries) => {
      if (firstRecordLength(packed) === packed.length) return packed
      return mergeRecords(packed, maxSeries) ?? packWindow(unpack(packed, maxSeries))
    },
    packInTurns: async (window, yielder) => {
      // One of its own, because others pack in between.
      const own = createByteWriter()
      openRecord(own)
      const cells = writeWindow(own, window)
      while (!cells.next().done) if (yielder.isOver()) await yielder.next()
      return closeRecord(own)
    },
    packAccumulators: (accs) => {
      const records = []
      for (const table of new Set(accs.map((acc) => acc.table))) {
        openRecord(writer)
        writeAccumulator(writer, sumOf(accs.filter((acc) => acc.table === table)), bookOf(table))
        records.push(closeRecord(writer))
      }
      return records.length === 1 ? records[0]! : Buffer.concat(records)
    },
  }
}

/** Stops now and then, to be asked to go on. */
function* writeWindow(writer: ByteWriter, window: Window): Generator<undefined> {
  writeHeader(writer, window)
  const base = baseOf(window)
  writeVarint(writer, window.cells.size)
  const writeKey = createKeyWriter()
  const keys = [...window.cells.keys()].toSorted()
  for (const [i, key] of keys.entries()) {
    if (i % CELLS_AT_ONCE === 0) yield
    writeKey(writer, key)
    writeCell(writer, window.cells.get(key)!, base)
  }
}

function writeAccumulator(writer: ByteWriter, acc: Accumulator, book: KeyBook): void {
  const contents = contentsOf(acc)
  writeHeader(writer, contents)
  const base = baseOf(contents)
  const { length } = contents.touched
  writeVarint(writer, length)
  const ordered = inKeyOrder(book, contents.touched)
  let previous = -1
  for (let i = 0; i < length; i += 1) {
    const id = ordered[i]!
    writeKnownKey(writer, book, previous, id)
    writeCell(writer, contents.cells[id]!, base)
    previous = id
  }
}

/** Leaves room for what stands before a body, which says how long that is. */
function openRecord(writer: ByteWriter): void {
  writer.at = MAX_RECORD_HEAD
}

function closeRecord(writer: ByteWriter): Buffer {
  const head = recordHead(PLAIN, writer.at - MAX_RECORD_HEAD)
  const start = MAX_RECORD_HEAD - head.length
  writer.bytes.set(head, start)
  return writtenBytes(writer, start)
}
