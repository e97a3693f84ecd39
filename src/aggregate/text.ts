import { type AppState } from '../extract/app-state.ts'
import { countMalformed, extractLine } from '../extract/extract.ts'
import { type TextReader, hasControls, readText, stripControls } from '../frame/text.ts'
import { type Accumulator } from '../model/accumulator.ts'
import { type Line, createLine } from '../model/line.ts'
import { createDateCache } from '../frame/timestamp.ts'

/** Longer lines of text are skipped and counted as malformed, bytes. */
export const MAX_TEXT_LINE = 65_536

/** Counting lines of log text, where the log's own time is the clock. */
export interface TextCounter {
  readonly state: AppState
  readonly reader: TextReader
  readonly line: Line
  readonly scratch: Uint8Array
  /** The time for lines that carry none: of the line before, at first that of the start; ms since 1970. */
  time: number
}

export function createTextCounter(state: AppState, now: number): TextCounter {
  return {
    state,
    reader: { dates: createDateCache(), stamp: { time: 0, end: 0 }, now, rest: -1 },
    line: createLine(),
    scratch: new Uint8Array(MAX_TEXT_LINE),
    time: now,
  }
}

/**
 * Counts bytes[start, end), one line of text without its newline. `windowOf` gives the accumulator
 * for a time (ms since 1970). `isClean` says that the bytes hold neither ESC nor NUL.
 */
export function countTextLine(
  counter: TextCounter,
  bytes: Uint8Array,
  start: number,
  end: number,
  isClean: boolean,
  windowOf: (time: number) => Accumulator,
): void {
  const { scratch } = counter
  if (end - start > MAX_TEXT_LINE) {
    countTooLong(counter, windowOf)
    return
  }
  if (!isClean && hasControls(bytes, start, end)) {
    const length = stripControls(bytes, start, end, scratch)
    countMessages(counter, scratch, 0, length, windowOf)
  } else countMessages(counter, bytes, start, end, windowOf)
}

/** Counts what stands on one line: one message, or several counted frames. */
function countMessages(
  counter: TextCounter,
  bytes: Uint8Array,
  start: number,
  end: number,
  windowOf: (time: number) => Accumulator,
): void {
  const { line, reader } = counter
  for (let at = start; at >= 0; at = reader.rest) {
    if (!readText(reader, bytes, at, end, line)) return
    if (line.time !== line.time) line.time = counter.time
    else counter.time = line.time
    const acc = windowOf(line.time)
    acc.results[extractLine(counter.state, line, acc)]! += 1
  }
}

/** Counts a line that was too long to be read. */
export function countTooLong(counter: TextCounter, windowOf: (time: number) => Accumulator): void {
  const acc = windowOf(counter.time)
  acc.results[countMalformed(acc)]! += 1
}
