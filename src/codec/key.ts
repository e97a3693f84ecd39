import type { Kind } from '../model/series.ts'
import { type ByteReader, PackedError, readSmall, skipBytes } from './byte-reader.ts'
import { type ByteWriter, writeBytes, writeVarint } from './byte-writer.ts'

/** Bytes of the longest key. */
export const MAX_KEY = 16_384
/** Few are longer, and of many readers nearly all of the room would be for nothing. */
const FIRST_KEY = 512

/** The keys of one window after another, where a key is written as what it doesn't share with the one before. */
export interface KeyReader<T> {
  /** Begins with the first key of a window. */
  readonly start: () => void
  /** Reads the next key; what `ofHead` or else `create` made of it when it first came. */
  readonly next: (reader: ByteReader) => T
}

/**
 * What stands for all series whose keys begin with this kind, unit and name; undefined where they are
 * told apart. To read a key up to its labels, and only where it differs from the one before, costs
 * a tenth of what it costs to know it.
 */
type OfHead<T> = (head: string, kind: Kind) => T | undefined

/** A key that is known, and the one that stood behind it the last time. */
interface Known<T> {
  readonly value: T
  next: Known<T> | undefined
  shared: number
  /** Where the rest of that key stands, in the window that it was read from. */
  bytes: Uint8Array
  at: number
  restLength: number
}

/** Windows hold much the same series in the same order: mostly a key is the one that is expected. */
export function createKeyReader<T>(
  create: (key: string, kind: Kind) => T,
  ofHead?: OfHead<T>,
): KeyReader<T> {
  let key = Buffer.allocUnsafe(FIRST_KEY)
  const known = new Map<string, Known<T>>()
  const heads = new Map<string, T | undefined>()
  const first = newKnown<T>(undefined as T)
  /** Undefined behind a key of which only the head was read. */
  let current: Known<T> | undefined = first
  let keyEnd = 0
  /** Where the labels of the last key begin, and what stands for its head. */
  let headEnd = Infinity
  let headValue: T | undefined

  const readHead = (end: number) => {
    const mark = key.indexOf(0, key.indexOf(0) + 1)
    const length = mark < 0 || mark >= end ? end : mark
    // A key that goes on behind one without labels has another name.
    headEnd = length + 1
    const text = textOfKey(key, length)
    headValue = heads.get(text)
    if (headValue !== undefined || heads.has(text)) return
    headValue = ofHead!(text, kindOfMark(key[0]))
    heads.set(text, headValue)
  }

  return {
    start: () => {
      current = first
      keyEnd = 0
      headEnd = Infinity
    },
    next: (reader) => {
      const shared = readSmall(reader)
      const length = readSmall(reader)
      const at = skipBytes(reader, length)
      const end = shared + length
      if (shared > keyEnd || end > MAX_KEY || end === 0) throw noSeries()
      if (end > key.length) key = Buffer.concat([key], MAX_KEY)
      const { bytes } = reader
      for (let i = 0; i < length; i += 1) key[shared + i] = bytes[at + i]!
      keyEnd = end
      if (ofHead !== undefined) {
        if (shared < headEnd) readHead(end)
        if (headValue !== undefined) {
          current = undefined
          return headValue
        }
      }
      const next = current?.next
      if (next !== undefined && isExpected(current!, shared, length, bytes, at)) {
        current = next
        return next.value
      }
      const text = textOfKey(key, end)
      let found = known.get(text)
      if (found === undefined) {
        found = newKnown(create(text, kindOfMark(key[0])))
        known.set(text, found)
      }
      if (current !== undefined) {
        current.next = found
        current.shared = shared
        current.bytes = bytes
        current.at = at
        current.restLength = length
      }
      current = found
      return found.value
    },
  }
}

/** Reads the next key into `key` (of MAX_KEY bytes), of which the first `end` are the key before; returns its end. */
export function readKey(reader: ByteReader, key: Buffer, end: number): number {
  const shared = readSmall(reader)
  const length = readSmall(reader)
  const at = skipBytes(reader, length)
  if (shared > end || shared + length > MAX_KEY || shared + length === 0) throw noSeries()
  for (let i = 0; i < length; i += 1) key[shared + i] = reader.bytes[at + i]!
  return shared + length
}

/** Writes the keys of one window after another, each as what it doesn't share with the one before. */
export type TextKeyWriter = (writer: ByteWriter, key: string) => void

export function createKeyWriter(): TextKeyWriter {
  const key = Buffer.allocUnsafe(MAX_KEY)
  const writeKey = createRawKeyWriter()
  return (writer, text) => writeKey(writer, key, key.write(text))
}

/** The same of keys as bytes, of which only the first `length` count. */
export type KeyWriter = (writer: ByteWriter, key: Buffer, length: number) => void

export function createRawKeyWriter(): KeyWriter {
  const previous = Buffer.allocUnsafe(MAX_KEY)
  let previousLength = 0
  return (writer, key, length) => {
    const shared = sharedBytes(previous, 0, previousLength, key, 0, length)
    writeRestOfKey(writer, shared, key, 0, length)
    key.copy(previous, shared, shared, length)
    previousLength = length
  }
}

/** Writes the key a[start, end), of which it is known how many bytes it shares with the one before. */
export function writeRestOfKey(
  writer: ByteWriter,
  shared: number,
  a: Buffer,
  start: number,
  end: number,
): void {
  writeVarint(writer, shared)
  writeVarint(writer, end - start - shared)
  writeBytes(writer, a, start + shared, end)
}

/** How many bytes a[aStart, aEnd) and b[bStart, bEnd) share at their beginnings. */
export function sharedBytes(
  a: Buffer,
  aStart: number,
  aEnd: number,
  b: Buffer,
  bStart: number,
  bEnd: number,
): number {
  const most = Math.min(aEnd - aStart, bEnd - bStart)
  let shared = 0
  while (shared < most && a[aStart + shared] === b[bStart + shared]) shared += 1
  return shared
}

function isExpected(
  known: Known<unknown>,
  shared: number,
  length: number,
  bytes: Uint8Array,
  at: number,
): boolean {
  if (shared !== known.shared || length !== known.restLength) return false
  for (let i = 0; i < length; i += 1) if (known.bytes[known.at + i] !== bytes[at + i]) return false
  return true
}

function newKnown<T>(value: T): Known<T> {
  return { value, next: undefined, shared: 0, bytes: NONE, at: 0, restLength: 0 }
}

const NONE = new Uint8Array(0)

/** Nearly all keys are ASCII, which is read several times faster as Latin-1. */
export function textOfKey(key: Buffer, length: number): string {
  for (let i = 0; i < length; i += 1) if (key[i]! >= 0x80) return key.toString('utf8', 0, length)
  return key.toString('latin1', 0, length)
}

/** The kind of a series by the first byte of its key, as seriesKey writes it. */
export function kindOfMark(mark: number | undefined): Kind {
  switch (mark) {
    case 0x63:
      return 'count'
    case 0x6d:
      return 'measure'
    case 0x73:
      return 'sample'
    case 0x75:
      return 'unique'
    default:
      throw new PackedError('a packed window holds a series of no kind')
  }
}

function noSeries(): PackedError {
  return new PackedError('a packed window holds no series')
}
