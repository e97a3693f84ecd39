import { FUTURE, LATE, MALFORMED, countMalformed, extractLine } from '../extract/extract.ts'
import { scanFrames } from '../frame/octets.ts'
import { readSyslog } from '../frame/syslog.ts'
import { type Accumulator, countValue } from '../model/accumulator.ts'
import { type Line, createLine } from '../model/line.ts'
import { internSeries } from '../model/series-table.ts'
import { type DateCache, type Stamp, createDateCache } from '../frame/timestamp.ts'
import { type AppWindows, type OpenWindow, openWindow } from './app-windows.ts'

/** Lines older than this are late, ms; lines further ahead than FUTURE_MS are from the future. */
export const LATE_MS = 15 * 60_000
export const FUTURE_MS = 60_000

/** What reading bodies needs between two of them; one for a process. */
export interface BodyReader {
  readonly line: Line
  readonly dates: DateCache
  readonly stamp: Stamp
  readonly windowMs: number
}

/** What one body held: values by window, and how its lines' clock differs from ours. */
export interface BodyCount {
  readonly deltas: OpenWindow[]
  /** Lines of any kind. */
  lines: number
  malformed: number
  late: number
  /** Of the lines that were late or from the future, the greatest distance from now, ms. */
  skew: number
}

export function createBodyReader(windowMs: number): BodyReader {
  return { line: createLine(), dates: createDateCache(), stamp: { time: 0, end: 0 }, windowMs }
}

/**
 * Reads a Logplex body (octet-counted syslog frames) into windows of `windows`, which the caller
 * closes: those of `deltas`, which may hold what other bodies have counted, and gets new ones. `now`
 * (ms since 1970) is the store's time. What became of the lines is counted in the window of `now`; a
 * late or future line enters no other. The same body gives the same each time.
 */
export function countBody(
  reader: BodyReader,
  windows: AppWindows,
  body: Uint8Array,
  now: number,
  deltas: OpenWindow[] = [],
): BodyCount {
  const { line, dates, stamp, windowMs } = reader
  const count: BodyCount = { deltas, lines: 0, malformed: 0, late: 0, skew: 0 }
  const current = openWindow(deltas, windows, now - (now % windowMs))
  let start = NaN
  let acc = current
  scanFrames(
    body,
    (messageStart, messageEnd) => {
      count.lines += 1
      let result = MALFORMED
      if (!readSyslog(body, messageStart, messageEnd, dates, stamp, line)) countMalformed(current)
      else if (line.time < now - LATE_MS || line.time > now + FUTURE_MS) {
        result = line.time < now ? LATE : FUTURE
        count.late += 1
        count.skew = Math.max(count.skew, Math.abs(line.time - now))
      } else {
        if (!(line.time >= start && line.time < start + windowMs)) {
          start = line.time - (line.time % windowMs)
          acc = openWindow(deltas, windows, start)
        }
        result = extractLine(windows.state, line, acc)
      }
      current.results[result]! += 1
      if (result === MALFORMED) count.malformed += 1
    },
    () => {
      count.lines += 1
      count.malformed += 1
      current.results[countMalformed(current)]! += 1
    },
  )
  for (const { owner, acc } of deltas) if (owner === windows) countOverflow(windows, acc)
  return count
}

function countOverflow(windows: AppWindows, acc: Accumulator): void {
  if (acc.overflow === 0) return
  const { table } = windows.state
  countValue(
    acc,
    internSeries(table, { kind: 'count', name: 'l2met/overflow', unit: '', labels: [] }),
    acc.overflow,
  )
  acc.overflow = 0
}
