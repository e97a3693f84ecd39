import { type ByteReader, PackedError, readFloat, readSigned, readVarint } from './byte-reader.ts'
import { type ByteWriter, writeByte, writeFloat, writeSigned, writeVarint } from './byte-writer.ts'
import { type Sum, addLow } from '../model/sum.ts'

/**
 * How the values of one cell are written. Log lines hold few digits: whole numbers, thousandths
 * (times, loads) or hundredths of a mebibyte (dyno memory); what is none of these takes eight bytes.
 */
const WHOLE = 0
const THOUSANDTHS = 1
const MEBIBYTE_HUNDREDTHS = 2
export const RAW = 3
export type Form = typeof WHOLE | typeof THOUSANDTHS | typeof MEBIBYTE_HUNDREDTHS | typeof RAW

const MEBIBYTE = 2 ** 20
const NANOS = 1e9
const NANOS_PER_MILLI = 1e6
const MICROS = 1000
const MAX_SIGNED = 2 ** 52
const MAX_MARKED = 2 ** 51

/** The shortest form that gives back all three numbers to the last bit. */
export function formOf(a: number, b: number, c: number): Form {
  if (fits(a, WHOLE) && fits(b, WHOLE) && fits(c, WHOLE)) return WHOLE
  if (fits(a, THOUSANDTHS) && fits(b, THOUSANDTHS) && fits(c, THOUSANDTHS)) return THOUSANDTHS
  const isMemory =
    fits(a, MEBIBYTE_HUNDREDTHS) && fits(b, MEBIBYTE_HUNDREDTHS) && fits(c, MEBIBYTE_HUNDREDTHS)
  return isMemory ? MEBIBYTE_HUNDREDTHS : RAW
}

export function writeNumber(writer: ByteWriter, value: number, form: Form): void {
  if (form === RAW) writeFloat(writer, value)
  else writeVarint(writer, digitsOf(value, form))
}

export function readNumber(reader: ByteReader, form: Form): number {
  return form === RAW ? readFloat(reader) : valueOf(readVarint(reader), form)
}

/** Writes a number that is at least `base`, which has the same form. */
export function writeAbove(writer: ByteWriter, value: number, base: number, form: Form): void {
  if (form === RAW) writeFloat(writer, value)
  else writeVarint(writer, digitsOf(value, form) - digitsOf(base, form))
}

export function readAbove(reader: ByteReader, base: number, form: Form): number {
  if (form === RAW) return readFloat(reader)
  return valueOf(digitsOf(base, form) + readVarint(reader), form)
}

/** Writes a sum: as one small number where it is whole or has only thousandths. */
export function writeSum(writer: ByteWriter, sum: Sum): void {
  const { high, low } = sum
  if (low === 0 && high >= 0 && high < MAX_MARKED) writeVarint(writer, high * 4)
  else {
    const millis = Math.floor(low / NANOS_PER_MILLI)
    if (millis * NANOS_PER_MILLI === low && high >= 0 && high < MAX_MARKED / 1000) {
      writeVarint(writer, (high * 1000 + millis) * 4 + 1)
    } else {
      writeVarint(writer, 2)
      writeFloat(writer, high)
      writeVarint(writer, low)
    }
  }
}

/** Adds what writeSum wrote. */
export function addSum(reader: ByteReader, into: Sum): void {
  const head = readVarint(reader)
  const mark = head % 4
  const value = (head - mark) / 4
  if (mark === 0) into.high += value
  else if (mark === 1) {
    const high = Math.floor(value / 1000)
    into.high += high
    addLow(into, (value - high * 1000) * NANOS_PER_MILLI)
  } else {
    const high = readFloat(reader)
    const low = readVarint(reader)
    if (mark !== 2 || low >= NANOS || !Number.isInteger(high)) {
      throw new PackedError('a packed window holds no sum')
    }
    into.high += high
    addLow(into, low)
  }
}

/** Goes on behind what writeSum wrote. */
export function skipSum(reader: ByteReader): void {
  const mark = readVarint(reader) % 4
  if (mark < 2) return
  readFloat(reader)
  readVarint(reader)
}

/** Writes a time (ms, with or without a fraction) as its distance from another. */
export function writeTime(writer: ByteWriter, time: number, base: number): void {
  const distance = microsOf(time) - microsOf(base)
  const isExact = microsOf(time) / MICROS === time && Math.abs(distance) < MAX_SIGNED
  if (isExact) writeSigned(writer, distance)
  else {
    // A distance that no time has: the number itself follows.
    writeSigned(writer, -MAX_SIGNED)
    writeFloat(writer, time)
  }
}

export function readTime(reader: ByteReader, base: number): number {
  const distance = readSigned(reader)
  return distance === -MAX_SIGNED ? readFloat(reader) : (microsOf(base) + distance) / MICROS
}

export function writeForm(writer: ByteWriter, form: Form, flags: number): void {
  writeByte(writer, form + flags * 4)
}

/** The form of a head; its flags stand above the lowest two bits. */
export function formIn(head: number): Form {
  return (head & 3) as Form
}

function fits(value: number, form: Form): boolean {
  if (!(value >= 0) || Object.is(value, -0)) return false
  const digits = digitsOf(value, form)
  return digits < MAX_SIGNED && valueOf(digits, form) === value
}

function digitsOf(value: number, form: Form): number {
  if (form === WHOLE) return Math.floor(value)
  return Math.floor((form === THOUSANDTHS ? value * 1000 : (value / MEBIBYTE) * 100) + 0.5)
}

function valueOf(digits: number, form: Form): number {
  if (form === WHOLE) return digits
  return form === THOUSANDTHS ? digits / 1000 : (digits / 100) * MEBIBYTE
}

function microsOf(time: number): number {
  return Math.round(time * MICROS)
}
