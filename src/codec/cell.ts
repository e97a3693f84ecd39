import type { Cell } from '../model/cell.ts'
import { type Gauge, noteLast } from '../model/gauge.ts'
import type { Kind } from '../model/series.ts'
import {
  REGISTERS,
  SPARSE_LIMIT,
  type Unique,
  addToUnique,
  createUnique,
  mergeUnique,
} from '../model/unique.ts'
import { type ByteReader, PackedError, readByte, readCount, skipBytes } from './byte-reader.ts'
import { type ByteWriter, writeBytes, writeVarint } from './byte-writer.ts'
import {
  type Form,
  RAW,
  formIn,
  formOf,
  readAbove,
  readNumber,
  addSum,
  readTime,
  skipSum,
  writeAbove,
  writeForm,
  writeNumber,
  writeSum,
  writeTime,
} from './number.ts'
import { addSketch, skipSketch, writeSketch } from './sketch.ts'

const MAX_REGISTER = 41
const HASH_BYTES = 7
const MAX_HASH = 2 ** 52

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

/** Adds what writeCell wrote to a cell, which has to be of its kind. */
export function addPackedCell(reader: ByteReader, into: Cell, base: number): void {
  if (into.kind === 'count') addSum(reader, into)
  else if (into.kind === 'measure') addSketch(reader, into)
  else if (into.kind === 'sample') addGauge(reader, into, base)
  else addUnique(reader, into)
}

/** Goes on behind what writeCell wrote. */
export function skipCell(reader: ByteReader, kind: Kind): void {
  if (kind === 'count') skipSum(reader)
  else if (kind === 'measure') skipSketch(reader)
  else if (kind === 'sample') skipGauge(reader)
  else skipUnique(reader)
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

function addGauge(reader: ByteReader, into: Gauge, base: number): void {
  const head = readByte(reader)
  const form = formIn(head)
  if (head >> 2 === IS_EMPTY) return
  const time = readTime(reader, base)
  const last = readNumber(reader, form)
  noteLast(into, last, time)
  const min = head >> 2 === IS_ONE ? last : readNumber(reader, form)
  const max = head >> 2 === IS_ONE ? last : readAbove(reader, min, form)
  if (min < into.min) into.min = min
  if (max > into.max) into.max = max
}

function skipGauge(reader: ByteReader): void {
  const head = readByte(reader)
  const form = formIn(head)
  if (head >> 2 === IS_EMPTY) return
  readTime(reader, 0)
  readNumber(reader, form)
  if (head >> 2 === IS_ONE) return
  readNumber(reader, form)
  readAbove(reader, 0, form)
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

function addUnique(reader: ByteReader, into: Unique): void {
  const size = readCount(reader, SPARSE_LIMIT + 1)
  if (size > SPARSE_LIMIT) {
    const at = skipBytes(reader, REGISTERS)
    const registers = reader.bytes.subarray(at, at + REGISTERS)
    if (registers.some((register) => register > MAX_REGISTER)) {
      throw new PackedError('a packed window holds no registers')
    }
    mergeUnique(into, { ...createUnique(), registers })
    return
  }
  for (let i = 0; i < size; i += 1) {
    const at = skipBytes(reader, HASH_BYTES)
    const low = reader.bytes.readUIntLE(at, 4)
    const hash = reader.bytes.readUIntLE(at + 4, 3) * 2 ** 28 + low
    if (low >= 2 ** 28 || hash >= MAX_HASH) throw new PackedError('a packed window holds no hash')
    addToUnique(into, hash)
  }
}

function skipUnique(reader: ByteReader): void {
  const size = readCount(reader, SPARSE_LIMIT + 1)
  skipBytes(reader, size > SPARSE_LIMIT ? REGISTERS : size * HASH_BYTES)
}
