import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { type BatchWork, commitBatch } from './commit-batch.ts'
import { type Lane, MAX_BATCH, nextBatch, oldestOf } from './commit-queue.ts'
import { UnfitStoreError } from '../store/store.ts'

export interface LaneWork extends BatchWork {
  readonly refuseAll: (lane: Lane, fault: unknown) => void
  readonly isStopped: () => boolean
  /** Ends the pauses of lanes whose last commit failed. */
  readonly pauses: Set<() => void>
}

/** A batch waits at most so long for more to come, ms. */
const MAX_GATHER_MS = 5
const FIRST_DELAY_MS = 10
const MAX_DELAY_MS = 250
/** However many lanes fail. */
const LONGEST_DELAY_MS = 4000

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
