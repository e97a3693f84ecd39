import { type FilePart, partsOf, readParts } from '../receive/file-part.ts'
import type { LocalCounter } from './local-count.ts'
import type { SharedFile } from './local-threads.ts'

const PART = 4 * 1024 * 1024

/** Counts parts until none is left. */
export async function countParts(
  { path, size, next }: SharedFile,
  counter: LocalCounter,
  signal: AbortSignal,
  onRead: (bytes: number) => void,
): Promise<void> {
  const parts = partsOf(size, PART)
  const take = (): FilePart | undefined => parts[Atomics.add(next, 0, 1)]
  const lines = await counter.openLines(false)
  const sink = {
    // A line without a time counts with the one before it, which may be another thread's.
    onPart: () => counter.forgetTime(),
    onChunk: (chunk: Buffer) => lines.write(chunk),
    onRead,
    buffer: counter.buffer,
  }
  await readParts(path, take, sink, signal)
  // What Ctrl-C cut off is no line.
  if (!signal.aborted) await lines.end()
}
