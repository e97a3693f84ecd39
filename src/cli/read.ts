import { basename } from 'node:path'
import { InputError, STDIN, inputSize, isTail, readInput, bytesOf } from '../input/files.ts'
import type { LocalCounter } from './count.ts'
import type { Overlaps } from './overlaps.ts'
import { countParts } from './parts.ts'
import type { Progress } from './progress.ts'
import type { Repeats } from './repeats.ts'
import { type PartCount, type PartOptions, type Threads, startThreads } from './threads.ts'

export interface ReadOptions {
  readonly inputs: readonly string[]
  readonly counter: LocalCounter
  /** Whether what comes through a pipe is watched as it comes. */
  readonly live: boolean
  /** Whether lines that name no app are their file's. */
  readonly namesFiles: boolean
  readonly signal: AbortSignal
  readonly progress: Progress
  /** Where chunks are looked at for requests that came twice. */
  readonly overlaps: Overlaps | undefined
  readonly repeats: Repeats | undefined
  readonly onFault: (message: string) => void
  readonly onNotice: (message: string) => void
  /** For threads that count parts of a file, those that have started for the first, and where their counts go. */
  readonly partOptions: PartOptions
  readonly threads: Threads | undefined
  readonly addPart: ((part: PartCount) => void) | undefined
}

/** What came of one input. */
export interface InputCount {
  readonly path: string
  /** Lines that count, and those of them that aren't understood. */
  readonly read: number
  readonly malformed: number
  /** How it begins. */
  readonly sample: Buffer
  readonly isEmpty: boolean
}

const SAMPLE = 16 * 1024

/** Counts all inputs, one after the other; an input that fails is reported and the others are counted. */
export async function readInputs(options: ReadOptions): Promise<InputCount[]> {
  const counts: InputCount[] = []
  for (const [i, path] of options.inputs.entries()) {
    if (options.signal.aborted) break
    options.repeats?.startInput()
    options.overlaps?.startInput()
    options.progress.startInput(path)
    const started = i === 0 ? options.threads : undefined
    counts.push((await readInParts(options, path, started)) ?? (await readWhole(options, path)))
  }
  options.overlaps?.startInput()
  return counts
}

async function readWhole(options: ReadOptions, path: string): Promise<InputCount> {
  const { counter, signal, progress, onFault, overlaps } = options
  const live = options.live && isTail(path)
  const before = counter.lines()
  const lines = await counter.openLines(live, options.namesFiles ? appOfFile(path) : '')
  let sample: Buffer = Buffer.alloc(0)
  const sink = {
    onChunk(chunk: Buffer) {
      if (live) counter.setClock(Date.now())
      if (sample.length === 0) sample = Buffer.from(chunk.subarray(0, SAMPLE))
      overlaps?.add(chunk)
      lines.write(chunk)
    },
    onRead: (bytes: number) => progress.add(bytes),
    onNotice: options.onNotice,
    buffer: live ? undefined : counter.buffer,
  }
  try {
    await readInput(path, sink, signal)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    onFault(error.message)
  }
  // What Ctrl-C cut off is no line.
  if (!signal.aborted) await lines.end()
  const { read, malformed } = counter.lines()
  return {
    path,
    read: read - before.read,
    malformed: malformed - before.malformed,
    sample,
    isEmpty: sample.length === 0,
  }
}

/** `shop` for `logs/shop.log.gz`. */
function appOfFile(path: string): string {
  if (path === STDIN) return ''
  return basename(path).replace(/(?:\.(?:log|txt|tsv|json|jsonl|ndjson|gz))+$/i, '')
}

/** Counts a long file in several threads; undefined when that isn't worth it or a line could depend on another. */
async function readInParts(
  options: ReadOptions,
  path: string,
  started: Threads | undefined,
): Promise<InputCount | undefined> {
  const { addPart, counter, partOptions, signal, progress } = options
  if (addPart === undefined) return undefined
  const threads = started ?? startThreads(path, partOptions)
  if (threads === undefined) return undefined
  const before = counter.lines()
  const onRead = (bytes: number) => progress.add(bytes)
  const [own, parts] = await Promise.all([
    countParts(threads.file, counter, signal, onRead),
    threads.counts(signal, onRead),
  ])
  for (const part of parts) addPart(part)
  // Once: what one thread can't read, the others mostly can't either.
  const fault = [own, ...parts.map((part) => part.fault)].find((one) => one !== undefined)
  if (fault !== undefined) options.onFault(fault)
  const after = counter.lines()
  const all = parts.map((part) => part.lines)
  return {
    path,
    read: all.reduce((sum, { read }) => sum + read, after.read - before.read),
    malformed: all.reduce(
      (sum, { malformed }) => sum + malformed,
      after.malformed - before.malformed,
    ),
    sample: bytesOf(path, SAMPLE),
    isEmpty: false,
  }
}

export function totalSize(inputs: readonly string[]): number {
  return inputs.reduce((sum, path) => sum + inputSize(path), 0)
}
