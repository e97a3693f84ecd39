import { InputError, inputSize, isTail, readInput } from '../receive/files.ts'
import type { LocalCounter } from './local-count.ts'
import type { Progress } from './local-progress.ts'

export interface ReadOptions {
  readonly inputs: readonly string[]
  readonly counter: LocalCounter
  /** Whether what comes through a pipe is watched as it comes. */
  readonly live: boolean
  readonly signal: AbortSignal
  readonly progress: Progress
  readonly onFault: (message: string) => void
}

/** Counts all inputs, one after the other; an input that fails is told of and the others are counted. */
export async function readInputs(options: ReadOptions): Promise<void> {
  const { inputs, counter, signal, progress, onFault } = options
  for (const path of inputs) {
    if (signal.aborted) return
    const live = options.live && isTail(path)
    const lines = await counter.openLines(live)
    const sink = {
      onChunk(chunk: Buffer) {
        if (live) counter.setClock(Date.now())
        lines.write(chunk)
      },
      onRead: (bytes: number) => progress.add(bytes),
    }
    progress.startInput(path)
    try {
      await readInput(path, sink, signal)
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      onFault(error.message)
    }
    await lines.end()
  }
}

export function totalSize(inputs: readonly string[]): number {
  return inputs.reduce((sum, path) => sum + inputSize(path), 0)
}
