import type { SeriesTable } from '../model/series-table.ts'
import type { ByteWriter } from './byte-writer.ts'
import { sharedBytes, writeRestOfKey } from './packed-key.ts'

/** What is known of the keys of one series table, by series number: their bytes, and their order. */
export interface KeyBook {
  readonly keys: Buffer[]
  /** Places in the order of keys, in which neighbours share much of their bytes. */
  ranks: Int32Array
  /** By rank: the series. */
  ranked: Int32Array
  /** A bit for each rank, zero between calls. */
  marks: Int32Array
  /** Room for all series in some order. */
  ordered: Int32Array
  /** The one that stood before it the last time, and how many bytes their keys share. */
  previous: Int32Array
  shared: Int32Array
}

export function createKeyBook(): KeyBook {
  return {
    keys: [],
    ranks: NONE,
    ranked: NONE,
    marks: NONE,
    ordered: NONE,
    previous: NONE,
    shared: NONE,
  }
}

// Sorting all keys is dear, so it's done again only when the table has grown by a quarter; until
// then new series stand at the end, in the order of their numbers.
export function growKeyBook(book: KeyBook, { keys }: SeriesTable): void {
  for (let id = book.keys.length; id < keys.length; id += 1) book.keys.push(Buffer.from(keys[id]!))
  if (keys.length <= book.ranks.length) return
  const sorted = keys.map((_, id) => id)
  sorted.sort((a, b) => (keys[a]! < keys[b]! ? -1 : 1))
  const room = Math.ceil(keys.length * 1.25) + 32
  book.ranked = Int32Array.from({ length: room }, (_, rank) => sorted[rank] ?? rank)
  book.ranks = new Int32Array(room)
  for (let rank = 0; rank < room; rank += 1) book.ranks[book.ranked[rank]!] = rank
  book.marks = new Int32Array(Math.ceil(room / 32))
  book.ordered = new Int32Array(room)
  book.previous = new Int32Array(room).fill(-1)
  book.shared = new Int32Array(room)
}

/** The same series in the order of their keys, as the first ones of an array that is the book's. */
export function inKeyOrder(book: KeyBook, series: readonly number[]): Int32Array {
  const { ranks, ranked, marks, ordered } = book
  for (let i = 0; i < series.length; i += 1) {
    const rank = ranks[series[i]!]!
    marks[rank >> 5]! |= 1 << (rank & 31)
  }
  let used = 0
  for (let at = 0; at < marks.length; at += 1) {
    let rest = marks[at]!
    marks[at] = 0
    while (rest !== 0) {
      const lowest = rest & -rest
      ordered[used] = ranked[at * 32 + 31 - Math.clz32(lowest)]!
      used += 1
      rest ^= lowest
    }
  }
  return ordered
}

/** What writeKey does, where mostly the same series stand next to each other; -1 is no series. */
export function writeKnownKey(
  writer: ByteWriter,
  book: KeyBook,
  previous: number,
  id: number,
): void {
  const key = book.keys[id]!
  if (book.previous[id] !== previous) {
    book.previous[id] = previous
    book.shared[id] = previous === -1 ? 0 : sharedBytes(book.keys[previous]!, key)
  }
  writeRestOfKey(writer, book.shared[id]!, key)
}

const NONE = new Int32Array(0)
