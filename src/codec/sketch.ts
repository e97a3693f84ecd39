import {
  type Buckets,
  addToPlace,
  createBuckets,
  sortedFew,
  widenBuckets,
} from '../model/bucket-counts.ts'
import type { Sketch } from '../model/sketch.ts'
import {
  type ByteReader,
  PackedError,
  readByte,
  readSigned,
  readSmall,
  readVarint,
} from './byte-reader.ts'
import { type ByteWriter, writeSigned, writeVarint } from './byte-writer.ts'
import {
  RAW,
  addSum,
  formIn,
  formOf,
  readAbove,
  readNumber,
  skipSum,
  writeAbove,
  writeForm,
  writeNumber,
  writeSum,
} from './number.ts'

/** Buckets of 2^-30 to 2^40, as buckets.ts bounds magnitudes, with room for rounding. */
const LOWEST_BUCKET = -1024
const HIGHEST_BUCKET = 1344

const HAS_ZEROS = 1
const HAS_NEGATIVE = 2
/** The values are all the same one. */
const IS_ONE = 4
const IS_EMPTY = 8

/** Writes a distribution. Its count isn't written: it is the zeros and what stands in the buckets. */
export function writeSketch(writer: ByteWriter, sketch: Sketch): void {
  if (sketch.count === 0) return writeForm(writer, RAW, IS_EMPTY)
  const isOne = sketch.min === sketch.max
  const form = formOf(sketch.min, sketch.max, sketch.max)
  const flags =
    (sketch.zeros > 0 ? HAS_ZEROS : 0) +
    (sketch.negative === undefined ? 0 : HAS_NEGATIVE) +
    (isOne ? IS_ONE : 0)
  writeForm(writer, form, flags)
  writeNumber(writer, sketch.min, form)
  if (!isOne) writeAbove(writer, sketch.max, sketch.min, form)
  writeSum(writer, sketch)
  if (sketch.zeros > 0) writeVarint(writer, sketch.zeros)
  if (sketch.negative !== undefined) writeBuckets(writer, sketch.negative)
  writeBuckets(writer, sketch.positive)
}

/** Adds what writeSketch wrote. */
export function addSketch(reader: ByteReader, into: Sketch): void {
  const head = readByte(reader)
  const form = formIn(head)
  const flags = head >> 2
  if (flags === IS_EMPTY) return
  const min = readNumber(reader, form)
  const max = flags & IS_ONE ? min : readAbove(reader, min, form)
  if (min < into.min) into.min = min
  if (max > into.max) into.max = max
  addSum(reader, into)
  const zeros = flags & HAS_ZEROS ? readVarint(reader) : 0
  into.zeros += zeros
  into.count += zeros
  if (flags & HAS_NEGATIVE) {
    into.negative ??= createBuckets()
    into.count += addBuckets(reader, into.negative)
  }
  into.count += addBuckets(reader, into.positive)
}

export function skipSketch(reader: ByteReader): void {
  const head = readByte(reader)
  const form = formIn(head)
  const flags = head >> 2
  if (flags === IS_EMPTY) return
  readNumber(reader, form)
  if (!(flags & IS_ONE)) readAbove(reader, 0, form)
  skipSum(reader)
  if (flags & HAS_ZEROS) readVarint(reader)
  if (flags & HAS_NEGATIVE) skipBuckets(reader)
  skipBuckets(reader)
}

// How many buckets from the first to the last used one (0 for none) and the first; then for each used
// one the distance to the one before, with a bit that says whether its count is 1 or follows.
function writeBuckets(writer: ByteWriter, buckets: Buckets): void {
  const few = sortedFew(buckets)
  if (few !== undefined) return writeFew(writer, buckets, few)
  const { counts, offset } = buckets
  let first = buckets.low - offset
  let last = buckets.high - offset
  while (first <= last && counts[first] === 0) first += 1
  while (first <= last && counts[last] === 0) last -= 1
  writeVarint(writer, last - first + 1)
  if (first > last) return undefined
  writeSigned(writer, first + offset)
  let previous = first - 1
  for (let at = first; at <= last; at += 1) {
    const count = counts[at]!
    if (count === 0) continue
    writeBucket(writer, at - previous, count)
    previous = at
  }
  return undefined
}

function writeFew(writer: ByteWriter, { counts, offset, fewUsed }: Buckets, few: Int16Array): void {
  if (fewUsed === 0) return writeVarint(writer, 0)
  const first = few[0]!
  writeVarint(writer, few[fewUsed - 1]! - first + 1)
  writeSigned(writer, first)
  let previous = first - 1
  for (let i = 0; i < fewUsed; i += 1) {
    const bucket = few[i]!
    writeBucket(writer, bucket - previous, counts[bucket - offset]!)
    previous = bucket
  }
  return undefined
}

function writeBucket(writer: ByteWriter, distance: number, count: number): void {
  const gap = (distance - 1) * 2
  if (count === 1) writeVarint(writer, gap)
  else {
    writeVarint(writer, gap + 1)
    writeVarint(writer, count - 2)
  }
}

/** Returns how many values they hold. */
function addBuckets(reader: ByteReader, into: Buckets): number {
  const width = readSmall(reader)
  if (width === 0) return 0
  const low = readLow(reader, width)
  widenBuckets(into, low, low + width - 1)
  const last = low - into.offset + width - 1
  let place = low - into.offset - 1
  let total = 0
  while (place < last) {
    const code = readSmall(reader)
    place += (code >> 1) + 1
    if (place > last) throw noBuckets()
    const count = (code & 1) === 0 ? 1 : readVarint(reader) + 2
    addToPlace(into, place, count)
    total += count
  }
  return total
}

function readLow(reader: ByteReader, width: number): number {
  const low = readSigned(reader)
  if (low < LOWEST_BUCKET || low + width - 1 > HIGHEST_BUCKET) throw noBuckets()
  return low | 0
}

function skipBuckets(reader: ByteReader): void {
  const width = readSmall(reader)
  if (width === 0) return
  readLow(reader, width)
  let place = -1
  while (place < width - 1) {
    const code = readSmall(reader)
    place += (code >> 1) + 1
    if ((code & 1) === 1) readVarint(reader)
  }
}

function noBuckets(): PackedError {
  return new PackedError('a packed window holds no buckets')
}
