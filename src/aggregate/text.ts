import { type AppState } from '../extract/app-state.ts'
import { MALFORMED, countMalformed, extractLine } from '../extract/extract.ts'
import { hasControls, stripControls } from '../frame/controls.ts'
import { noteRemoved } from '../frame/syslog.ts'
import { type TextReader, frameEnd, readText } from '../frame/text.ts'
import { type Accumulator } from '../model/accumulator.ts'
import { type Line, createLine } from '../model/line.ts'
import { createDateCache } from '../frame/timestamp.ts'

/** Longer lines of text are skipped and counted as malformed, bytes. */
export const MAX_TEXT_LINE = 65_536

/** Counting lines of log text, where the log's own time is the clock. */
export interface TextCounter {
  /** Of lines that name no app. */
  readonly state: AppState
  readonly reader: TextReader
  readonly line: Line
  readonly scratch: Uint8Array
  /** The app that a line counts for; undefined when it is to be left out. */
  readonly appOf: ((line: Line) => TextApp | undefined) | undefined
  /** The time for lines that carry none: of the line before, at first that of the start; ms since 1970. */
  time: number
  /** Lines that were counted here, and those of them that aren't understood. */
  lines: number
  malformed: number
}

/** One of the apps in a stream. */
export interface TextApp {
  /** '' for lines that name none. */
  readonly name: string
  readonly state: AppState
}

/** The accumulator of a time (ms since 1970); undefined where lines are left out. */
export type WindowOf = (time: number) => Accumulator | undefined

export function createTextCounter(
  state: AppState,
  now: number,
  appOf?: TextCounter['appOf'],
): TextCounter {
  return {
    state,
    reader: { dates: createDateCache(), stamp: { time: 0, end: 0 }, now },
    line: createLine(),
    scratch: new Uint8Array(MAX_TEXT_LINE),
    appOf,
    time: now,
    lines: 0,
    malformed: 0,
  }
}

/**
 * Counts bytes[start, end), one line of text without its newline, or several counted frames. `isClean` says
 * that the bytes hold neither ESC nor NUL.
 */
export function countTextLine(
  counter: TextCounter,
  bytes: Uint8Array,
  start: number,
  end: number,
  isClean: boolean,
  windowOf: WindowOf,
): void {
  for (let at = start; at < end;) {
    const stop = frameEnd(bytes, at, end)
    countMessage(counter, bytes, at, stop < 0 ? end : stop, isClean, windowOf)
    at = stop < 0 ? end : stop
  }
}

function countMessage(
  counter: TextCounter,
  bytes: Uint8Array,
  start: number,
  end: number,
  isClean: boolean,
  windowOf: WindowOf,
): void {
  const { scratch } = counter
  if (end - start > MAX_TEXT_LINE) countTooLong(counter, windowOf)
  else if (!isClean && hasControls(bytes, start, end)) {
    const length = stripControls(bytes, start, end, scratch)
    countClean(counter, scratch, 0, length, windowOf, end - start - length)
  } else countClean(counter, bytes, start, end, windowOf, 0)
}

function countClean(
  counter: TextCounter,
  bytes: Uint8Array,
  start: number,
  end: number,
  windowOf: WindowOf,
  removed: number,
): void {
  const { line, reader } = counter
  if (!readText(reader, bytes, start, end, line)) return
  noteRemoved(line, removed, bytes[end - 1])
  if (line.time !== line.time) line.time = counter.time
  else counter.time = line.time
  const app = counter.appOf === undefined ? counter : counter.appOf(line)
  const acc = app && windowOf(line.time)
  if (app === undefined || acc === undefined) return
  const result = extractLine(app.state, line, acc)
  acc.results[result]! += 1
  counter.lines += 1
  if (result === MALFORMED) counter.malformed += 1
}

/** Counts a line that was too long to be read. */
export function countTooLong(counter: TextCounter, windowOf: WindowOf): void {
  const acc = windowOf(counter.time)
  if (acc === undefined) return
  acc.results[countMalformed(acc)]! += 1
  counter.lines += 1
  counter.malformed += 1
}
