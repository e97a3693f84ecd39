import { setTimeout as sleep } from 'node:timers/promises'
import { type AppWindows, type OpenWindow, openWindow } from '../aggregate/app-windows.ts'
import type { Accumulator } from '../model/accumulator.ts'
import { WIDTH_10S } from '../model/window-reader.ts'
import type { Committer } from './committer.ts'
import { RefusedError } from './refusal.ts'
import type { RefusalReason } from '../receive/refusal-reason.ts'
import { countBodies, countRefusals } from './self-metrics.ts'

/** Counts of requests that brought nothing to count: they go into the store with the app's next body, or alone. */
export interface DeferredCounts {
  readonly duplicates: number
  /** Refused bodies of the app. */
  readonly refused: number
  readonly reasons: ReadonlyMap<RefusalReason, number>
  readonly addTo: (acc: Accumulator) => void
}

export interface Deferred {
  add(app: string, windows: AppWindows, ...counts: readonly (DeferredCounts | undefined)[]): void
  /** The counts of an app, which the caller now has to commit; undefined when there are none. */
  take(windows: AppWindows): DeferredCounts | undefined
  /** Commits the counts of an app; resolves when they are committed or have to wait for the store. */
  commit(app: string, windows: AppWindows): Promise<void>
  /** Commits those of all apps, at most a few times a second: strangers decide how often they are refused. */
  readonly commitSoon: () => void
  /** The same, in the next turn of the event loop. */
  readonly commitNext: () => void
  readonly flush: () => Promise<void>
}

const PAUSE_MS = 200
const FLUSH_MS = 1000

export function createDeferredCounts(
  committer: Pick<Committer, 'add'>,
  clock: () => number,
): Deferred {
  const counts = new Map<AppWindows, { app: string; sum: DeferredCounts }>()
  /** When those that were refused were last committed, by performance.now(). */
  let committedAt = -Infinity
  let timer: NodeJS.Timeout | undefined
  let next: NodeJS.Immediate | undefined

  const take = (windows: AppWindows): DeferredCounts | undefined => {
    const found = counts.get(windows)?.sum
    counts.delete(windows)
    return found
  }

  const add: Deferred['add'] = (app, windows, ...more) => {
    for (const one of more) {
      if (one === undefined) continue
      const known = counts.get(windows)
      counts.set(windows, { app, sum: known === undefined ? one : sumOf(known.sum, one) })
    }
  }

  const commit = async (app: string, windows: AppWindows): Promise<void> => {
    const sum = take(windows)
    if (sum === undefined) return
    const start = windowStart(clock())
    const count = (open: OpenWindow[]) => sum.addTo(openWindow(open, windows, start))
    try {
      await committer.add(app, { id: undefined, size: 0, count })
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error
      void error.wasCommitted.then((wasCommitted) => {
        if (wasCommitted) return
        add(app, windows, sum)
        void commit(app, windows)
      })
    }
  }

  const flush = async (): Promise<void> => {
    clearTimeout(timer)
    timer = next = undefined
    committedAt = performance.now()
    const all = [...counts].map(async ([windows, { app }]) => commit(app, windows))
    if (all.length === 0) return
    await Promise.race([Promise.all(all), sleep(FLUSH_MS, undefined, { ref: false })])
  }

  return {
    add,
    take,
    commit,
    commitSoon: () => {
      const wait = committedAt + PAUSE_MS - performance.now()
      timer ??= setTimeout(() => void flush(), Math.max(wait, 0)).unref()
    },
    commitNext: () => {
      next ??= setImmediate(() => void flush())
    },
    flush,
  }
}

export const ONE_DUPLICATE = countsOf(1, 0, new Map())

/** One refused body, or one request that is no body of an app or was counted as one already. */
export function refusalOf(reason: RefusalReason, isBody = true): DeferredCounts {
  return countsOf(0, isBody ? 1 : 0, new Map([[reason, 1]]))
}

function countsOf(
  duplicates: number,
  refused: number,
  reasons: ReadonlyMap<RefusalReason, number>,
): DeferredCounts {
  const addTo = (acc: Accumulator) => {
    if (duplicates > 0) countBodies(acc, 'duplicate', duplicates)
    if (refused > 0) countBodies(acc, 'refused', refused)
    for (const [reason, requests] of reasons) countRefusals(acc, reason, requests)
  }
  return { duplicates, refused, reasons, addTo }
}

function sumOf(a: DeferredCounts, b: DeferredCounts): DeferredCounts {
  const reasons = new Map(a.reasons)
  for (const [reason, n] of b.reasons) reasons.set(reason, n + (reasons.get(reason) ?? 0))
  return countsOf(a.duplicates + b.duplicates, a.refused + b.refused, reasons)
}

/** Of the window that holds a time. */
export function windowStart(time: number): number {
  return time - (time % WIDTH_10S)
}
