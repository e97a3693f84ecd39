import type { Window } from '../../model/window.ts'

/**
 * Sees to it that nobody is shown a counter that went down because Redis forgot its last moments and
 * other receivers haven't brought them back yet: Prometheus would take that for a restart and add the
 * whole value once more.
 */
export interface CounterResetGuard {
  /** Throws while the lifetime window of an app counts fewer lines than it did. */
  check(app: string, lifetime: Window, now: number): void
}

/** After so long what is missing is gone for good, and the counters do start again. ms. */
const PATIENCE_MS = 10_000

export function createCounterResetGuard(): CounterResetGuard {
  const marks = new Map<string, { lines: number; belowSince: number | undefined }>()
  return {
    check: (app, lifetime, now) => {
      const lines = lifetime.results.reduce((sum, n) => sum + n, 0)
      const mark = marks.get(app)
      if (mark === undefined || lines >= mark.lines) {
        marks.set(app, { lines, belowSince: undefined })
        return
      }
      mark.belowSince ??= now
      if (now - mark.belowSince < PATIENCE_MS) {
        throw new Error(
          `Redis went back in time: ${mark.lines - lines} lines of ${app} are missing`,
        )
      }
      marks.set(app, { lines, belowSince: undefined })
    },
  }
}
