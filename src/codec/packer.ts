import {
  type Accumulator,
  addAccumulator,
  createAccumulator,
  contentsOf,
  resetAccumulator,
} from '../model/accumulator.ts'
import type { SeriesTable } from '../model/series-table.ts'
import type { Window } from '../model/window.ts'
import { type ByteWriter, createByteWriter, writeVarint } from './byte-writer.ts'
import { type KeyBook, createKeyBook, growKeyBook, inKeyOrder, writeKnownKey } from './key-cache.ts'
import { writeCell } from './cell.ts'
import { baseOf, writeHeader } from './window-header.ts'
import { createKeyWriter } from './key.ts'
import { mergeRecords } from './merge.ts'
import { unpack } from './record-visitor.ts'
import { RECORD, closeRecord, firstRecordLength, openRecord } from './record.ts'
import { WIDTH_10S } from '../model/window-reader.ts'
import type { Yielder } from './event-loop.ts'

/** Writes windows in their packed form (window.ts). */
export interface Packer {
  packWindow(window: Window): Buffer
  /** The same, yielding to the event loop in between. */
  packInTurns(window: Window, yielder: Yielder): Promise<Buffer>
  /** The same as an entry of an append log, of the 10 s window that begins at `start`. */
  packEntryInTurns(start: number, window: Window, yielder: Yielder): Promise<Buffer>
  /**
   * Makes one record of several, plain; one stays as it is. Series beyond `maxSeries` fold into the
   * overflow series of their names. Throws PackedError when they can't be read.
   */
  repack(packed: Buffer, maxSeries: number): Buffer
  /** Packs the sum of accumulators, which stay as they are: a record for each series table. */
  packAccumulators(accs: readonly Accumulator[]): Buffer
  /** The same as entries of an append log, of the 10 s window that begins at `start`. */
  packEntries(start: number, accs: readonly Accumulator[]): Buffer
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
    return closeRecord(writer, RECORD.plain)
  }

  const packAccumulators = (accs: readonly Accumulator[], start?: number): Buffer => {
    const records = []
    for (const table of new Set(accs.map((acc) => acc.table))) {
      openWindowRecord(writer, start)
      writeAccumulator(writer, sumOf(accs.filter((acc) => acc.table === table)), bookOf(table))
      records.push(closeRecord(writer, start === undefined ? RECORD.plain : RECORD.delta))
    }
    return records.length === 1 ? records[0]! : Buffer.concat(records)
  }

  return {
    packWindow,
    repack: (packed, maxSeries) => {
      if (firstRecordLength(packed) === packed.length) return packed
      return mergeRecords(packed, maxSeries) ?? packWindow(unpack(packed, maxSeries))
    },
    packInTurns: async (window, yielder) => packInTurns(window, yielder),
    packEntryInTurns: async (start, window, yielder) => packInTurns(window, yielder, start),
    packAccumulators: (accs) => packAccumulators(accs),
    packEntries: (start, accs) => packAccumulators(accs, start),
  }
}

async function packInTurns(window: Window, yielder: Yielder, start?: number): Promise<Buffer> {
  // A writer of its own, because others pack in between.
  const writer = createByteWriter()
  openWindowRecord(writer, start)
  const cells = writeWindow(writer, window)
  while (!cells.next().done) if (yielder.isOver()) await yielder.next()
  return closeRecord(writer, start === undefined ? RECORD.plain : RECORD.delta)
}

/** With a start it is an entry of an append log. */
function openWindowRecord(writer: ByteWriter, start?: number): void {
  openRecord(writer)
  if (start !== undefined) writeVarint(writer, start / WIDTH_10S)
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
