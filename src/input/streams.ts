import { constants, createReadStream, openSync } from 'node:fs'
import { Socket } from 'node:net'
import { Readable, addAbortSignal } from 'node:stream'
import { type ChunkSink, STDIN, nameOf, statOf } from './files.ts'
import { gunzip } from './gzip.ts'
import { isGzip, refusePacked } from './packing.ts'

// Apart from files.ts for what it imports, which a plain file need not wait for.

/** Reads a pipe or the like to its end, or until `signal` aborts it, which is an error. */
export async function readStream(
  path: string,
  sink: ChunkSink,
  signal: AbortSignal,
): Promise<void> {
  const stream: Readable = path === STDIN ? process.stdin : openStream(path)
  addAbortSignal(signal, stream)
  const chunks = counted(stream, sink)
  const first = await chunks.next()
  if (first.done === true) return
  refusePacked(first.value)
  if (isGzip(first.value)) {
    await unpack(path, joined(first.value, chunks), sink, signal)
    return
  }
  sink.onChunk(first.value)
  for await (const chunk of chunks) sink.onChunk(chunk)
}

// A named pipe isn't read in a thread of its own, as files are: the program could not end while
// that thread waits for someone to write.
function openStream(path: string): Readable {
  if (!statOf(path).isFIFO()) return createReadStream(path)
  return new Socket({ fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK) })
}

/** Unpacks gzip, also of several members. */
export async function unpack(
  path: string,
  chunks: Iterable<Buffer> | AsyncIterable<Buffer>,
  sink: ChunkSink,
  signal: AbortSignal,
): Promise<void> {
  let isFirst = true
  const onPlain = (plain: Buffer): void => {
    if (isFirst) refusePacked(plain)
    isFirst = false
    sink.onChunk(plain)
  }
  const onGarbage = (): void => {
    sink.onNotice?.(
      `${nameOf(path)}: what follows the gzip data is none and was left out; all before it was counted`,
    )
  }
  await gunzip(chunks, { onPlain, onGarbage }, signal)
}

async function* counted(stream: AsyncIterable<Buffer>, sink: ChunkSink): AsyncGenerator<Buffer> {
  for await (const chunk of stream) {
    sink.onRead(chunk.length)
    yield chunk
  }
}

async function* joined(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first
  yield* rest
}
