import { type AppState, type ExtractOptions, createAppState } from '../extract/app-state.ts'
import { type Accumulator, createAccumulator, resetAccumulator } from '../model/accumulator.ts'

/** The windows of one app that are being filled, and the accumulators that are free to be used again. */
export interface AppWindows {
  readonly state: AppState
  readonly free: Accumulator[]
}

const MAX_FREE = 16

export function createAppWindows(options: ExtractOptions): AppWindows {
  return { state: createAppState(options), free: [] }
}

export function takeAccumulator(windows: AppWindows): Accumulator {
  return windows.free.pop() ?? createAccumulator(windows.state.table)
}

/** Gives back an accumulator whose values have been committed or dropped. */
export function releaseAccumulator(windows: AppWindows, acc: Accumulator): void {
  if (windows.free.length >= MAX_FREE) return
  resetAccumulator(acc)
  windows.free.push(acc)
}
