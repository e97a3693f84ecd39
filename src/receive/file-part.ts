import { closeSync, openSync, readSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import type { ChunkSink } from './files.ts'

/** A stretch of a file: the lines that start in [from, to), as byte offsets. */
export interface FilePart {
  readonly from: number
  readonly to: number
}

const NEWLINE = 10
const CHUNK = 256 * 1024
/** Signals and messages are let in after this many bytes. */
const TURN = 8 * 1024 * 1024

/** Cuts a file of `size` bytes into `count` parts of about the same length. */
export function partsOf(size: number, count: number): FilePart[] {
  const edge = (i: number) => Math.floor((size * i) / count)
  return Array.from({ length: count }, (_, i) => ({ from: edge(i), to: edge(i + 1) }))
}

/** Gives the bytes of the lines of one part: from the first line that starts in it past its end to a newline. */
export async function readPart(
  path: string,
  part: FilePart,
  sink: ChunkSink,
  signal: AbortSignal,
): Promise<void> {
  if (part.to <= part.from) return
  const fd = openSync(path, 'r')
  try {
    const buffer = Buffer.allocUnsafe(CHUNK)
    // The line that the byte before the part belongs to is the one before's.
    let at = Math.max(0, part.from - 1)
    let started = part.from === 0
    for (let turn = 0; !signal.aborted;) {
      const length = readSync(fd, buffer, 0, CHUNK, at)
      if (length === 0) return
      let start = 0
      if (!started) {
        const newline = buffer.subarray(0, length).indexOf(NEWLINE)
        started = newline >= 0
        start = started ? newline + 1 : length
      }
      const end = endOfPart(buffer, length, at, part.to)
      sink.onChunk(buffer.subarray(start, end < 0 ? length : Math.max(start, end)))
      sink.onRead(Math.max(0, Math.min(at + length, part.to) - Math.max(at, part.from)))
      if (end >= 0) return
      at += length
      turn += length
      if (turn < TURN) continue
      turn = 0
      await setImmediate()
    }
  } finally {
    closeSync(fd)
  }
}

/** Where in the chunk at offset `at` the part's last line ends; -1 when that is further on. */
function endOfPart(buffer: Buffer, length: number, at: number, to: number): number {
  const last = to - 1 - at
  if (last >= length) return -1
  const newline = buffer.subarray(0, length).indexOf(NEWLINE, Math.max(0, last))
  return newline < 0 ? -1 : newline + 1
}
