import { type Stats, closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { isGzip, refusePacked } from './packing.ts'

/** Where the bytes of an input go. */
export interface ChunkSink {
  /** The chunk is lent: it is overwritten after the call. */
  onChunk(chunk: Buffer): void
  /** Bytes taken from the input itself, which may be compressed. */
  onRead(bytes: number): void
  /** Something about the input that people want to know, while what it holds counts. */
  readonly onNotice?: ((message: string) => void) | undefined
  /** Where chunks are best read to; undefined for anywhere. */
  readonly buffer?: Buffer | undefined
}

/** An input that can't be read; the message names it and says why. */
export class InputError extends Error {
  override readonly name = 'InputError'
}

export const STDIN = '-'

const STDIN_FD = 0
/** Read at once, bytes. */
export const CHUNK = 256 * 1024
/** A long file lets timers and signals in after this many bytes, which take some 20 ms. */
export const TURN = 8 * 1024 * 1024

/**
 * Reads one input to its end: a file, a pipe, or `-` for stdin. gzip, also of several members, is
 * known by its first bytes, whatever the name. Stops early, and without an error, when `signal` aborts.
 */
export async function readInput(path: string, sink: ChunkSink, signal: AbortSignal): Promise<void> {
  try {
    if (isRegular(path)) await readRegular(path, sink, signal)
    else await (await import('./streams.ts')).readStream(path, sink, signal)
  } catch (error) {
    if (signal.aborted) return
    throw inputError(path, error)
  }
}

/** What went wrong with an input, in words. */
export function inputError(path: string, cause: unknown): InputError {
  return new InputError(`${nameOf(path)}: ${reasonOf(cause)}`, { cause })
}

/** Bytes of a regular file; 0 for a pipe and for what isn't there. */
export function inputSize(path: string): number {
  try {
    const stat = statOf(path)
    return stat.isFile() ? stat.size : 0
  } catch {
    return 0
  }
}

/** The bytes of a file from `at` on; none where it can't be read so. */
export function bytesOf(path: string, length: number, at = 0): Buffer {
  const bytes = Buffer.alloc(length)
  try {
    const fd = path === STDIN ? STDIN_FD : openSync(path, 'r')
    const read = readSync(fd, bytes, 0, length, at)
    if (fd !== STDIN_FD) closeSync(fd)
    return bytes.subarray(0, read)
  } catch {
    return bytes.subarray(0, 0)
  }
}

/** Whether an input is a pipe or the like, which has no known end. */
export function isTail(path: string): boolean {
  try {
    const stat = statOf(path)
    return !stat.isFile() && !stat.isDirectory()
  } catch {
    return false
  }
}

export function nameOf(path: string): string {
  return path === STDIN ? 'stdin' : path
}

async function readRegular(path: string, sink: ChunkSink, signal: AbortSignal): Promise<void> {
  const fd = path === STDIN ? STDIN_FD : openSync(path, 'r')
  try {
    let buffer = sink.buffer ?? Buffer.allocUnsafe(CHUNK)
    const read = (): Buffer => {
      const length = readSync(fd, buffer, 0, buffer.length, null)
      sink.onRead(length)
      return buffer.subarray(0, length)
    }
    let chunk = read()
    refusePacked(chunk)
    if (isGzip(chunk)) {
      const rest = function* (): Generator<Buffer> {
        // zlib reads a chunk later, in another thread.
        chunk = Buffer.from(chunk)
        for (; chunk.length > 0; chunk = read()) {
          yield chunk
          buffer = Buffer.allocUnsafe(CHUNK)
        }
      }
      return await (await import('./streams.ts')).unpack(path, rest(), sink, signal)
    }
    for (let turn = 0; chunk.length > 0 && !signal.aborted; chunk = read()) {
      sink.onChunk(chunk)
      turn += chunk.length
      if (turn < TURN) continue
      turn = 0
      await setImmediate()
    }
  } finally {
    if (path !== STDIN) closeSync(fd)
  }
}

function isRegular(path: string): boolean {
  const stat = statOf(path)
  if (stat.isDirectory()) throw new Error('is a directory')
  return stat.isFile()
}

export function statOf(path: string): Stats {
  return path === STDIN ? fstatSync(STDIN_FD) : statSync(path)
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  switch (code) {
    case 'ENOENT':
      return 'no such file'
    case 'EACCES':
      return 'permission denied'
    case 'Z_BUF_ERROR':
      return 'the gzip file ends too early; what could be read was counted'
    case 'Z_DATA_ERROR':
      return 'the gzip file is damaged; what could be read was counted'
    default:
      return message
  }
}
