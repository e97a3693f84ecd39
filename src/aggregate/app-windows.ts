import { type AppState, type ExtractOptions, createAppState } from '../extract/app-state.ts'
import { type Accumulator, createAccumulator, resetAccumulator } from '../model/accumulator.ts'

/** The windows of one app that are being filled, and the accumulators that are free to be used again. */
export interface AppWindows {
  readonly state: AppState
  readonly free: Accumulator[]
}

const MAX_FREE = 64
/** In time each accumulator has a cell for every series: of an app with many, fewer are kept. */
const MAX_FREE_CELLS = 32_768

export function createAppWindows(options: ExtractOptions): AppWindows {
  return { state: createAppState(options), free: [] }
}

export function takeAccumulator(windows: AppWindows): Accumulator {
  return windows.free.pop() ?? createAccumulator(windows.state.table)
}

/** Gives back an accumulator whose values have been committed or dropped. */
export function releaseAccumulator(windows: AppWindows, acc: Accumulator): void {
  const { free } = windows
  if (free.length >= MAX_FREE || free.length * acc.cells.length > MAX_FREE_CELLS) return
  resetAccumulator(acc)
  free.push(acc)
}
