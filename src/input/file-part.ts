import { closeSync, openSync, readSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { CHUNK, type ChunkSink, InputError, TURN, inputError, nameOf } from './files.ts'

/** A stretch of a file: the lines that start in [from, to), as byte offsets. */
export interface FilePart {
  readonly from: number
  readonly to: number
}

const NEWLINE = 10

/** Cuts a file of `size` bytes into parts of `length` bytes, and the rest. */
export function partsOf(size: number, length: number): FilePart[] {
  return Array.from({ length: Math.ceil(size / length) }, (_, i) => ({
    from: i * length,
    to: Math.min(size, (i + 1) * length),
  }))
}

/**
 * Gives the bytes of the lines of those parts that `next` names, until it names none: of each from the
 * first line that starts in it past its end to a newline. `onPart` is called before each. Rejects with
 * InputError when the file can't be read, or not to its end any more.
 */
export async function readParts(
  path: string,
  next: () => FilePart | undefined,
  sink: ChunkSink & { readonly onPart: () => void },
  signal: AbortSignal,
): Promise<void> {
  const fd = openFile(path)
  const buffer = sink.buffer ?? Buffer.allocUnsafe(CHUNK)
  try {
    let turn = 0
    for (let part = next(); part !== undefined && !signal.aborted; part = next()) {
      sink.onPart()
      for (const read of chunksOf({ path, fd }, buffer, part, sink)) {
        turn += read
        if (turn < TURN) continue
        turn = 0
        await setImmediate()
        if (signal.aborted) return
      }
    }
  } finally {
    closeSync(fd)
  }
}

interface OpenFile {
  readonly path: string
  readonly fd: number
}

/** Yields how many bytes were read, chunk by chunk. */
function* chunksOf(
  file: OpenFile,
  buffer: Buffer,
  { from, to }: FilePart,
  sink: ChunkSink,
): Generator<number> {
  // The line that the byte before the part belongs to is the one before's.
  let at = Math.max(0, from - 1)
  let started = from === 0
  for (;;) {
    const length = readAt(file, buffer, at)
    if (length === 0 && at < to) throw new InputError(`${nameOf(file.path)}: ${SHORTER}`)
    if (length === 0) return
    let start = 0
    if (!started) {
      const newline = buffer.subarray(0, length).indexOf(NEWLINE)
      started = newline >= 0
      start = started ? newline + 1 : length
    }
    const end = endOfPart(buffer, length, at, to)
    sink.onChunk(buffer.subarray(start, end < 0 ? length : Math.max(start, end)))
    sink.onRead(Math.max(0, Math.min(at + length, to) - Math.max(at, from)))
    yield length
    if (end >= 0) return
    at += length
  }
}

const SHORTER = 'it got shorter while it was read; what could be read was counted'

function openFile(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (error) {
    throw inputError(path, error)
  }
}

function readAt({ path, fd }: OpenFile, buffer: Buffer, at: number): number {
  try {
    return readSync(fd, buffer, 0, buffer.length, at)
  } catch (error) {
    throw inputError(path, error)
  }
}

/** Where in the chunk at offset `at` the part's last line ends; -1 when that is further on. */
function endOfPart(buffer: Buffer, length: number, at: number, to: number): number {
  const last = to - 1 - at
  if (last >= length) return -1
  const newline = buffer.subarray(0, length).indexOf(NEWLINE, Math.max(0, last))
  return newline < 0 ? -1 : newline + 1
}
