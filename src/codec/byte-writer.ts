/** Bytes being written; `bytes` grows as needed, and a writer is used again from `at` 0. */
export interface ByteWriter {
  bytes: Buffer
  at: number
}

const FIRST_SIZE = 16_384
const MAX_VARINT = 8
const FLOAT = 8

export function createByteWriter(size = FIRST_SIZE): ByteWriter {
  return { bytes: Buffer.allocUnsafeSlow(size), at: 0 }
}

/** What was written, as a copy of its own. */
export function writtenBytes(writer: ByteWriter, from = 0): Buffer {
  return Buffer.from(writer.bytes.subarray(from, writer.at))
}

export function writeByte(writer: ByteWriter, byte: number): void {
  reserve(writer, 1)
  writer.bytes[writer.at++] = byte
}

/** Writes a whole number of 0 to 2^53 - 1, seven bits a byte, the lowest first. */
export function writeVarint(writer: ByteWriter, value: number): void {
  reserve(writer, MAX_VARINT)
  const { bytes } = writer
  if (value < 0x80) {
    bytes[writer.at++] = value
    return
  }
  let rest = value
  // Beyond 31 bits, bit operations would lose the upper ones.
  while (rest >= 0x8000_0000) {
    bytes[writer.at++] = (rest % 0x80) | 0x80
    rest = Math.floor(rest / 0x80)
  }
  while (rest >= 0x80) {
    bytes[writer.at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  bytes[writer.at++] = rest
}

/** Writes a whole number of at most 2^52 in magnitude; the sign is the lowest bit. */
export function writeSigned(writer: ByteWriter, value: number): void {
  writeVarint(writer, value < 0 ? -value * 2 - 1 : value * 2)
}

/** Writes any number, bit by bit. */
export function writeFloat(writer: ByteWriter, value: number): void {
  reserve(writer, FLOAT)
  writer.at = writer.bytes.writeDoubleLE(value, writer.at)
}

/** Writes bytes[from, to). */
export function writeBytes(
  writer: ByteWriter,
  bytes: Uint8Array,
  from = 0,
  to = bytes.length,
): void {
  const length = to - from
  reserve(writer, length)
  if (length > 32) writer.bytes.set(bytes.subarray(from, to), writer.at)
  else for (let i = 0; i < length; i += 1) writer.bytes[writer.at + i] = bytes[from + i]!
  writer.at += length
}

/** Writes text as its length in bytes and UTF-8. */
export function writeText(writer: ByteWriter, text: string): void {
  const bytes = Buffer.from(text)
  writeVarint(writer, bytes.length)
  writeBytes(writer, bytes)
}

function reserve(writer: ByteWriter, length: number): void {
  if (writer.at + length <= writer.bytes.length) return
  const bytes = Buffer.allocUnsafeSlow(Math.max(writer.bytes.length * 2, writer.at + length))
  writer.bytes.copy(bytes, 0, 0, writer.at)
  writer.bytes = bytes
}
