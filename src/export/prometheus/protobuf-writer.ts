/**
 * Writes protobuf messages (https://protobuf.dev/programming-guides/encoding/) into one growing
 * buffer. A nested message is written in place: one byte is kept for its length, and the message is
 * moved up when that takes more.
 */
export interface ProtobufWriter {
  bytes: Buffer
  length: number
}

const VARINT = 0
const FIXED64 = 1
const DELIMITED = 2
const MAX_ASCII = 64

export function createWriter(): ProtobufWriter {
  return { bytes: Buffer.allocUnsafe(4096), length: 0 }
}

export function writtenBytes({ bytes, length }: ProtobufWriter): Buffer {
  return bytes.subarray(0, length)
}

/** A field of type uint32, uint64 or enum: a whole number up to 2^53. */
export function writeUint(writer: ProtobufWriter, field: number, value: number): void {
  writeVarint(writer, field * 8 + VARINT)
  writeVarint(writer, value)
}

/** A field of type sint32 or sint64: a whole number of up to 2^52, either way. */
export function writeSint(writer: ProtobufWriter, field: number, value: number): void {
  writeUint(writer, field, zigzag(value))
}

export function writeDouble(writer: ProtobufWriter, field: number, value: number): void {
  writeVarint(writer, field * 8 + FIXED64)
  reserve(writer, 8)
  writer.length = writer.bytes.writeDoubleLE(value, writer.length)
}

export function writeString(writer: ProtobufWriter, field: number, text: string): void {
  writeVarint(writer, field * 8 + DELIMITED)
  reserve(writer, text.length * 3 + 5)
  const start = openLength(writer)
  if (!writeAscii(writer, text)) writer.length += writer.bytes.write(text, start, 'utf8')
  closeLength(writer, start)
}

/** Most strings are short and plain, and a call into the engine costs more than they do. */
function writeAscii(writer: ProtobufWriter, text: string): boolean {
  if (text.length > MAX_ASCII) return false
  const { bytes, length } = writer
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (code > 127) return false
    bytes[length + i] = code
  }
  writer.length = length + text.length
  return true
}

/** A repeated sint64 field in packed form. */
export function writePackedSints(
  writer: ProtobufWriter,
  field: number,
  values: readonly number[],
): void {
  if (values.length === 0) return
  writeMessage(writer, field, () => {
    for (const value of values) writeVarint(writer, zigzag(value))
  })
}

export function writeMessage(writer: ProtobufWriter, field: number, write: () => void): void {
  writeVarint(writer, field * 8 + DELIMITED)
  writeDelimited(writer, write)
}

/** What stands before a message of so many bytes. */
export function writeMessageHead(writer: ProtobufWriter, field: number, size: number): void {
  writeVarint(writer, field * 8 + DELIMITED)
  writeVarint(writer, size)
}

/** A message with its length before it and no field: what a stream of messages is made of. */
export function writeDelimited(writer: ProtobufWriter, write: () => void): void {
  reserve(writer, 1)
  const start = openLength(writer)
  write()
  closeLength(writer, start)
}

function openLength(writer: ProtobufWriter): number {
  writer.length += 1
  return writer.length
}

function closeLength(writer: ProtobufWriter, start: number): void {
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

function writeVarint(writer: ProtobufWriter, value: number): void {
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

export function reserve(writer: ProtobufWriter, more: number): void {
  const needed = writer.length + more
  if (needed <= writer.bytes.length) return
  const bytes = Buffer.allocUnsafe(Math.max(needed, writer.bytes.length * 2))
  writer.bytes.copy(bytes, 0, 0, writer.length)
  writer.bytes = bytes
}
