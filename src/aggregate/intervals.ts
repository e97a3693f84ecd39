import { type Accumulator, sizeOf } from '../model/accumulator.ts'
import { type AppWindows, releaseAccumulator, takeAccumulator } from './app-windows.ts'
import { type RequestStats, createRequestStats } from './requests.ts'

/** A span of the log's own time that is being filled. */
export interface Interval {
  /** Milliseconds since 1970; NaN for lines that came before any time was known. */
  readonly start: number
  /** Exclusive. */
  readonly end: number
  readonly acc: Accumulator
  readonly requests: RequestStats
}

export interface Intervals {
  readonly widthMs: number
  /** The interval of a time, ms since 1970. */
  readonly at: (time: number) => Interval
  /** Those that are still open, oldest first. */
  readonly open: () => Interval[]
  /** Closes all, oldest first. */
  readonly closeAll: () => void
}

export interface IntervalOptions {
  readonly widthMs: number
  /** An interval is closed when one that starts this many widths later, or more, gets a line. */
  readonly keep: number
  /** The interval is lent: it is used again after the call. */
  readonly onClose: (interval: Interval) => void
}

/** Old intervals that are open at a time, when a log goes back. */
const MAX_OLD = 64
/** Values held by the old ones, and by the others, some 100 MB each; beyond, only the newest stay open. */
const MAX_CELLS = 200_000

/**
 * Cuts a log into intervals by its own time. Lines out of order go where they belong. A line older
 * than every open interval opens its own again, which stays open until MAX_OLD others are wanted: so
 * that files in any order count in full, and each line once.
 */
export function createIntervals(windows: AppWindows, options: IntervalOptions): Intervals {
  const { widthMs, keep, onClose } = options
  const recent = new Map<number, Interval>()
  const old = new Map<number, Interval>()
  let newest = -Infinity
  let current: Interval | undefined

  function close(from: Map<number, Interval>, interval: Interval): void {
    from.delete(interval.start)
    if (current === interval) current = undefined
    onClose(interval)
    releaseAccumulator(windows, interval.acc)
  }

  function openAt(start: number): Interval {
    const interval = {
      start,
      end: start + widthMs,
      acc: takeAccumulator(windows),
      requests: createRequestStats(),
    }
    const oldest = newest - keep * widthMs
    if (!(start >= oldest)) {
      const isFull = old.size >= MAX_OLD || cellsOf(old) > MAX_CELLS
      if (isFull) close(old, old.values().next().value!)
      old.set(start, interval)
      return interval
    }
    recent.set(start, interval)
    if (start <= newest) return interval
    newest = start
    const kept = cellsOf(recent) > MAX_CELLS ? 1 : keep
    for (const one of byStart(recent)) {
      if (one.start <= start - (kept + 1) * widthMs) close(recent, one)
    }
    return interval
  }

  return {
    widthMs,
    at(time) {
      if (current !== undefined && time >= current.start && time < current.start + widthMs) {
        return current
      }
      const start = Math.floor(time / widthMs) * widthMs
      current = recent.get(start) ?? old.get(start)
      if (current === undefined) current = openAt(start)
      else if (old.delete(start)) old.set(start, current)
      return current
    },
    open: () => byStart([...old, ...recent]),
    closeAll() {
      for (const one of byStart([...old, ...recent]))
        close(recent.has(one.start) ? recent : old, one)
    },
  }
}

function cellsOf(intervals: ReadonlyMap<number, Interval>): number {
  let cells = 0
  for (const { acc } of intervals.values()) cells += sizeOf(acc)
  return cells
}

function byStart(intervals: Iterable<[number, Interval]>): Interval[] {
  return [...intervals].map(([, interval]) => interval).toSorted((a, b) => orderOf(a) - orderOf(b))
}

function orderOf({ start }: Interval): number {
  return Number.isNaN(start) ? -Number.MAX_VALUE : start
}
