import { setImmediate } from 'node:timers/promises'
import type { Store, TimedWindow, Width } from '../store/store.ts'

/** Windows that are asked for at once: a day of them at once would be a heap of its own. */
const SLICE = 60
/** Longest piece of work between two turns of the event loop, ms: the drain goes first. */
const TURN_MS = 8

/**
 * Gives the windows of an app that touch [from, to) (ms), oldest first, a few at a time; resolves with
 * how many there were.
 */
export async function readWindows(
  store: Store,
  range: {
    readonly app: string
    readonly width: Width
    readonly from: number
    readonly to: number
  },
  take: (window: TimedWindow) => void,
): Promise<number> {
  const { app, width, from, to } = range
  let count = 0
  let start = Math.floor(from / width) * width
  while (start < to) {
    const end = Math.min(start + SLICE * width, to)
    const windows = await store.read(app, width, Math.max(start, from), end)
    count += windows.length
    let turned = performance.now()
    for (const window of windows) {
      take(window)
      if (performance.now() - turned < TURN_MS) continue
      await setImmediate()
      turned = performance.now()
    }
    await setImmediate()
    start = end
  }
  return count
}
