import { once } from 'node:events'
import { closeSync, openSync, readSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { RequestStats } from '../aggregate/requests.ts'
import type { Window } from '../model/window.ts'
import { type FilePart, partsOf } from '../receive/file-part.ts'
import { inputSize } from '../receive/files.ts'

/** What was counted of one part of a file. */
export interface PartCount {
  readonly window: Window
  readonly requests: RequestStats
}

/** What a worker is told. */
export interface PartTask {
  readonly args: readonly string[]
  readonly path: string
  readonly part: FilePart
}

/** What a worker says: bytes read since it last did, or, at the end, what it counted. */
export type PartMessage = { readonly read: number } | PartCount

/** Shorter files are counted sooner than threads are started. */
const WORTHWHILE = 24 * 1024 * 1024
const MAX_PARTS = 8
const WORKER = new URL(`./local-worker${extname(import.meta.url)}`, import.meta.url)

/** The parts of a file that are worth a thread each; none when the file is short, a pipe or gzip. */
export function partsOfFile(path: string): FilePart[] {
  const size = inputSize(path)
  const count = Math.min(availableParallelism(), MAX_PARTS, Math.floor(size / (WORTHWHILE / 2)))
  return count < 2 || path === '-' || isGzip(path) ? [] : partsOf(size, count)
}

/** Counts a part in a thread of its own. */
export async function countPart(
  task: PartTask,
  signal: AbortSignal,
  onRead: (bytes: number) => void,
): Promise<PartCount> {
  const worker = new Worker(WORKER, { workerData: task })
  const stop = () => worker.postMessage('stop')
  signal.addEventListener('abort', stop, { once: true })
  const counted = new Promise<PartCount>((resolve) => {
    worker.on('message', (message: PartMessage) => {
      if ('read' in message) onRead(message.read)
      else resolve(message)
    })
  })
  const failed = once(worker, 'exit').then(() => {
    throw new Error('a thread ended before its part was counted')
  })
  try {
    return await Promise.race([counted, failed])
  } finally {
    signal.removeEventListener('abort', stop)
    failed.catch(() => {})
    await worker.terminate()
  }
}

function isGzip(path: string): boolean {
  const start = Buffer.alloc(2)
  const fd = openSync(path, 'r')
  readSync(fd, start, 0, start.length, 0)
  closeSync(fd)
  return start[0] === 0x1f && start[1] === 0x8b
}
