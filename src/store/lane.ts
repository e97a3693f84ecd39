import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { type OpenWindow, closeWindows, settleWindows } from '../aggregate/app-windows.ts'
import { createSeriesTable } from '../model/series-table.ts'
import type { CommitTimes } from './commit-times.ts'
import type { FrameResult } from './frame-count.ts'
import { type SpilledFrame, restoreFrame } from './spill.ts'
import { type Frame, type Store, UnfitStoreError } from './store.ts'

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

export interface LaneWork {
  readonly store: Store
  readonly times: CommitTimes
  readonly settle: (lane: Lane, entry: Entry, result: 'committed' | 'duplicate') => void
  /** Tells those who wait for a frame that it went wrong here. */
  readonly fail: (lane: Lane, entry: Entry, fault: unknown) => void
  readonly refuseAll: (lane: Lane, fault: unknown) => void
  readonly isStopped: () => boolean
  /** Ends the pauses of lanes whose last commit failed. */
  readonly pauses: Set<() => void>
}

/** A script that is much longer holds up everybody else. */
const MAX_BATCH = 128
/** Bodies of so many bytes are counted in one go: some milliseconds. */
export const MAX_BATCH_BYTES = 2 ** 21
/** Spilled frames that go along, so that they don't wait for a quiet moment. */
const MAX_SPILLED_BATCH = 64
/** A batch waits at most so long for more to come, ms. */
const MAX_GATHER_MS = 5
const FIRST_DELAY_MS = 10
const MAX_DELAY_MS = 250
/** However many lanes fail. */
const LONGEST_DELAY_MS = 4000

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

/**
 * Commits what waits, all that came while the last commit was under way as the next batch: a batch is
 * as small as it can be at rest and as large as it has to be under load.
 */
export async function runLane(lane: Lane, work: LaneWork): Promise<void> {
  if (lane.isRunning) return
  lane.isRunning = true
  let failures = 0
  while (lane.pending.size > 0 && !work.isStopped()) {
    // What came at the same time goes together, and answers go out before more is counted.
    await turn()
    await gather(lane)
    const batch = failures === 0 ? nextBatch(lane) : oldestOf(lane)
    const start = performance.now()
    try {
      await commitBatch(lane, batch, work)
      // The store is back: for the others too, or for some of them.
      if (failures > 0) for (const end of work.pauses) end()
      failures = 0
      lane.fault = undefined
    } catch (fault) {
      lane.fault = fault
      for (const entry of batch) entry.wasTried = true
      if (fault instanceof UnfitStoreError) work.refuseAll(lane, fault)
      failures += 1
    }
    lane.endedAt = performance.now()
    lane.tookMs = lane.endedAt - start
    lane.crowd = failures > 0 ? 0 : Math.min(lane.waiting.length, MAX_BATCH)
    lane.waiting = lane.waiting.filter(({ isDone, spilled }) => !isDone && spilled === undefined)
    if (lane.spilled.length > 0) lane.spilled = lane.spilled.filter(({ isDone }) => !isDone)
    if (failures > 0 && lane.pending.size > 0) await pause(failures, work)
  }
  lane.isRunning = false
}

/**
 * Waits for those that were answered last to send again, as they mostly do at once, but no longer than
 * that commit took: else two halves of the senders would take turns, with twice as many commits.
 */
async function gather(lane: Lane): Promise<void> {
  const left = lane.endedAt + Math.min(lane.tookMs, MAX_GATHER_MS) - performance.now()
  if (left <= 0 || lane.waiting.length >= lane.crowd) return
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, left)
    lane.onCrowd = () => {
      clearTimeout(timer)
      resolve()
    }
  })
  lane.onCrowd = undefined
}

function nextBatch({ waiting, spilled }: Lane): Entry[] {
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
function oldestOf({ waiting, spilled }: Lane): Entry[] {
  const oldest = waiting.find(({ isDone, frame }) => !isDone && frame !== undefined) ?? spilled[0]
  return oldest === undefined ? [] : [oldest]
}

/** Takes duplicates out until the rest is committed. */
async function commitBatch(lane: Lane, batch: readonly Entry[], work: LaneWork): Promise<void> {
  const { store, times, settle } = work
  let left = batch
  while (left.length > 0) {
    const { entries, frames, open } = countBatch(lane, left, work)
    const start = performance.now()
    // The store has read the windows when it returns its promise.
    const commit = store.commit(lane.app, frames)
    closeWindows(open)
    const known = await commit
    if (known.length === 0) {
      times.note(lane.app, (performance.now() - start) / 1000)
      for (const entry of entries) settle(lane, entry, 'committed')
      return
    }
    // What an attempt of ours may have written counts as written by it.
    for (const i of known) {
      settle(lane, entries[i]!, entries[i]!.wasTried ? 'committed' : 'duplicate')
    }
    left = entries.filter(({ isDone }) => !isDone)
  }
}

/**
 * Counts a batch: the frames whose senders wait share their windows, which go along as a frame
 * without an id, after those that say the ids.
 */
function countBatch(
  lane: Lane,
  batch: readonly Entry[],
  { times, fail }: LaneWork,
): { entries: readonly Entry[]; frames: readonly Frame[]; open: OpenWindow[] } {
  const open: OpenWindow[] = []
  const entries = countTogether(batch, open, (entry, fault) => fail(lane, entry, fault))
  settleWindows()
  const table = createSeriesTable(Infinity)
  const frames: Frame[] = entries.map(({ id, spilled }) =>
    spilled === undefined ? { id, deltas: NO_DELTAS } : restoreFrame(id, spilled, table),
  )
  const [first] = open
  if (first !== undefined) {
    times.moveTo(first.acc, lane.app)
    frames.push({ id: undefined, deltas: open })
  }
  return { entries, frames, open }
}

const NO_DELTAS: Frame['deltas'] = []

/** Gives those that could be counted; the fault of one must not stop the others. */
function countTogether(
  batch: readonly Entry[],
  open: OpenWindow[],
  fail: (entry: Entry, fault: unknown) => void,
): readonly Entry[] {
  for (const entry of batch) {
    try {
      entry.frame?.count(open)
    } catch (fault) {
      closeWindows(open)
      fail(entry, fault)
      return countTogether(
        batch.filter((other) => other !== entry),
        open,
        fail,
      )
    }
  }
  return batch
}

/**
 * Waits until the store is asked again, or is said to be back. The more lanes wait, the longer each:
 * while the store is away for long, it is asked as often as for one.
 */
async function pause(failures: number, { pauses }: LaneWork): Promise<void> {
  const longest = Math.min(MAX_DELAY_MS * (pauses.size + 1), LONGEST_DELAY_MS)
  const delay = Math.min(FIRST_DELAY_MS * 2 ** failures, longest)
  const over = new AbortController()
  const end = () => over.abort()
  pauses.add(end)
  const options = { ref: false, signal: over.signal }
  await sleep(delay * (0.75 + Math.random() / 2), undefined, options).catch(() => {})
  pauses.delete(end)
}
