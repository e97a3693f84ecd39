import { setTimeout as sleep } from 'node:timers/promises'
import { createSeriesTable } from '../model/series-table.ts'
import type { CommitTimes } from './commit-times.ts'
import { type SpilledFrame, restoreFrame } from './spill.ts'
import { type Frame, type Store, UnfitStoreError } from './store.ts'

/** A frame on its way into the store. */
export interface Entry {
  readonly id: string
  readonly lines: number
  /** When it came, by performance.now(). */
  readonly since: number
  /** Exactly one of these two holds it. */
  frame: Frame | undefined
  spilled: SpilledFrame | undefined
  /** Whether an attempt of ours has failed, which may have been written nevertheless. */
  wasTried: boolean
  isDone: boolean
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
}

export interface LaneWork {
  readonly store: Store
  readonly times: CommitTimes
  readonly settle: (lane: Lane, entry: Entry, result: 'committed' | 'duplicate') => void
  readonly refuseAll: (lane: Lane, fault: unknown) => void
  readonly isStopped: () => boolean
}

/** A script that is much longer holds up everybody else. */
const MAX_BATCH = 128
/** Spilled frames that go along, so that they don't wait for a quiet moment. */
const MAX_SPILLED_BATCH = 64
const FIRST_DELAY_MS = 10
const MAX_DELAY_MS = 250

export function createLane(app: string): Lane {
  return { app, waiting: [], spilled: [], pending: new Map(), isRunning: false, fault: undefined }
}

/**
 * Commits what waits, all that came while the last commit was under way as the next batch: without a
 * timer, a batch is as small as it can be at rest and as large as it has to be under load.
 */
export async function runLane(lane: Lane, work: LaneWork): Promise<void> {
  if (lane.isRunning) return
  lane.isRunning = true
  let failures = 0
  while (lane.pending.size > 0 && !work.isStopped()) {
    const batch = [...lane.waiting.slice(0, MAX_BATCH), ...lane.spilled.slice(0, MAX_SPILLED_BATCH)]
    try {
      await commitBatch(lane, batch, work)
      failures = 0
      lane.fault = undefined
    } catch (fault) {
      lane.fault = fault
      for (const entry of batch) entry.wasTried = true
      if (fault instanceof UnfitStoreError) work.refuseAll(lane, fault)
      failures += 1
    }
    lane.waiting = lane.waiting.filter(({ isDone, spilled }) => !isDone && spilled === undefined)
    lane.spilled = lane.spilled.filter(({ isDone }) => !isDone)
    if (failures > 0) await sleep(delayAfter(failures), undefined, { ref: false })
  }
  lane.isRunning = false
}

/** Takes duplicates out until the rest is committed. */
async function commitBatch(lane: Lane, batch: readonly Entry[], work: LaneWork): Promise<void> {
  const { store, times, settle } = work
  const table = createSeriesTable(Infinity)
  let left = batch
  while (left.length > 0) {
    // Read by the store before it returns its promise: an entry may be spilled or refused meanwhile.
    const frames = left.map(({ frame, spilled }) => frame ?? restoreFrame(spilled!, table))
    const own = times.take(lane.app, store.clock())
    const start = performance.now()
    const known = await store.commit(lane.app, own === undefined ? frames : [...frames, own])
    if (known.length === 0) {
      times.note(lane.app, (performance.now() - start) / 1000)
      for (const entry of left) settle(lane, entry, 'committed')
      return
    }
    // What an attempt of ours may have written counts as written by it.
    for (const i of known) settle(lane, left[i]!, left[i]!.wasTried ? 'committed' : 'duplicate')
    left = left.filter(({ isDone }) => !isDone)
  }
}

function delayAfter(failures: number): number {
  const delay = Math.min(FIRST_DELAY_MS * 2 ** failures, MAX_DELAY_MS)
  return delay * (0.75 + Math.random() / 2)
}
