import { type FilePart, partsOf, readParts } from '../input/file-part.ts'
import { InputError } from '../input/files.ts'
import type { LocalCounter } from './count.ts'
import type { SharedFile } from './threads.ts'

const PART = 4 * 1024 * 1024

/** Counts parts until none is left; resolves with the reason when they couldn't all be read. */
export async function countParts(
  { path, size, next }: SharedFile,
  counter: LocalCounter,
  signal: AbortSignal,
  onRead: (bytes: number) => void,
): Promise<string | undefined> {
  const parts = partsOf(size, PART)
  const take = (): FilePart | undefined => parts[Atomics.add(next, 0, 1)]
  const lines = await counter.openLines(false, '')
  const sink = {
    // A line without a time counts with the one before it, which may be another thread's.
    onPart: () => counter.forgetTime(),
    onChunk: (chunk: Buffer) => lines.write(chunk),
    onRead,
    buffer: counter.buffer,
  }
  let fault: string | undefined
  try {
    await readParts(path, take, sink, signal)
    // What Ctrl-C cut off is no line.
    if (!signal.aborted) await lines.end()
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    fault = error.message
  }
  return fault
}
