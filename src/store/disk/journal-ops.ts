import {
  type ByteReader,
  PackedError,
  readByte,
  readText,
  readVarint,
  skipBytes,
} from '../../codec/byte-reader.ts'
import {
  type ByteWriter,
  writeByte,
  writeBytes,
  writeText,
  writeVarint,
} from '../../codec/byte-writer.ts'

/**
 * One write of a batch. A batch is a record of type `batch` (docs/format/window.md): its writes are on disk
 * together or not at all.
 */
export type JournalOp =
  | { readonly op: 'put'; readonly key: string; readonly expires: number; readonly value: Buffer }
  | {
      readonly op: 'append'
      readonly key: string
      readonly expires: number
      readonly value: Buffer
    }
  | { readonly op: 'delete'; readonly key: string }
  /** The hash of a body id that was committed at `time`, s since 1970. */
  | { readonly op: 'id'; readonly app: string; readonly time: number; readonly id: Buffer }
  /** First of each segment: how long the segment before it is, bytes. */
  | { readonly op: 'segment'; readonly before: number }

const OPS = ['put', 'append', 'delete', 'id', 'segment'] as const
export const ID_BYTES = 12

/** Writes a batch's content. */
export function writeOps(writer: ByteWriter, ops: readonly JournalOp[]): void {
  for (const op of ops) {
    writeByte(writer, OPS.indexOf(op.op))
    if (op.op === 'segment') writeVarint(writer, op.before)
    else if (op.op === 'id') {
      writeText(writer, op.app)
      writeVarint(writer, op.time)
      writeBytes(writer, op.id)
    } else {
      writeText(writer, op.key)
      if (op.op === 'delete') continue
      writeVarint(writer, op.expires)
      writeVarint(writer, op.value.length)
      writeBytes(writer, op.value)
    }
  }
}

/** Reads a batch's content; values are not copied. Throws PackedError. */
export function readOps(reader: ByteReader): JournalOp[] {
  const ops: JournalOp[] = []
  while (reader.at < reader.end) {
    const op = OPS[readByte(reader)]
    if (op === undefined) throw new PackedError('a journal holds a write of an unknown kind')
    if (op === 'segment') ops.push({ op, before: readVarint(reader) })
    else if (op === 'id') {
      const app = readText(reader)
      const time = readVarint(reader)
      ops.push({ op, app, time, id: take(reader, ID_BYTES) })
    } else {
      const key = readText(reader)
      if (op === 'delete') ops.push({ op, key })
      else {
        const expires = readVarint(reader)
        ops.push({ op, key, expires, value: take(reader, readVarint(reader)) })
      }
    }
  }
  return ops
}

function take(reader: ByteReader, length: number): Buffer {
  const at = skipBytes(reader, length)
  return reader.bytes.subarray(at, at + length)
}
