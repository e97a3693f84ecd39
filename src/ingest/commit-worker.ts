import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { type BatchWork, commitBatch } from './commit-batch.ts'
import { type CommitQueue, MAX_BATCH, nextBatch, oldestOf } from './commit-queue.ts'
import { lookUpRefused } from './refusal.ts'
import { UnsafeStoreError } from '../store/store.ts'

export interface CommitWork extends BatchWork {
  readonly refuseAll: (queue: CommitQueue, fault: unknown) => void
  readonly isStopped: () => boolean
  /** Ends the pauses of queues whose last commit failed. */
  readonly pauses: Set<() => void>
}

/** A batch waits at most so long for more to come, ms. */
const MAX_LINGER_MS = 5
const FIRST_DELAY_MS = 10
const MAX_DELAY_MS = 250
/** However many queues fail. */
const LONGEST_DELAY_MS = 4000

/**
 * Commits what waits, all that came while the last commit was under way as the next batch: a batch is
 * as small as it can be at rest and as large as it has to be under load.
 */
export async function runCommits(queue: CommitQueue, work: CommitWork): Promise<void> {
  if (queue.isRunning) return
  queue.isRunning = true
  let failures = 0
  while (queue.pending.size > 0 && !work.isStopped()) {
    // What came at the same time goes together, and answers go out before more is counted.
    await turn()
    await linger(queue)
    const batch = failures === 0 ? nextBatch(queue) : oldestOf(queue)
    const start = performance.now()
    try {
      await commitBatch(queue, batch, work)
      const witness = batch.find(({ isSent }) => isSent)
      if (queue.refused.size > 0 && witness !== undefined)
        await lookUpRefused(queue, witness.id, work.store)
      // The store is back: for the others too, or for some of them.
      if (failures > 0) for (const end of work.pauses) end()
      failures = 0
      queue.fault = undefined
    } catch (fault) {
      queue.fault = fault
      for (const entry of batch) entry.wasTried = true
      if (fault instanceof UnsafeStoreError) work.refuseAll(queue, fault)
      failures += 1
    }
    queue.endedAt = performance.now()
    queue.tookMs = queue.endedAt - start
    queue.expectedBatch = failures > 0 ? 0 : Math.min(queue.waiting.length, MAX_BATCH)
    queue.waiting = queue.waiting.filter(({ isDone, spilled }) => !isDone && spilled === undefined)
    if (queue.spilled.length > 0) queue.spilled = queue.spilled.filter(({ isDone }) => !isDone)
    if (failures > 0 && queue.pending.size > 0) await pause(failures, work)
  }
  queue.isRunning = false
}

/**
 * Waits for those that were answered last to send again, as they mostly do at once, but no longer than
 * that commit took: else two halves of the senders would take yielder, with twice as many commits.
 */
async function linger(queue: CommitQueue): Promise<void> {
  const left = queue.endedAt + Math.min(queue.tookMs, MAX_LINGER_MS) - performance.now()
  if (left <= 0 || queue.waiting.length >= queue.expectedBatch) return
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, left)
    queue.onExpectedBatch = () => {
      clearTimeout(timer)
      resolve()
    }
  })
  queue.onExpectedBatch = undefined
}

/**
 * Waits until the store is asked again, or is said to be back. The more queues wait, the longer each:
 * while the store is away for long, it is asked as often as for one.
 */
async function pause(failures: number, { pauses }: CommitWork): Promise<void> {
  const longest = Math.min(MAX_DELAY_MS * (pauses.size + 1), LONGEST_DELAY_MS)
  const delay = Math.min(FIRST_DELAY_MS * 2 ** failures, longest)
  const over = new AbortController()
  const end = () => over.abort()
  pauses.add(end)
  const options = { ref: false, signal: over.signal }
  await sleep(delay * (0.75 + Math.random() / 2), undefined, options).catch(() => {})
  pauses.delete(end)
}
