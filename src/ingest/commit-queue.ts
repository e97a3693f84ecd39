import type { OpenWindow } from '../aggregate/app-windows.ts'
import type { BodyResult } from './self-metrics.ts'
import type { Refusal } from './refusal.ts'
import type { SpilledBody } from './spill.ts'

/**
 * A request body that waits for the store. It is counted when its batch is sent, and again when that
 * has to be sent anew: the body is what is kept, and many share windows that are still in the cache.
 */
export interface QueuedBody {
  /** The sender's id of the body, the same when it tries again; without one it can't be recognised. */
  readonly id: string | undefined
  /** Bytes of the body. */
  readonly size: number
  /** Counts the body into `open`, the same each time. */
  readonly count: (open: OpenWindow[]) => void
  /** Called when a body that was answered as spilled turns out to be known to the store. */
  readonly onLateDuplicate?: () => void
}

/** A body on its way into the store. */
export interface Entry {
  readonly id: string
  /** When it came, by performance.now(); Infinity for an empty one of our own, which waits as long as it takes. */
  readonly since: number
  /** Exactly one of these two holds it. */
  body: QueuedBody | undefined
  spilled: SpilledBody | undefined
  /** Who waits for it: the first brought the body, the others brought copies. */
  waiters: Waiter[]
  /** Whether it was sent to the store. */
  isSent: boolean
  /** Whether an attempt of ours has failed, which may have been written nevertheless. */
  wasTried: boolean
  isDone: boolean
  readonly onLateDuplicate: (() => void) | undefined
}

export interface Waiter {
  readonly resolve: (result: BodyResult) => void
  readonly reject: (error: unknown) => void
}

/** The bodies of one app that wait to be committed. */
export interface CommitQueue {
  readonly app: string
  /** Frames whose senders wait. */
  waiting: Entry[]
  /** Frames that were answered already. */
  spilled: Entry[]
  /** Of both, by id. */
  readonly pending: Map<string, Entry>
  /** Refusals, by id, until the store has said whether it took the body nevertheless. */
  readonly refused: Map<string, Refusal>
  isRunning: boolean
  /** When the oldest command that was not answered was sent, by performance.now(). */
  unansweredSince: number | undefined
  /** Why the last attempt failed. */
  fault: unknown
  /** How many senders were answered by the last commit or waited at its end, and how long it took, ms. */
  expectedBatch: number
  tookMs: number
  /** When it ended, by performance.now(). */
  endedAt: number
  /** Is called when as many wait again. */
  onExpectedBatch: (() => void) | undefined
}

/** A script that is much longer holds up everybody else. */
export const MAX_BATCH = 128
/** Bodies of so many bytes are counted in one go: some milliseconds. */
export const MAX_BATCH_BYTES = 2 ** 21
/** Spilled bodies that go along, so that they don't wait for a quiet moment. */
const MAX_SPILLED_BATCH = 64

export function createCommitQueue(app: string): CommitQueue {
  return {
    app,
    waiting: [],
    spilled: [],
    pending: new Map(),
    refused: new Map(),
    isRunning: false,
    unansweredSince: undefined,
    fault: undefined,
    expectedBatch: 0,
    tookMs: 0,
    endedAt: 0,
    onExpectedBatch: undefined,
  }
}

/** Puts a body in its place behind the others. */
export function enqueue(queue: CommitQueue, entry: Entry): void {
  queue.pending.set(entry.id, entry)
  queue.waiting.push(entry)
  if (queue.waiting.length >= queue.expectedBatch) queue.onExpectedBatch?.()
}

/** What goes into the next commit: those whose senders wait, as they came, and some that were answered. */
export function nextBatch({ waiting, spilled }: CommitQueue): Entry[] {
  const batch: Entry[] = []
  let bytes = 0
  for (const entry of waiting) {
    if (batch.length === MAX_BATCH || bytes >= MAX_BATCH_BYTES) break
    if (entry.isDone || entry.body === undefined) continue
    batch.push(entry)
    bytes += entry.body.size
  }
  if (spilled.length > 0) batch.push(...spilled.slice(0, MAX_SPILLED_BATCH))
  return batch
}

/**
 * What finds out whether the store is back. More would be counted and packed in vain each time, while
 * it is away for long and many apps wait.
 */
export function oldestOf({ waiting, spilled }: CommitQueue): Entry[] {
  const oldest = waiting.find(({ isDone, body }) => !isDone && body !== undefined) ?? spilled[0]
  return oldest === undefined ? [] : [oldest]
}
