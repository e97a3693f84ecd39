import { type Accumulator, mergeAccumulator } from '../model/accumulator.ts'
import { type Window, createWindow, mergeWindow } from '../model/window.ts'

/** Windows of equal width over a span that isn't known beforehand. */
export interface ReportSteps {
  /** Adds what was accumulated from `start` (ms since 1970; NaN when no time is known) on, for MIN_STEP_MS at most. */
  readonly add: (start: number, acc: Accumulator) => void
  readonly widthMs: () => number
  /** By start, ms since 1970; in no order. What had no time is under NaN. */
  readonly windows: () => ReadonlyMap<number, Window>
}

export const MIN_STEP_MS = 10_000

const MAX_WINDOWS = 720

/** Each divides the next, so that narrow windows fit into wider ones, s. */
const WIDTHS = [10, 20, 60, 120, 600, 1200, 3600, 7200, 21_600, 43_200, 86_400]

/** When there would be more than MAX_WINDOWS, they are merged into wider ones. */
export function createReportSteps(): ReportSteps {
  let width = MIN_STEP_MS
  let windows = new Map<number, Window>()

  const windowAt = (time: number): Window => {
    const start = Math.floor(time / width) * width
    let window = windows.get(start)
    if (window === undefined) windows.set(start, (window = createWindow()))
    return window
  }

  const widen = () => {
    const narrow = windows
    windows = new Map()
    width = WIDTHS.map((seconds) => seconds * 1000).find((one) => one > width) ?? width * 2
    for (const [start, window] of narrow) mergeWindow(windowAt(start), window)
  }

  return {
    add: (start, acc) => {
      mergeAccumulator(windowAt(start), acc)
      while (windows.size > MAX_WINDOWS) widen()
    },
    widthMs: () => width,
    windows: () => windows,
  }
}
