import { type Window, cellOf, createWindow, mergeHeader } from '../../src/model/window.ts'
import type { ReadRange, WindowReader } from '../../src/model/window-reader.ts'
import type { Store } from '../../src/store/store.ts'

export interface TimedWindow {
  /** ms since 1970. */
  readonly start: number
  readonly window: Window
}

/** The windows of an app that touch a range and hold something, oldest first. */
export async function readWindows(
  store: Pick<Store, 'read'>,
  app: string,
  range: ReadRange,
): Promise<TimedWindow[]> {
  const windows = new Map<number, Window>()
  await store.read(app, range, [windowsInto(windows)])
  return [...windows].toSorted(([a], [b]) => a - b).map(([start, window]) => ({ start, window }))
}

/** Merges what it is shown into windows by their starts. */
export function windowsInto(windows: Map<number, Window>): WindowReader {
  const windowAt = (start: number): Window => {
    let window = windows.get(start)
    if (window === undefined) windows.set(start, (window = createWindow()))
    return window
  }
  return {
    acceptsRollups: false,
    onHeader: (start, frame) => mergeHeader(windowAt(start), frame),
    onSecond: (start, second, requests) => {
      const { seconds } = windowAt(start)
      seconds.set(second, (seconds.get(second) ?? 0) + requests)
    },
    seriesSink: (key) => [(start) => cellOf(windowAt(start), key)],
  }
}
