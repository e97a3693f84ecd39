import { type OpenWindow, releaseWindows } from '../aggregate/app-windows.ts'
import { createSeriesTable } from '../model/series-table.ts'
import type { CommitTimes } from './self-metrics.ts'
import type { Entry, CommitQueue } from './commit-queue.ts'
import { restoreBody } from './spill.ts'
import type { StoreOutage } from './store-outage.ts'
import type { CommitBody, Store } from '../store/store.ts'

export interface BatchWork {
  readonly store: Store
  readonly times: CommitTimes
  readonly outage: StoreOutage
  readonly settle: (queue: CommitQueue, entry: Entry, result: 'committed' | 'duplicate') => void
  /** Rejects for those who wait for a body that could not be counted. */
  readonly fail: (queue: CommitQueue, entry: Entry, fault: unknown) => void
}

/**
 * Counts and commits a batch: takes duplicates out until the rest is committed. Rejects when the store
 * can't be reached, and then nothing is known of those that are left.
 */
export async function commitBatch(
  queue: CommitQueue,
  batch: readonly Entry[],
  work: BatchWork,
): Promise<void> {
  const { store, times, outage, settle } = work
  let left = batch
  while (left.length > 0) {
    const { entries, bodies, open } = countBatch(queue, left, work)
    const start = performance.now()
    outage.noteSent(queue)
    for (const entry of entries) entry.isSent = true
    // The store has read the windows when it returns its promise.
    const commit = store.commit(queue.app, bodies)
    releaseWindows(open)
    const known = await commit
    outage.noteAnswer(queue)
    if (known.length === 0) {
      times.note(queue.app, (performance.now() - start) / 1000)
      for (const entry of entries) settle(queue, entry, 'committed')
      return
    }
    // What an attempt of ours may have written counts as written by it.
    for (const i of known) {
      settle(queue, entries[i]!, entries[i]!.wasTried ? 'committed' : 'duplicate')
    }
    left = entries.filter(({ isDone }) => !isDone)
  }
}

/**
 * Counts a batch: the bodies whose senders wait share their windows, which go along as a body
 * without an id, after those that say the ids.
 */
function countBatch(
  queue: CommitQueue,
  batch: readonly Entry[],
  { times, fail }: BatchWork,
): { entries: readonly Entry[]; bodies: readonly CommitBody[]; open: OpenWindow[] } {
  const open: OpenWindow[] = []
  const entries = countTogether(batch, open, (entry, fault) => fail(queue, entry, fault))
  const table = createSeriesTable(Infinity)
  const bodies: CommitBody[] = entries.map(({ id, spilled }) =>
    spilled === undefined ? { id, deltas: NO_DELTAS } : restoreBody(id, spilled, table),
  )
  const [first] = open
  if (first !== undefined) {
    times.moveTo(first.acc, queue.app)
    bodies.push({ id: undefined, deltas: open })
  }
  return { entries, bodies, open }
}

const NO_DELTAS: CommitBody['deltas'] = []

/** Gives those that could be counted; the fault of one must not stop the others. */
function countTogether(
  batch: readonly Entry[],
  open: OpenWindow[],
  fail: (entry: Entry, fault: unknown) => void,
): readonly Entry[] {
  for (const entry of batch) {
    try {
      entry.body?.count(open)
    } catch (fault) {
      releaseWindows(open)
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
