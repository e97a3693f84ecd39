import {
  type Accumulator,
  addAccumulator,
  createAccumulator,
  keepSecond,
  resetAccumulator,
} from '../model/accumulator.ts'
import type { SeriesTable } from '../model/series-table.ts'
import type { Window } from '../model/window.ts'
import { type ByteWriter, createByteWriter, writeVarint, writtenBytes } from './byte-writer.ts'
import { writeCell } from './packed-cell.ts'
import { baseOf, writeFrame } from './packed-frame.ts'
import { sharedBytes, writeKey, writeRestOfKey } from './packed-key.ts'
import { PLAIN, recordHead } from './packed.ts'
import type { Turns } from './take-turns.ts'

/** Writes windows in their packed form (packed.ts). */
export interface Packer {
  packWindow(window: Window): Buffer
  /** The same, with turns for others in between. */
  packInTurns(window: Window, turns: Turns): Promise<Buffer>
  /** Packs the sum of accumulators, which stay as they are: a record for each series table. */
  packAccumulators(accs: readonly Accumulator[]): Buffer
}

/** What the packer knows of one table: its keys as bytes, and their order. */
interface Book {
  readonly keys: Buffer[]
  /** By series number; neighbours in rank share much of their keys. */
  ranks: Int32Array
  /** By series number: the one that stood before it the last time, and how many bytes their keys share. */
  previous: Int32Array
  shared: Int32Array
  sum: Accumulator | undefined
}

const CELLS_AT_ONCE = 32

export function createPacker(): Packer {
  const writer = createByteWriter()
  const books = new WeakMap<SeriesTable, Book>()

  const bookOf = (table: SeriesTable): Book => {
    let book = books.get(table)
    if (book === undefined) {
      book = { keys: [], ranks: NONE, previous: NONE, shared: NONE, sum: undefined }
      books.set(table, book)
    }
    growBook(book, table)
    return book
  }

  const sumOf = (accs: readonly Accumulator[]): Accumulator => {
    if (accs.length === 1) return accs[0]!
    const { table } = accs[0]!
    const sum = (bookOf(table).sum ??= createAccumulator(table))
    resetAccumulator(sum)
    for (const acc of accs) addAccumulator(sum, acc)
    return sum
  }

  return {
    packWindow: (window) => {
      writer.at = 0
      const cells = writeWindow(writer, window)
      while (!cells.next().done) continue
      return closeRecord(writer)
    },
    packInTurns: async (window, turns) => {
      // One of its own, because others pack in between.
      const own = createByteWriter()
      const cells = writeWindow(own, window)
      while (!cells.next().done) if (turns.isOver()) await turns.next()
      return closeRecord(own)
    },
    packAccumulators: (accs) => {
      const records = []
      for (const table of new Set(accs.map((acc) => acc.table))) {
        writer.at = 0
        writeAccumulator(writer, sumOf(accs.filter((acc) => acc.table === table)), bookOf(table))
        records.push(closeRecord(writer))
      }
      return records.length === 1 ? records[0]! : Buffer.concat(records)
    },
  }
}

/** Stops now and then, to be asked to go on. */
function* writeWindow(writer: ByteWriter, window: Window): Generator<undefined> {
  writeFrame(writer, window)
  const base = baseOf(window)
  writeVarint(writer, window.cells.size)
  let previous: Buffer = NO_KEY
  const texts = [...window.cells.keys()].toSorted()
  for (const [i, text] of texts.entries()) {
    if (i % CELLS_AT_ONCE === 0) yield
    const key = Buffer.from(text)
    writeKey(writer, previous, key)
    writeCell(writer, window.cells.get(text)!, base)
    previous = key
  }
}

function writeAccumulator(writer: ByteWriter, acc: Accumulator, book: Book): void {
  keepSecond(acc)
  writeFrame(writer, acc)
  const base = baseOf(acc)
  const order = new Float64Array(acc.touched.length)
  for (const [i, id] of acc.touched.entries()) order[i] = book.ranks[id]! * 2 ** 24 + id
  order.sort()
  writeVarint(writer, order.length)
  let previous = -1
  for (const place of order) {
    const id = place % 2 ** 24
    writeKnownKey(writer, book, previous, id)
    writeCell(writer, acc.cells[id]!, base)
    previous = id
  }
}

/** What writeKey does, where mostly the same series stand next to each other. */
function writeKnownKey(writer: ByteWriter, book: Book, previous: number, id: number): void {
  const key = book.keys[id]!
  if (book.previous[id] !== previous) {
    book.previous[id] = previous
    book.shared[id] = previous === -1 ? 0 : sharedBytes(book.keys[previous]!, key)
  }
  writeRestOfKey(writer, book.shared[id]!, key)
}

const NO_KEY = Buffer.alloc(0)
const NONE = new Int32Array(0)

function closeRecord(writer: ByteWriter): Buffer {
  return Buffer.concat([recordHead(PLAIN, writer.at), writtenBytes(writer)])
}

// Sorting all keys is dear, so it's done again only when the table has grown by a quarter; until
// then new series stand at the end, in the order of their numbers.
function growBook(book: Book, table: SeriesTable): void {
  const { keys } = table
  for (let id = book.keys.length; id < keys.length; id += 1) book.keys.push(Buffer.from(keys[id]!))
  if (keys.length <= book.ranks.length) return
  const ranked = keys.map((_, id) => id)
  ranked.sort((a, b) => (keys[a]! < keys[b]! ? -1 : 1))
  const ranks = new Int32Array(Math.ceil(keys.length * 1.25) + 32).fill(keys.length)
  for (let rank = 0; rank < ranked.length; rank += 1) ranks[ranked[rank]!] = rank
  book.ranks = ranks
  book.previous = new Int32Array(ranks.length).fill(-1)
  book.shared = new Int32Array(ranks.length)
}
