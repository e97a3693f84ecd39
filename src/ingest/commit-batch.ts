import { type OpenWindow, closeWindows, settleWindows } from '../aggregate/app-windows.ts'
import { createSeriesTable } from '../model/series-table.ts'
import type { CommitTimes } from './commit-times.ts'
import type { Entry, Lane } from './commit-queue.ts'
import { restoreFrame } from './spill.ts'
import type { Frame, Store } from '../store/store.ts'

export interface BatchWork {
  readonly store: Store
  readonly times: CommitTimes
  readonly settle: (lane: Lane, entry: Entry, result: 'committed' | 'duplicate') => void
  /** Tells those who wait for a frame that it went wrong here. */
  readonly fail: (lane: Lane, entry: Entry, fault: unknown) => void
}

/**
 * Counts and commits a batch: takes duplicates out until the rest is committed. Rejects when the store
 * can't be reached, and then nothing is known of those that are left.
 */
export async function commitBatch(
  lane: Lane,
  batch: readonly Entry[],
  work: BatchWork,
): Promise<void> {
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
  { times, fail }: BatchWork,
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
