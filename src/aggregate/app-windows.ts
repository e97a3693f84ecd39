import { type AppState, type ExtractOptions, createAppState } from '../extract/app-state.ts'
import { type Accumulator, createAccumulator, resetAccumulator } from '../model/accumulator.ts'
import type { SeriesTable } from '../model/series-table.ts'

/** The accumulators of a series table that are free to be used again. */
export interface Pool {
  readonly table: SeriesTable
  readonly free: Accumulator[]
}

/** What is known of one app, and its accumulators. */
export interface AppWindows extends Pool {
  readonly state: AppState
}

/** A window that is being filled, on loan from a pool. */
export interface OpenWindow {
  /** ms since 1970. */
  readonly start: number
  readonly acc: Accumulator
  readonly owner: Pool
}

/** Two windows are open where one has just begun. */
const MIN_FREE = 2
const MAX_FREE = 64
/** In time each accumulator has a cell for every series: of an app with many, fewer are kept. */
const MAX_FREE_CELLS = 8192

export function createAppWindows(options: ExtractOptions): AppWindows {
  const state = createAppState(options)
  return { state, table: state.table, free: [] }
}

/** What is being filled of a window among `open`, which gets it when it isn't there. */
export function openWindow(open: OpenWindow[], owner: Pool, start: number): Accumulator {
  for (const window of open) {
    if (window.start === start && window.owner === owner) return window.acc
  }
  const acc = takeAccumulator(owner)
  open.push({ start, acc, owner })
  return acc
}

/** Gives back what is open, whose values have been taken or are to be dropped. */
export function releaseWindows(open: OpenWindow[]): void {
  for (const { owner, acc } of open) releaseAccumulator(owner, acc)
  open.length = 0
}

export function takeAccumulator({ table, free }: Pool): Accumulator {
  return free.pop() ?? createAccumulator(table)
}

/** Gives back an accumulator whose values have been committed or dropped. */
export function releaseAccumulator({ free }: Pool, acc: Accumulator): void {
  const isMany = free.length * acc.table.series.length > MAX_FREE_CELLS
  if (free.length >= MAX_FREE || (free.length >= MIN_FREE && isMany)) return
  resetAccumulator(acc)
  free.push(acc)
}
