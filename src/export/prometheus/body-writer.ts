/**
 * A part of an answer's body while it is written, one growing buffer: text that is put together as
 * strings first costs several times as much, most of it for the garbage.
 */
export interface BodyWriter {
  bytes: Buffer
  length: number
}

const FIRST_BYTES = 65_536
/** A call into the engine costs as much as writing so many characters here. */
const MAX_SHORT = 16
/** UTF-8 of one UTF-16 unit takes no more. */
const MOST_BYTES = 3
const MAX_SMALL = 2 ** 31
const ZERO = 48

export function createBodyWriter(): BodyWriter {
  return { bytes: Buffer.allocUnsafe(FIRST_BYTES), length: 0 }
}

/** What was written since the last time, as a copy of its own; `writer` begins anew. */
export function takeWritten(writer: BodyWriter): Buffer {
  const written = Buffer.from(writer.bytes.subarray(0, writer.length))
  writer.length = 0
  return written
}

/** Makes room for so many bytes more. */
export function reserve(writer: BodyWriter, more: number): void {
  const needed = writer.length + more
  if (needed <= writer.bytes.length) return
  const bytes = Buffer.allocUnsafe(Math.max(needed, writer.bytes.length * 4))
  writer.bytes.copy(bytes, 0, 0, writer.length)
  writer.bytes = bytes
}

/** Writes text as UTF-8. */
export function writeText(writer: BodyWriter, text: string): void {
  reserve(writer, text.length * MOST_BYTES)
  if (text.length <= MAX_SHORT && writeAscii(writer, text)) return
  writer.length += writer.bytes.write(text, writer.length)
}

/** Writes text of which each character is a byte. */
export function writeLatin1(writer: BodyWriter, text: string): void {
  reserve(writer, text.length)
  writer.length += writer.bytes.write(text, writer.length, 'latin1')
}

/** False, with nothing written, when it isn't ASCII. There has to be room. */
export function writeAscii(writer: BodyWriter, text: string): boolean {
  const { bytes, length } = writer
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (code > 127) return false
    bytes[length + i] = code
  }
  writer.length = length + text.length
  return true
}

export function writeByte(writer: BodyWriter, byte: number): void {
  reserve(writer, 1)
  writer.bytes[writer.length++] = byte
}

export function writeBytes(writer: BodyWriter, from: Uint8Array): void {
  reserve(writer, from.length)
  writer.bytes.set(from, writer.length)
  writer.length += from.length
}

/** Writes once more what stands between two places. */
export function writeAgain(writer: BodyWriter, start: number, end: number): void {
  reserve(writer, end - start)
  writer.bytes.copyWithin(writer.length, start, end)
  writer.length += end - start
}

/** Writes a number as String does. */
export function writeNumber(writer: BodyWriter, value: number): void {
  if (value >= 0 && value < MAX_SMALL && value === (value | 0)) {
    writeSmall(writer, value)
  } else writeText(writer, String(value))
}

function writeSmall(writer: BodyWriter, value: number): void {
  let digits = 1
  for (let above = 10; above <= value; above *= 10) digits += 1
  reserve(writer, digits)
  const { bytes } = writer
  let rest = value | 0
  for (let at = writer.length + digits - 1; at >= writer.length; at -= 1) {
    const next = (rest / 10) | 0
    bytes[at] = ZERO + rest - next * 10
    rest = next
  }
  writer.length += digits
}
