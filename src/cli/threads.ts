import { availableParallelism } from 'node:os'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { RequestStats } from '../aggregate/requests.ts'
import type { Window } from '../model/window.ts'
import { bytesOf, inputSize } from '../input/files.ts'
import { beginsWithFrame } from '../input/frame-lines.ts'
import { isUnpacked } from '../input/packing.ts'
import type { LocalOptions } from './args.ts'
import type { AppRoutes } from './local-routes.ts'
import type { Timeline } from './timeline.ts'

/** What was counted of some parts of a file. */
export interface PartCount {
  readonly window: Window
  readonly requests: RequestStats
  readonly timeline: Timeline
  readonly routes: readonly AppRoutes[]
  readonly lines: { readonly read: number; readonly malformed: number }
  /** Why the thread couldn't read all that it wanted to. */
  readonly fault: string | undefined
}

/** A long file whose parts several threads take in turn, each when it has done the one before. */
export interface SharedFile {
  readonly path: string
  readonly size: number
  /** One number: the part that is taken next. */
  readonly next: Int32Array<SharedArrayBuffer>
}

/** What a thread is told. */
export interface PartTask {
  readonly file: SharedFile
  readonly options: PartOptions
}

/** Of the options of a run those that a count depends on, as plain values. */
export type PartOptions = Pick<
  LocalOptions,
  'slowMillis' | 'top' | 'by' | 'whereTexts' | 'pins' | 'streams'
> & {
  readonly stepMs: number | undefined
}

/** What a thread says: bytes read since it last did, or, at the end, what it counted. */
export type PartMessage = { readonly read: number } | PartCount

/** The threads that count parts of a file beside the main one. */
export interface Threads {
  readonly file: SharedFile
  /** Resolves with what they counted when no part is left; `signal` ends them early. */
  readonly counts: (signal: AbortSignal, onRead: (bytes: number) => void) => Promise<PartCount[]>
}

/** A thread is started for so many bytes; it counts them in less time than it takes to start. */
const WORTHWHILE = 48 * 1024 * 1024
const MAX_THREADS = 8
// By its folder, since the built program has this module elsewhere.
const WORKER = new URL(`../bin/local-worker${extname(import.meta.url)}`, import.meta.url)

/** Whether parts of a file can be counted apart: no line depends on one of another part. */
export function canSplit(options: LocalOptions): boolean {
  const { intervalMs, html, since, until, dedupe, by, where } = options
  const isWhole = intervalMs === undefined && html === undefined
  const isOfTime = since !== undefined || until !== undefined || dedupe
  // Lines that name no app are their file's.
  const isOfApp = by === 'app' || where.some(({ app }) => app !== undefined)
  return isWhole && !isOfTime && !isOfApp
}

/**
 * Starts threads for a file that is long enough: not for a pipe, nor for gzip. They start while the
 * main thread loads the rest of the program, and don't keep it alive until their counts are asked for.
 */
export function startThreads(path: string, given: PartOptions): Threads | undefined {
  const size = path === '-' ? 0 : inputSize(path)
  const threads = Math.min(availableParallelism(), MAX_THREADS, 1 + Math.floor(size / WORTHWHILE))
  if (threads < 2 || !isText(path)) return undefined
  const next = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const file = { path, size, next }
  const { slowMillis, top, by, whereTexts, pins, streams, stepMs } = given
  const task: PartTask = {
    file,
    options: { slowMillis, top, by, whereTexts, pins, streams, stepMs },
  }
  const started = Array.from({ length: threads - 1 }, () => startThread(task))
  void compileLess()
  return {
    file,
    counts: (signal, onRead) => Promise.all(started.map(async (thread) => thread(signal, onRead))),
  }
}

/**
 * The V8 of Node 20 optimizes what runs for a moment only, beside threads that need every core: it
 * takes a tenth of their time. Later ones know better, and don't know this flag.
 */
async function compileLess(): Promise<void> {
  if (!process.versions.v8.startsWith('11.3.')) return
  const { setFlagsFromString } = await import('node:v8')
  setFlagsFromString('--interrupt-budget=500000')
}

type Thread = (signal: AbortSignal, onRead: (bytes: number) => void) => Promise<PartCount>

function startThread(task: PartTask): Thread {
  const worker = new Worker(WORKER, { workerData: task })
  worker.unref()
  let read = 0
  let tell = (bytes: number): void => void (read += bytes)
  const counted = new Promise<PartCount>((resolve, reject) => {
    worker.on('message', (message: PartMessage) => {
      if ('read' in message) tell(message.read)
      else resolve(message)
    })
    worker.on('error', reject)
    worker.on('exit', () => reject(new Error('a thread ended before its parts were counted')))
  })
  // Whoever asks for the count gets the fault.
  counted.catch(() => {})
  return async (signal, onRead) => {
    worker.ref()
    onRead(read)
    tell = onRead
    const stop = () => worker.postMessage('stop')
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    try {
      return await counted
    } finally {
      signal.removeEventListener('abort', stop)
      await worker.terminate()
    }
  }
}

/** Whether threads can read the file: what can't be read at all is told where it is read. */
function isText(path: string): boolean {
  const start = bytesOf(path, 512)
  return isUnpacked(start) && !beginsWithFrame(start)
}
