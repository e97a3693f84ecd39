import { createAppWindows, releaseAccumulator } from '../src/aggregate/app-windows.ts'
import { countBody, createBodyReader } from '../src/aggregate/body.ts'
import { FINE_MS, type Store } from '../src/store/store.ts'
import { type DayOptions, bodyOfSecond } from './day.ts'

/**
 * Plays what an app logged in [from, to) (ms) into stores, a second at a time, as fast as they take
 * it; `onSecond` is told where time has come to. Resolves with the number of lines.
 */
export async function playDay(
  stores: readonly Store[],
  app: string,
  day: DayOptions,
  from: number,
  to: number,
  onSecond: (now: number) => void = () => {},
): Promise<number> {
  const windows = createAppWindows({ maxSeries: 10_000, maxRoutes: 200 })
  const reader = createBodyReader(FINE_MS)
  let lines = 0
  for (let now = from; now < to; now += 1000) {
    onSecond(now)
    const count = countBody(reader, windows, bodyOfSecond(day, now), now + 999)
    lines += count.lines
    const frames = [{ id: undefined, deltas: count.deltas }]
    await Promise.all(stores.map(async (store) => store.commit(app, frames)))
    for (const { acc } of count.deltas) releaseAccumulator(windows, acc)
  }
  return lines
}
