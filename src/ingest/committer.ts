import { randomBytes } from 'node:crypto'
import { createCommitTimes } from './commit-times.ts'
import type { FrameResult } from './body-counts.ts'
import {
  type Entry,
  type Lane,
  type PendingFrame,
  type Waiter,
  addToLane,
  createLane,
} from './commit-queue.ts'
import { createPacker } from '../codec/packer.ts'
import { createRecentIds } from '../store/recent-ids.ts'
import { type LaneWork, runLane } from './commit-worker.ts'
import { spillFrame } from './spill.ts'
import type { Store } from '../store/store.ts'

/** Brings frames into the store. What `add` resolves may be acknowledged. */
export interface Committer {
  /**
   * Resolves when the frame is committed, or held after the store was away for too long; it isn't
   * counted again then. Rejects with RefusedError when the frame could be neither committed nor held.
   */
  add(app: string, frame: PendingFrame): Promise<FrameResult>
  /** Lines held in memory because the store can't be reached. */
  spilledLines(): number
  /** Commits what is held, for at most `limitMs`; resolves with what was acknowledged and is lost. */
  stop(limitMs: number): Promise<Lost>
}

export interface Lost {
  readonly frames: number
  readonly lines: number
}

/** Neither committed nor held: the sender has to keep the frame. */
export class RefusedError extends Error {
  override name = 'RefusedError'
}

export interface CommitterOptions {
  /** A sender waits this long for the store before its frame is held, ms. */
  readonly holdMs: number
  /** What may be held, bytes. */
  readonly spillBytes: number
}

/** A sender waits this long at most, ms: Logplex gives up after five seconds. */
const REFUSE_MS = 4000
const TICK_MS = 50
const STOP_TICK_MS = 20
const DUPLICATE = Promise.resolve<FrameResult>('duplicate')

export function createCommitter(store: Store, options: CommitterOptions): Committer {
  const { holdMs, spillBytes } = options
  const packer = createPacker()
  // Of this process: most duplicates need not reach the store.
  const committed = createRecentIds()
  const lanes = new Map<string, Lane>()
  const ownPrefix = randomBytes(8).toString('base64url')
  let ownIds = 0
  let heldBytes = 0
  let heldLines = 0
  let isStopped = false
  let ticker: NodeJS.Timeout | undefined

  const laneOf = (app: string): Lane => {
    let lane = lanes.get(app)
    if (lane === undefined) lanes.set(app, (lane = createLane(app)))
    return lane
  }

  const finish = (lane: Lane, entry: Entry): Waiter[] => {
    entry.isDone = true
    lane.pending.delete(entry.id)
    // What a Map has held may look alive to the garbage collector for some time: not its body too.
    entry.frame = undefined
    if (entry.spilled !== undefined) {
      heldBytes -= entry.spilled.size
      heldLines -= entry.spilled.lines
    }
    return takeWaiters(entry)
  }

  const refuse = (lane: Lane, entry: Entry, fault: unknown) => {
    const error = new RefusedError('the store could not take a frame, nor could it be held', {
      cause: fault,
    })
    for (const { reject } of finish(lane, entry)) reject(error)
  }

  const work: LaneWork = {
    store,
    times: createCommitTimes(),
    isStopped: () => isStopped,
    pauses: new Set(),
    settle: (lane, entry, result) => {
      if (entry.isDone) return
      answer(finish(lane, entry), result)
      if (!entry.id.startsWith(ownPrefix)) committed.add(lane.app, entry.id, performance.now())
    },
    fail: (lane, entry, fault) => {
      for (const { reject } of finish(lane, entry)) reject(fault)
    },
    refuseAll: (lane, fault) => {
      for (const entry of lane.waiting) if (!entry.isDone) refuse(lane, entry, fault)
    },
  }

  /** Holds a frame in memory if there is room for it, and answers its sender. */
  const hold = (lane: Lane, entry: Entry): boolean => {
    if (heldBytes >= spillBytes) return false
    const spilled = spillFrame(entry.frame!, packer)
    if (heldBytes + spilled.size > spillBytes) return false
    entry.spilled = spilled
    entry.frame = undefined
    heldBytes += spilled.size
    heldLines += spilled.lines
    lane.spilled.push(entry)
    answer(takeWaiters(entry), 'spilled')
    return true
  }

  const tick = () => {
    const now = performance.now()
    let isBusy = false
    for (const lane of lanes.values()) {
      for (const entry of lane.waiting) {
        if (entry.isDone || entry.spilled !== undefined) continue
        isBusy = true
        if (now - entry.since < holdMs || hold(lane, entry)) continue
        if (now - entry.since >= REFUSE_MS) refuse(lane, entry, lane.fault)
      }
      lane.waiting = lane.waiting.filter(({ isDone, spilled }) => !isDone && spilled === undefined)
    }
    if (isBusy) return
    clearInterval(ticker)
    ticker = undefined
  }

  // No async function: what it would keep for each frame is old garbage by the time of the answer.
  const add = (app: string, frame: PendingFrame): Promise<FrameResult> => {
    // An id of our own for a frame that has none, so that at least our own attempts are recognised.
    const id = frame.id ?? `${ownPrefix}${(ownIds += 1)}`
    const since = performance.now()
    if (committed.has(app, id, since)) return DUPLICATE
    if (isStopped) return Promise.reject(new RefusedError('the server has stopped'))
    const lane = laneOf(app)
    const known = lane.pending.get(id)
    if (known?.spilled !== undefined) return DUPLICATE
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject }
      if (known !== undefined) {
        known.waiters.push(waiter)
        return
      }
      addToLane(lane, {
        id,
        since,
        frame,
        spilled: undefined,
        waiters: [waiter],
        wasTried: false,
        isDone: false,
      })
      void runLane(lane, work)
      ticker ??= setInterval(tick, TICK_MS).unref()
    })
  }

  const stop = async (limitMs: number): Promise<Lost> => {
    const end = performance.now() + limitMs
    while (performance.now() < end && [...lanes.values()].some(({ pending }) => pending.size > 0)) {
      await new Promise((resolve) => setTimeout(resolve, STOP_TICK_MS))
    }
    isStopped = true
    clearInterval(ticker)
    const lost = { frames: 0, lines: 0 }
    for (const lane of lanes.values()) {
      for (const entry of lane.pending.values()) {
        if (entry.spilled === undefined) refuse(lane, entry, lane.fault)
        else {
          lost.frames += 1
          lost.lines += entry.spilled.lines
        }
      }
    }
    return lost
  }

  return { add, spilledLines: () => heldLines, stop }
}

function takeWaiters(entry: Entry): Waiter[] {
  const { waiters } = entry
  entry.waiters = []
  return waiters
}

/** The first waiter brought the frame; the others brought copies of it. */
function answer(waiters: readonly Waiter[], result: FrameResult): void {
  for (const [i, { resolve }] of waiters.entries()) resolve(i === 0 ? result : 'duplicate')
}
