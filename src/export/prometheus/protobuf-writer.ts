import { type BodyWriter, reserve, writeAscii } from './body-writer.ts'

// Protobuf messages (https://protobuf.dev/programming-guides/encoding/). A nested message is written in
// place: one byte is kept for its length, and the message is moved up when that takes more.

const VARINT = 0
const FIXED64 = 1
const DELIMITED = 2
const MAX_SHORT = 64

/** A field of type uint32, uint64 or enum: a whole number up to 2^53. */
export function writeUint(writer: BodyWriter, field: number, value: number): void {
  writeVarint(writer, field * 8 + VARINT)
  writeVarint(writer, value)
}

/** A field of type sint32 or sint64: a whole number of up to 2^52, either way. */
export function writeSint(writer: BodyWriter, field: number, value: number): void {
  writeUint(writer, field, zigzag(value))
}

export function writeDouble(writer: BodyWriter, field: number, value: number): void {
  writeVarint(writer, field * 8 + FIXED64)
  reserve(writer, 8)
  writer.length = writer.bytes.writeDoubleLE(value, writer.length)
}

export function writeString(writer: BodyWriter, field: number, text: string): void {
  writeVarint(writer, field * 8 + DELIMITED)
  reserve(writer, text.length * 3 + 5)
  const start = openLength(writer)
  // Most strings are short and plain, and a call into the engine costs more than they do.
  if (text.length > MAX_SHORT || !writeAscii(writer, text))
    writer.length += writer.bytes.write(text, start, 'utf8')
  closeLength(writer, start)
}

/** A repeated sint64 field in packed form. */
export function writePackedSints(
  writer: BodyWriter,
  field: number,
  values: readonly number[],
): void {
  if (values.length === 0) return
  writeMessage(writer, field, () => {
    for (const value of values) writeVarint(writer, zigzag(value))
  })
}

export function writeMessage(writer: BodyWriter, field: number, write: () => void): void {
  writeVarint(writer, field * 8 + DELIMITED)
  writeDelimited(writer, write)
}

/** What stands before a message of so many bytes. */
export function writeMessageHead(writer: BodyWriter, field: number, size: number): void {
  writeVarint(writer, field * 8 + DELIMITED)
  writeVarint(writer, size)
}

/** A message with its length before it and no field: what a stream of messages is made of. */
function writeDelimited(writer: BodyWriter, write: () => void): void {
  const start = openLength(writer)
  write()
  closeLength(writer, start)
}

/** Begins what `closeLength` puts its length before. */
export function openLength(writer: BodyWriter): number {
  reserve(writer, 1)
  writer.length += 1
  return writer.length
}

export function closeLength(writer: BodyWriter, start: number): void {
  const size = writer.length - start
  const more = uintSize(size) - 1
  if (more > 0) {
    reserve(writer, more)
    writer.bytes.copyWithin(start + more, start, writer.length)
  }
  writer.length = start - 1
  writeVarint(writer, size)
  writer.length += size
}

function writeVarint(writer: BodyWriter, value: number): void {
  reserve(writer, 10)
  const { bytes } = writer
  let at = writer.length
  // Nearly all are so small, and integers are several times faster than numbers of up to 2^53.
  if (value < 0x80) {
    bytes[at] = value
    writer.length = at + 1
    return
  }
  let rest = value
  while (rest >= 0x80) {
    bytes[at++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  bytes[at++] = rest
  writer.length = at
}

/** What writeUint takes for a value, without its field. */
export function uintSize(value: number): number {
  let size = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size += 1
  return size
}

/** The same of writeSint. */
export function sintSize(value: number): number {
  return uintSize(zigzag(value))
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value
}
