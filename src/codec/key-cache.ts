import type { SeriesTable } from '../model/series-table.ts'
import { type ByteWriter, createByteWriter, writeBytes } from './byte-writer.ts'
import { sharedBytes, writeRestOfKey } from './key.ts'

/** What is known of the keys of one series table, by series number: their bytes, and their order. */
export interface KeyBook {
  /** All of them, one after another. */
  readonly keys: ByteWriter
  /** Where each ends. */
  readonly ends: number[]
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
    keys: createByteWriter(),
    ends: [],
    ranks: NONE,
    ranked: NONE,
    marks: NONE,
    ordered: NONE,
    previous: NONE,
    shared: NONE,
  }
}

/** Takes down the series that came since the last time, in order among the others. */
export function growKeyBook(book: KeyBook, { keys }: SeriesTable): void {
  const known = book.ends.length
  if (keys.length === known) return
  for (let id = known; id < keys.length; id += 1) {
    writeBytes(book.keys, Buffer.from(keys[id]!))
    book.ends.push(book.keys.at)
  }
  if (keys.length > book.ranks.length) makeRoom(book, Math.ceil(keys.length * 1.25) + 32)
  const { ranks, ranked } = book
  const added = keys.slice(known).map((_, i) => known + i)
  added.sort((a, b) => (keys[a]! < keys[b]! ? -1 : 1))
  let from = known - 1
  let next = added.length - 1
  for (let rank = keys.length - 1; next >= 0; rank -= 1) {
    const isNew = from < 0 || keys[ranked[from]!]! < keys[added[next]!]!
    ranked[rank] = isNew ? added[next--]! : ranked[from--]!
  }
  for (let rank = 0; rank < keys.length; rank += 1) ranks[ranked[rank]!] = rank
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

/** What a key writer does, where mostly the same series stand next to each other; -1 is no series. */
export function writeKnownKey(
  writer: ByteWriter,
  book: KeyBook,
  previous: number,
  id: number,
): void {
  const { bytes } = book.keys
  const start = startOf(book, id)
  const end = book.ends[id]!
  if (book.previous[id] !== previous) {
    book.previous[id] = previous
    book.shared[id] =
      previous === -1
        ? 0
        : sharedBytes(bytes, startOf(book, previous), book.ends[previous]!, bytes, start, end)
  }
  writeRestOfKey(writer, book.shared[id]!, bytes, start, end)
}

function startOf({ ends }: KeyBook, id: number): number {
  return id === 0 ? 0 : ends[id - 1]!
}

function makeRoom(book: KeyBook, room: number): void {
  const { ranked } = book
  book.ranked = new Int32Array(room)
  book.ranked.set(ranked)
  book.ranks = new Int32Array(room)
  book.marks = new Int32Array(Math.ceil(room / 32))
  book.ordered = new Int32Array(room)
  book.previous = new Int32Array(room).fill(-1)
  book.shared = new Int32Array(room)
}

const NONE = new Int32Array(0)
