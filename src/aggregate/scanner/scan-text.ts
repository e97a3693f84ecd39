import { type Accumulator } from '../../model/accumulator.ts'
import { OTHER_ROLE, type ScannerCache } from './registrations.ts'
import {
  type Scanner,
  STOP,
  fillWindow,
  register,
  selectApp,
  settleScanner,
  stopOf,
} from './scanner.ts'
import { type Drained, drainLists, drainScanner } from './drain.ts'
import { closeApp } from './room.ts'
import { findByte } from '../../model/bytes.ts'
import type { Line } from '../../model/line.ts'
import { type TextCounter, type WindowOf, countTextLine } from '../text.ts'

/** Where the lines of a time are counted: times from `start` to before `end`, ms since 1970. */
export interface Span {
  readonly acc: Accumulator
  readonly start: number
  readonly end: number
}

/** Counting lines of text by the scanner, and those that it can't count the long way. */
export interface TextScan {
  /** Lines that are read to here needn't be copied. */
  readonly buffer: Buffer
  /** Counts whole lines, each with its newline, that hold neither ESC nor NUL; false when they are too many. */
  readonly count: (bytes: Uint8Array, start: number, end: number) => boolean
  /** Counts one line the long way, without its newline. */
  readonly countLong: (bytes: Uint8Array, start: number, end: number, isClean: boolean) => void
  /** The accumulator of a time; what was scanned for another span is drained first. */
  readonly accumulatorOf: WindowOf
}

/** Small enough for the cache of a core, large enough for few calls. */
const CHUNK = 128 * 1024

/**
 * `spanOf` gives the span of a time, undefined where lines are left out; `onDrain` is called with what was
 * counted in the last one. `isWhole` says that all spans have one accumulator.
 */
export function createTextScan<S extends Span>(
  scanner: Scanner,
  counter: TextCounter,
  spanOf: (time: number) => S | undefined,
  onDrain: (drained: Drained, span: S) => void,
  isWhole = false,
): TextScan {
  const { module } = scanner
  const { exports, input } = module
  let span: S | undefined

  const drain = (): void => onDrain(drainScanner(scanner), span!)

  const enter = (time: number): Accumulator | undefined => {
    if (span === undefined || !(time >= span.start && time < span.end)) {
      if (!isWhole) settleScanner(scanner)
      const next = spanOf(time)
      if (next === undefined) return undefined
      span = next
    }
    fillWindow(scanner, span.acc, span.start, span.end, drain)
    return span.acc
  }

  /** Counts the line that the scan stopped at; gives where to go on. */
  const countStopped = (cache: ScannerCache, code: number): number => {
    const { start, end, time, timeBefore } = stopOf(module, code)
    if (code === STOP.full) {
      settleScanner(scanner)
      return start
    }
    if (code === STOP.fullLists) {
      onDrain(drainLists(module, span!.acc), span!)
      return start
    }
    if (code === STOP.outside) {
      if (enter(time) !== undefined) return start
      counter.time = time
      return end + 1
    }
    counter.time = timeBefore
    countTextLine(counter, input, start, end, true, enter)
    exports.setTime(counter.time)
    const { line } = counter
    if (code === STOP.proc && !isPlain(line, input, start)) exports.learnProc(OTHER_ROLE)
    else if (code !== STOP.foreign) register(scanner, cache, code, line)
    return end + 1
  }

  return {
    buffer: input.subarray(0, CHUNK),
    count(bytes, start, end) {
      const isHere = bytes.buffer === input.buffer
      // What is in `buffer` may yet have to be counted.
      const from = isHere ? bytes.byteOffset - input.byteOffset + start : CHUNK
      const to = from + end - start
      if (to > input.length) return false
      if (!isHere) input.set(bytes.subarray(start, end), from)
      exports.setTime(counter.time)
      if (span === undefined) exports.setWindow(NaN, NaN)
      let at = from
      for (;;) {
        const cache = selectApp(scanner, counter.state)
        const code = exports.scanText(at, to)
        closeApp(cache)
        if (code === STOP.end) {
          counter.time = stopOf(module, code).time
          return true
        }
        at = countStopped(cache, code)
      }
    },
    countLong: (bytes, start, end, isClean) =>
      countTextLine(counter, bytes, start, end, isClean, enter),
    accumulatorOf: enter,
  }
}

const OPEN = 91

/** Whether a line that begins at `start` is one of `heroku logs`, whose source stands in front of any bracket. */
function isPlain({ bytes, appStart, appEnd, procStart }: Line, input: Uint8Array, start: number) {
  if (bytes !== input || appStart === appEnd) return false
  return findByte(bytes, OPEN, start, procStart) === procStart - 1
}
