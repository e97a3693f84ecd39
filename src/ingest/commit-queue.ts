import type { OpenWindow } from '../aggregate/app-windows.ts'
import type { FrameResult } from './body-counts.ts'
import type { SpilledFrame } from './spill.ts'

/**
 * A request body that waits for the store. It is counted when its batch is sent, and again when that
 * has to be sent anew: the body is what is kept, and many share windows that are still in the cache.
 */
export interface PendingFrame {
  /** The sender's id of the body, the same when it tries again; without one it can't be recognised. */
  readonly id: string | undefined
  /** Bytes of the body. */
  readonly size: number
  /** Counts the body into `open`, the same each time. */
  readonly count: (open: OpenWindow[]) => void
}

/** A frame on its way into the store. */
export interface Entry {
  readonly id: string
  /** When it came, by performance.now(). */
  readonly since: number
  /** Exactly one of these two holds it. */
  frame: PendingFrame | undefined
  spilled: SpilledFrame | undefined
  /** Who waits for it: the first brought the frame, the others brought copies. */
  waiters: Waiter[]
  /** Whether an attempt of ours has failed, which may have been written nevertheless. */
  wasTried: boolean
  isDone: boolean
}

export interface Waiter {
  readonly resolve: (result: FrameResult) => void
  readonly reject: (error: unknown) => void
}

/** The frames of one app that wait to be committed. */
export interface Lane {
  readonly app: string
  /** Frames whose senders wait. */
  waiting: Entry[]
  /** Frames that were answered already. */
  spilled: Entry[]
  /** Of both, by id. */
  readonly pending: Map<string, Entry>
  isRunning: boolean
  /** Why the last attempt failed. */
  fault: unknown
  /** How many senders were answered by the last commit or waited at its end, and how long it took, ms. */
  crowd: number
  tookMs: number
  /** When it ended, by performance.now(). */
  endedAt: number
  /** Is called when as many wait again. */
  onCrowd: (() => void) | undefined
}

/** A script that is much longer holds up everybody else. */
export const MAX_BATCH = 128
/** Bodies of so many bytes are counted in one go: some milliseconds. */
export const MAX_BATCH_BYTES = 2 ** 21
/** Spilled frames that go along, so that they don't wait for a quiet moment. */
const MAX_SPILLED_BATCH = 64

export function createLane(app: string): Lane {
  return {
    app,
    waiting: [],
    spilled: [],
    pending: new Map(),
    isRunning: false,
    fault: undefined,
    crowd: 0,
    tookMs: 0,
    endedAt: 0,
    onCrowd: undefined,
  }
}

/** Puts a frame in its place behind the others. */
export function addToLane(lane: Lane, entry: Entry): void {
  lane.pending.set(entry.id, entry)
  lane.waiting.push(entry)
  if (lane.waiting.length >= lane.crowd) lane.onCrowd?.()
}

/** What goes into the next commit: those whose senders wait, as they came, and some that were answered. */
export function nextBatch({ waiting, spilled }: Lane): Entry[] {
  const batch: Entry[] = []
  let bytes = 0
  for (const entry of waiting) {
    if (batch.length === MAX_BATCH || bytes >= MAX_BATCH_BYTES) break
    if (entry.isDone || entry.frame === undefined) continue
    batch.push(entry)
    bytes += entry.frame.size
  }
  if (spilled.length > 0) batch.push(...spilled.slice(0, MAX_SPILLED_BATCH))
  return batch
}

/**
 * What finds out whether the store is back. More would be counted and packed in vain each time, while
 * it is away for long and many apps wait.
 */
export function oldestOf({ waiting, spilled }: Lane): Entry[] {
  const oldest = waiting.find(({ isDone, frame }) => !isDone && frame !== undefined) ?? spilled[0]
  return oldest === undefined ? [] : [oldest]
}
