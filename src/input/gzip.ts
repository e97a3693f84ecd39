import { once } from 'node:events'
import { type InflateRaw, crc32, createInflateRaw } from 'node:zlib'
import { CHUNK } from './files.ts'
import { isGzip } from './packing.ts'

/** Where unpacked bytes go. */
export interface GunzipSink {
  readonly onPlain: (chunk: Buffer) => void
  /** Something follows the last whole member that is no gzip. */
  readonly onGarbage: () => void
}

const HEAD = 10
const TRAILER = 8
const DEFLATE = 8
/** Bits of the header: which parts are in it (RFC 1952). */
const HAS_CRC = 2
const HAS_EXTRA = 4
const HAS_NAME = 8
const HAS_COMMENT = 16

/**
 * Unpacks gzip of any number of members (RFC 1952). zlib's own stream drops what it has unpacked of a chunk
 * when anything but a member follows in it, so members are told apart here. Rejects with the codes of zlib.
 */
export async function gunzip(
  chunks: Iterable<Buffer> | AsyncIterable<Buffer>,
  sink: GunzipSink,
  signal: AbortSignal,
): Promise<void> {
  const input = createInput(chunks)
  for (let members = 0; !signal.aborted; members += 1) {
    await input.fill(HEAD)
    if (members > 0) await skipZeros(input)
    if (input.rest().length === 0) return
    if (!isMember(input.rest())) {
      if (members === 0) throw fault('Z_DATA_ERROR')
      sink.onGarbage()
      return
    }
    await skipHeader(input)
    await inflate(input, sink.onPlain, signal)
  }
}

function isMember(bytes: Buffer): boolean {
  return isGzip(bytes) && (bytes.length < 3 || bytes[2] === DEFLATE)
}

/** Blocks of tapes and downloads are filled up with zeros. */
async function skipZeros(input: Input): Promise<void> {
  while (input.rest()[0] === 0) {
    const next = input.rest().findIndex((byte) => byte !== 0)
    input.skip(next < 0 ? input.rest().length : next)
    await input.fill(HEAD)
  }
}

async function skipHeader(input: Input): Promise<void> {
  await input.need(HEAD)
  const flags = input.rest()[3]!
  input.skip(HEAD)
  if ((flags & HAS_EXTRA) !== 0) {
    await input.need(2)
    const length = input.rest().readUInt16LE(0)
    await input.need(2 + length)
    input.skip(2 + length)
  }
  for (const bit of [HAS_NAME, HAS_COMMENT]) {
    if ((flags & bit) === 0) continue
    while (input.rest().indexOf(0) < 0) await input.need(input.rest().length + 1)
    input.skip(input.rest().indexOf(0) + 1)
  }
  if ((flags & HAS_CRC) !== 0) {
    await input.need(2)
    input.skip(2)
  }
}

async function inflate(
  input: Input,
  onPlain: (chunk: Buffer) => void,
  signal: AbortSignal,
): Promise<void> {
  const raw: InflateRaw = createInflateRaw({ chunkSize: CHUNK })
  let crc = 0
  const failed = new Promise<never>((_, reject) => {
    raw.on('error', reject)
    raw.on('data', (plain: Buffer) => {
      crc = crc32(plain, crc)
      try {
        if (!signal.aborted) onPlain(plain)
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)))
      }
    })
  })
  failed.catch(() => {})
  const end = once(raw, 'end')
  end.catch(() => {})
  try {
    while (!raw.readableEnded && !signal.aborted) {
      if (input.rest().length === 0 && !(await input.fill(1))) throw fault('Z_BUF_ERROR')
      const before = raw.bytesWritten
      const written = new Promise<void>((resolve) => {
        raw.write(input.rest(), () => resolve())
      })
      await Promise.race([written, failed])
      const taken = raw.bytesWritten - before
      const isOver = taken < input.rest().length
      input.skip(taken)
      if (isOver) await Promise.race([end, failed])
    }
  } finally {
    raw.destroy()
  }
  if (signal.aborted) return
  await input.need(TRAILER)
  if (input.rest().readUInt32LE(0) !== crc) throw fault('Z_DATA_ERROR')
  input.skip(TRAILER)
}

async function* eachOf(chunks: Iterable<Buffer> | AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) yield chunk
}

interface Input {
  /** What was read and isn't used yet. */
  rest(): Buffer
  skip(bytes: number): void
  /** Reads on until so many bytes are there; false where the input ends before. */
  fill(bytes: number): Promise<boolean>
  need(bytes: number): Promise<void>
}

function createInput(chunks: Iterable<Buffer> | AsyncIterable<Buffer>): Input {
  const iterator = eachOf(chunks)
  let rest: Buffer = Buffer.alloc(0)
  const fill = async (bytes: number): Promise<boolean> => {
    while (rest.length < bytes) {
      const next = await iterator.next()
      if (next.done === true) return false
      rest = rest.length === 0 ? next.value : Buffer.concat([rest, next.value])
    }
    return true
  }
  return {
    rest: () => rest,
    skip: (bytes) => void (rest = rest.subarray(bytes)),
    fill,
    async need(bytes) {
      if (!(await fill(bytes))) throw fault('Z_BUF_ERROR')
    },
  }
}

function fault(code: 'Z_DATA_ERROR' | 'Z_BUF_ERROR'): Error {
  return Object.assign(new Error(code), { code })
}
