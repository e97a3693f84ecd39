/** A place in bytes that somebody else wrote: nothing about them is taken for granted. */
export interface ByteReader {
  readonly bytes: Buffer
  at: number
  end: number
}

/** The bytes are no packed window, or only a part of one. */
export class PackedError extends Error {
  override name = 'PackedError'
}

const MAX_VARINT_SHIFT = 2 ** 49
const MAX_SMALL = 2 ** 31 - 1

export function createByteReader(bytes: Uint8Array): ByteReader {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return { bytes: buffer, at: 0, end: buffer.length }
}

export function readByte(reader: ByteReader): number {
  if (reader.at >= reader.end) throw new PackedError('a packed window ends too early')
  return reader.bytes[reader.at++]!
}

/** A whole number of 0 to 2^53 - 1. */
export function readVarint(reader: ByteReader): number {
  const { bytes, at } = reader
  // Nearly all are so small, and integers are several times faster than numbers of up to 2^53.
  if (reader.end - at > 2) {
    const first = bytes[at]!
    if (first < 0x80) {
      reader.at = at + 1
      return first
    }
    const second = bytes[at + 1]!
    if (second < 0x80) {
      reader.at = at + 2
      return (first & 0x7f) | (second << 7)
    }
    const third = bytes[at + 2]!
    if (third < 0x80) {
      reader.at = at + 3
      return (first & 0x7f) | ((second & 0x7f) << 7) | (third << 14)
    }
  }
  return readLong(reader)
}

function readLong(reader: ByteReader): number {
  let byte = readByte(reader)
  if (byte < 0x80) return byte
  let value = byte & 0x7f
  let shift = 0x80
  do {
    byte = readByte(reader)
    value += (byte & 0x7f) * shift
    if (shift > MAX_VARINT_SHIFT || value > Number.MAX_SAFE_INTEGER) {
      throw new PackedError('a packed window holds a number that is too large')
    }
    shift *= 0x80
  } while (byte >= 0x80)
  return value
}

/**
 * A whole number of 0 to 2^31 - 1, as lengths and counts are. That it is so small lets V8 reckon with
 * integers, which is what reading a window takes most of its time for.
 */
export function readSmall(reader: ByteReader): number {
  const { at } = reader
  if (at >= reader.end) throw new PackedError('a packed window ends too early')
  const byte = reader.bytes[at]!
  if (byte >= 0x80) return small(readVarint(reader))
  reader.at = at + 1
  return byte
}

function small(value: number): number {
  if (value > MAX_SMALL) throw new PackedError('a packed window holds a number that is too large')
  return value | 0
}

/** A whole number of at most 2^52 in magnitude, as writeSigned wrote it. */
export function readSigned(reader: ByteReader): number {
  const value = readVarint(reader)
  if (value <= MAX_SMALL) return (value & 1) === 1 ? -(value >> 1) - 1 : value >> 1
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2
}

/** A whole number of at most `max`, which stands for the number of things that follow. */
export function readCount(reader: ByteReader, max = Infinity): number {
  const count = readSmall(reader)
  // Each thing takes at least a byte, so that a count can't make anyone allocate more than came.
  if (count > max || count > reader.end - reader.at) {
    throw new PackedError('a packed window holds less than it says')
  }
  return count
}

/** A finite number. */
export function readFloat(reader: ByteReader): number {
  const at = skipBytes(reader, 8)
  const value = reader.bytes.readDoubleLE(at)
  if (!Number.isFinite(value)) throw new PackedError('a packed window holds no number')
  return value
}

/** Text as writeText wrote it; what is no UTF-8 becomes U+FFFD. */
export function readText(reader: ByteReader): string {
  const length = readVarint(reader)
  const at = skipBytes(reader, length)
  return reader.bytes.toString('utf8', at, at + length)
}

/** Goes on by `length` bytes; returns where they start. */
export function skipBytes(reader: ByteReader, length: number): number {
  const { at } = reader
  if (length > reader.end - at) throw new PackedError('a packed window ends too early')
  reader.at = at + length
  return at
}
