import { createAppWindows, releaseAccumulator } from '../src/aggregate/app-windows.ts'
import { countBody, createBodyReader } from '../src/aggregate/body.ts'
import { sharedScanner } from '../src/aggregate/scanner/scanner.ts'
import { WIDTH_10S } from '../src/model/window-reader.ts'
import { type CommitBody, type Store } from '../src/store/store.ts'
import { type DayOptions, bodyOfSecond } from './day.ts'

/** After so many seconds the same lines come again, at their new times: making lines is the dear part. */
const SECONDS = 1200
/** Seconds that are committed at once. */
const AT_ONCE = 10
const MARK = Buffer.from('<158>1 ')
/** The part of a timestamp that tells the second, as `2026-11-21T12:00:00`. */
const STAMP = 19

/**
 * Plays what an app logged in [from, to) (ms) into stores as fast as they take it; `onSecond` is told where time has come to. Resolves with the number of lines.
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
  const reader = createBodyReader(WIDTH_10S, sharedScanner())
  const bodies: { readonly bytes: Buffer; readonly stamps: readonly number[] }[] = []
  const frames: CommitBody[] = []
  let lines = 0
  for (let now = from - (from % 1000); now < to; now += 1000) {
    onSecond(now)
    const place = (now / 1000) % SECONDS
    const body = (bodies[place] ??= withStamps(bodyOfSecond(day, now)))
    const stamp = new Date(now).toISOString().slice(0, STAMP)
    for (const at of body.stamps) body.bytes.write(stamp, at, 'latin1')
    const count = countBody(reader, windows, body.bytes, now + 999)

    lines += count.lines
    frames.push({ id: undefined, deltas: count.deltas })
    if (frames.length < AT_ONCE && now + 1000 < to) continue
    const batch = frames.splice(0)
    await Promise.all(stores.map(async (store) => store.commit(app, batch)))
    for (const { deltas } of batch) for (const { acc } of deltas) releaseAccumulator(windows, acc)
  }
  return lines
}

function withStamps(bytes: Buffer) {
  const stamps: number[] = []
  for (let at = bytes.indexOf(MARK); at >= 0; at = bytes.indexOf(MARK, at + 1)) {
    stamps.push(at + MARK.length)
  }
  return { bytes, stamps }
}
