import { InputError, inputSize, isTail, readInput } from '../input/files.ts'
import type { LocalCounter } from './count.ts'
import { countParts } from './parts.ts'
import type { Progress } from './progress.ts'
import { type PartCount, type PartOptions, type Threads, startThreads } from './threads.ts'

export interface ReadOptions {
  readonly inputs: readonly string[]
  readonly counter: LocalCounter
  /** Whether what comes through a pipe is watched as it comes. */
  readonly live: boolean
  readonly signal: AbortSignal
  readonly progress: Progress
  readonly onFault: (message: string) => void
  readonly onNotice: (message: string) => void
  /** For threads that count parts of a file, those that have started for the first, and where their counts go. */
  readonly partOptions: PartOptions
  readonly threads: Threads | undefined
  readonly addPart: ((part: PartCount) => void) | undefined
}

/** Counts all inputs, one after the other; an input that fails is told of and the others are counted. */
export async function readInputs(options: ReadOptions): Promise<void> {
  const { inputs, counter, signal, progress, onFault } = options
  for (const [i, path] of inputs.entries()) {
    if (signal.aborted) return
    const live = options.live && isTail(path)
    const lines = await counter.openLines(live, '')
    const sink = {
      onChunk(chunk: Buffer) {
        if (live) counter.setClock(Date.now())
        lines.write(chunk)
      },
      onRead: (bytes: number) => progress.add(bytes),
      onNotice: options.onNotice,
      buffer: live ? undefined : counter.buffer,
    }
    progress.startInput(path)
    try {
      const started = i === 0 ? options.threads : undefined
      if (!(await readInParts(options, path, started))) await readInput(path, sink, signal)
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      onFault(error.message)
    }
    // What Ctrl-C cut off is no line.
    if (!signal.aborted) await lines.end()
  }
}

/** Counts a long file in several threads; false when that isn't worth it or a line could depend on another. */
async function readInParts(
  options: ReadOptions,
  path: string,
  started: Threads | undefined,
): Promise<boolean> {
  const { addPart, counter, partOptions, signal, progress } = options
  if (addPart === undefined) return false
  const threads = started ?? startThreads(path, partOptions)
  if (threads === undefined) return false
  const onRead = (bytes: number) => progress.add(bytes)
  const [own, counts] = await Promise.all([
    countParts(threads.file, counter, signal, onRead),
    threads.counts(signal, onRead),
  ])
  for (const count of counts) addPart(count)
  // Once: what one thread can't read, the others mostly can't either.
  const fault = [own, ...counts.map((count) => count.fault)].find((one) => one !== undefined)
  if (fault !== undefined) options.onFault(fault)
  return true
}

export function totalSize(inputs: readonly string[]): number {
  return inputs.reduce((sum, path) => sum + inputSize(path), 0)
}
