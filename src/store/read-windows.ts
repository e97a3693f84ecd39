import { type Window, cellOf, createWindow, mergeFrame } from '../model/window.ts'
import type { ReadRange, SeriesCells, Store, WindowReader } from './store.ts'

export interface TimedWindow {
  /** ms since 1970. */
  readonly start: number
  readonly window: Window
}

/**
 * The windows of an app that touch a range and hold something, oldest first: for short ranges. Of their
 * series those of the kinds, units and names that `wants` takes, by what their seriesKeys begin with.
 */
export async function readWindows(
  store: Pick<Store, 'read'>,
  app: string,
  range: ReadRange,
  wants?: (head: string) => boolean,
): Promise<TimedWindow[]> {
  const windows = new Map<number, Window>()
  await store.read(app, range, [windowsInto(windows, wants)])
  return [...windows].toSorted(([a], [b]) => a - b).map(([start, window]) => ({ start, window }))
}

/** Merges what it is shown into windows by their starts. */
export function windowsInto(
  windows: Map<number, Window>,
  wants: (head: string) => boolean = () => true,
): WindowReader {
  const windowAt = (start: number): Window => {
    let window = windows.get(start)
    if (window === undefined) windows.set(start, (window = createWindow()))
    return window
  }
  return {
    takesHours: false,
    takeFrame: (start, frame) => mergeFrame(windowAt(start), frame),
    takeSecond: (start, second, requests) => {
      const { seconds } = windowAt(start)
      seconds.set(second, (seconds.get(second) ?? 0) + requests)
    },
    cellsOf: (key) => [(start) => cellOf(windowAt(start), key)],
    cellsOfHead: (head) => (wants(head) ? undefined : NOWHERE),
  }
}

const NOWHERE: readonly SeriesCells[] = []
