import type { Cell } from '../model/cell.ts'
import type { Gauge } from '../model/gauge.ts'
import { type Buckets, type Sketch, createBuckets } from '../model/sketch.ts'
import { REGISTERS, SPARSE_LIMIT, type Unique, addToUnique } from '../model/unique.ts'
import {
  type ByteReader,
  PackedError,
  readByte,
  readCount,
  readSigned,
  readVarint,
  skipBytes,
} from './byte-reader.ts'
import { type ByteWriter, writeBytes, writeSigned, writeVarint } from './byte-writer.ts'
import {
  type Form,
  RAW,
  formIn,
  formOf,
  readAbove,
  readNumber,
  readSum,
  readTime,
  writeAbove,
  writeForm,
  writeNumber,
  writeSum,
  writeTime,
} from './packed-number.ts'

/** Buckets of 2^-30 to 2^40, as buckets.ts bounds magnitudes, with room for rounding. */
const LOWEST_BUCKET = -1024
const HIGHEST_BUCKET = 1344
/** Buckets to spare, for values that will be added. */
const ROOM = 4
const MAX_REGISTER = 41
const HASH_BYTES = 7
const MAX_HASH = 2 ** 52

const HAS_ZEROS = 1
const HAS_NEGATIVE = 2
/** The values are all the same one. */
const IS_ONE = 4
const IS_EMPTY = 8

/** Writes what one series holds; `base` is a time near those of the window's lines. */
export function writeCell(writer: ByteWriter, cell: Cell, base: number): void {
  if (cell.kind === 'count') writeSum(writer, cell)
  else if (cell.kind === 'measure') writeSketch(writer, cell)
  else if (cell.kind === 'sample') writeGauge(writer, cell, base)
  else writeUnique(writer, cell)
}

/** Reads what writeCell wrote into a cell that is empty. */
export function readCell(reader: ByteReader, cell: Cell, base: number): void {
  if (cell.kind === 'count') readSum(reader, cell)
  else if (cell.kind === 'measure') readSketch(reader, cell)
  else if (cell.kind === 'sample') readGauge(reader, cell, base)
  else readUnique(reader, cell)
}

// The count isn't written: it is the zeros and what stands in the buckets.
function writeSketch(writer: ByteWriter, sketch: Sketch): void {
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

function readSketch(reader: ByteReader, sketch: Sketch): void {
  const head = readByte(reader)
  const form = formIn(head)
  const flags = head >> 2
  if (flags === IS_EMPTY) return
  sketch.min = readNumber(reader, form)
  sketch.max = flags & IS_ONE ? sketch.min : readAbove(reader, sketch.min, form)
  readSum(reader, sketch)
  sketch.zeros = flags & HAS_ZEROS ? readVarint(reader) : 0
  sketch.count = sketch.zeros
  if (flags & HAS_NEGATIVE) {
    sketch.negative = createBuckets()
    sketch.count += readBuckets(reader, sketch.negative)
  }
  sketch.count += readBuckets(reader, sketch.positive)
}

// How many buckets from the first to the last used one (0 for none) and the first; then for each used
// one the distance to the one before, with a bit that says whether its count is 1 or follows.
function writeBuckets(writer: ByteWriter, buckets: Buckets): void {
  const { counts, offset } = buckets
  let first = buckets.low - offset
  let last = buckets.high - offset
  while (first <= last && counts[first] === 0) first += 1
  while (first <= last && counts[last] === 0) last -= 1
  writeVarint(writer, last - first + 1)
  if (first > last) return
  writeSigned(writer, first + offset)
  let previous = first - 1
  for (let at = first; at <= last; at += 1) {
    const count = counts[at]!
    if (count === 0) continue
    const gap = (at - previous - 1) * 2
    previous = at
    if (count === 1) writeVarint(writer, gap)
    else {
      writeVarint(writer, gap + 1)
      writeVarint(writer, count - 2)
    }
  }
}

/** Reads into buckets that are empty; returns how many values they hold. */
function readBuckets(reader: ByteReader, buckets: Buckets): number {
  const width = readVarint(reader)
  if (width === 0) return 0
  const low = readSigned(reader)
  if (low < LOWEST_BUCKET || low + width - 1 > HIGHEST_BUCKET) throw noBuckets()
  if (buckets.counts.length < width) buckets.counts = new Float64Array(width + ROOM)
  buckets.offset = low
  buckets.low = low
  buckets.high = low + width - 1
  buckets.fewUsed = -1
  const { counts } = buckets
  let total = 0
  let at = -1
  while (at < width - 1) {
    const code = readVarint(reader)
    at += Math.floor(code / 2) + 1
    if (at >= width) throw noBuckets()
    const count = code % 2 === 0 ? 1 : readVarint(reader) + 2
    counts[at] = count
    total += count
  }
  return total
}

function writeGauge(writer: ByteWriter, gauge: Gauge, base: number): void {
  const { last, min, max, time } = gauge
  if (time === -Infinity) return writeForm(writer, RAW, IS_EMPTY)
  const isOne = last === min && last === max
  const form: Form = formOf(last, min, max)
  writeForm(writer, form, isOne ? IS_ONE : 0)
  writeTime(writer, time, base)
  writeNumber(writer, last, form)
  if (isOne) return
  writeNumber(writer, min, form)
  writeAbove(writer, max, min, form)
}

function readGauge(reader: ByteReader, gauge: Gauge, base: number): void {
  const head = readByte(reader)
  const form = formIn(head)
  if (head >> 2 === IS_EMPTY) return
  gauge.time = readTime(reader, base)
  gauge.last = readNumber(reader, form)
  gauge.min = gauge.last
  gauge.max = gauge.last
  if (head >> 2 === IS_ONE) return
  gauge.min = readNumber(reader, form)
  gauge.max = readAbove(reader, gauge.min, form)
}

function writeUnique(writer: ByteWriter, unique: Unique): void {
  if (unique.registers !== undefined) {
    writeVarint(writer, SPARSE_LIMIT + 1)
    return writeBytes(writer, unique.registers)
  }
  writeVarint(writer, unique.hashes.size)
  const bytes = Buffer.allocUnsafe(HASH_BYTES)
  // Sorted, so that equal windows are equal bytes.
  for (const hash of [...unique.hashes].toSorted((a, b) => a - b)) {
    bytes.writeUIntLE(hash % 2 ** 28, 0, 4)
    bytes.writeUIntLE(Math.floor(hash / 2 ** 28), 4, 3)
    writeBytes(writer, bytes)
  }
}

function readUnique(reader: ByteReader, unique: Unique): void {
  const size = readCount(reader, SPARSE_LIMIT + 1)
  if (size > SPARSE_LIMIT) {
    const at = skipBytes(reader, REGISTERS)
    unique.registers = new Uint8Array(reader.bytes.subarray(at, at + REGISTERS))
    if (unique.registers.some((register) => register > MAX_REGISTER)) {
      throw new PackedError('a packed window holds no registers')
    }
    return
  }
  for (let i = 0; i < size; i += 1) {
    const at = skipBytes(reader, HASH_BYTES)
    const low = reader.bytes.readUIntLE(at, 4)
    const hash = reader.bytes.readUIntLE(at + 4, 3) * 2 ** 28 + low
    if (low >= 2 ** 28 || hash >= MAX_HASH) throw new PackedError('a packed window holds no hash')
    addToUnique(unique, hash)
  }
}

function noBuckets(): PackedError {
  return new PackedError('a packed window holds no buckets')
}
