import { FUTURE, LATE, MALFORMED, countMalformed, extractLine } from '../extract/extract.ts'
import { hasControls, stripControls } from '../frame/controls.ts'
import { MAX_MESSAGE, scanFrames } from '../frame/octets.ts'
import { noteRemoved, readSyslog } from '../frame/syslog.ts'
import { type Line, createLine } from '../model/line.ts'
import { type DateCache, type Stamp, createDateCache } from '../frame/timestamp.ts'
import { scanBody } from './scanner/scan-body.ts'
import type { Scanner } from './scanner/scanner.ts'
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
  /** For a message without its terminal colours. */
  readonly scratch: Uint8Array
  /** Counts the lines of the usual shapes, where there is one. */
  readonly scanner: Scanner | undefined
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

export function createBodyReader(windowMs: number, scanner?: Scanner): BodyReader {
  return {
    line: createLine(),
    dates: createDateCache(),
    stamp: { time: 0, end: 0 },
    windowMs,
    scratch: new Uint8Array(MAX_MESSAGE),
    scanner,
  }
}

/**
 * Reads a Logplex body (octet-counted syslog frames) into windows of `windows`, which the caller
 * releases: those of `deltas`, which may hold what other bodies have counted, and gets new ones. `now`
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
  const { line, dates, stamp, windowMs, scratch } = reader
  const isClean = !hasControls(body, 0, body.length)
  const count: BodyCount = { deltas, lines: 0, malformed: 0, late: 0, skew: 0 }
  const current = openWindow(deltas, windows, now - (now % windowMs))
  let start = NaN
  let acc = current

  const enter = (time: number): void => {
    if (time >= start && time < start + windowMs) return
    start = time - (time % windowMs)
    acc = openWindow(deltas, windows, start)
  }
  const countMessage = (from: number, to: number, isCut: boolean): void => {
    count.lines += 1
    let result = MALFORMED
    const isPlain = isClean || !hasControls(body, from, to)
    const stop = isPlain ? to : stripControls(body, from, to, scratch)
    const isRead = readSyslog(
      isPlain ? body : scratch,
      isPlain ? from : 0,
      stop,
      dates,
      stamp,
      line,
    )
    if (!isPlain) noteRemoved(line, to - from - stop, body[to - 1])
    if (isCut) line.cut = true
    if (!isRead) countMalformed(current)
    else if (isOff(line.time, now)) {
      result = line.time < now ? LATE : FUTURE
      count.late += 1
      count.skew = Math.max(count.skew, Math.abs(line.time - now))
    } else {
      enter(line.time)
      result = extractLine(windows.state, line, acc)
    }
    current.results[result]! += 1
    if (result === MALFORMED) count.malformed += 1
  }

  const scanner = windows.state.accept === undefined ? reader.scanner : undefined
  let end = 0
  if (scanner !== undefined) {
    const scanned = scanBody(scanner, body, {
      state: windows.state,
      results: current.results,
      line,
      windowAt(time) {
        if (isOff(time, now)) return undefined
        enter(time)
        const from = Math.max(start, now - LATE_MS)
        return { acc, start: from, end: Math.min(start + windowMs, now + FUTURE_MS) }
      },
      isClean,
      countLong: (from, to) => countMessage(from, to, false),
    })
    count.lines += scanned.lines
    end = scanned.end
  }
  scanFrames(body, end, countMessage, () => {
    count.lines += 1
    count.malformed += 1
    current.results[countMalformed(current)]! += 1
  })
  // Of a thousand apps each would keep a body.
  windows.state.request.bytes = NO_BYTES
  return count
}

const NO_BYTES = new Uint8Array(0)

/** Whether a line's time is too far from the store's. */
function isOff(time: number, now: number): boolean {
  return time < now - LATE_MS || time > now + FUTURE_MS
}
