import { type Accumulator } from '../../model/accumulator.ts'
import { type ScannerCache } from './registrations.ts'
import {
  type Drained,
  type Scanner,
  STOP,
  drainScanner,
  fillWindow,
  selectApp,
  stopOf,
  register,
} from './scanner.ts'
import { type TextCounter, countTextLine } from '../text.ts'

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
  readonly accumulatorOf: (time: number) => Accumulator
  /** Brings what was counted into its accumulator. */
  readonly drain: () => void
}

/** Small enough for the cache of a core, large enough for few calls. */
const CHUNK = 128 * 1024

/** `spanOf` gives the span of a time; `onDrain` is told what was counted in the last one. */
export function createTextScan(
  scanner: Scanner,
  counter: TextCounter,
  spanOf: (time: number) => Span,
  onDrain: (drained: Drained) => void,
): TextScan {
  const { module } = scanner
  const { exports, input } = module
  let span: Span | undefined

  const drain = (): void => {
    if (span !== undefined) onDrain(drainScanner(scanner))
  }

  const enter = (time: number): Accumulator => {
    if (span === undefined || !(time >= span.start && time < span.end)) {
      drain()
      span = spanOf(time)
      fillWindow(scanner, span.acc, span.acc.results, span.start, span.end)
    }
    return span.acc
  }

  /** Counts the line that the scan stopped at; gives where to go on. */
  const countStopped = (cache: ScannerCache, code: number): number => {
    const { start, end, time, timeBefore } = stopOf(module, code)
    if (code === STOP.full) drain()
    if (code === STOP.outside) enter(time)
    if (code === STOP.full || code === STOP.outside) return start
    counter.time = timeBefore
    countTextLine(counter, input, start, end, true, enter)
    exports.setTime(counter.time)
    if (code !== STOP.foreign) register(scanner, cache, code, counter.line, drain)
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
    drain,
  }
}
