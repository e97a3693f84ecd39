import type { AppState } from '../../extract/app-state.ts'
import type { Accumulator } from '../../model/accumulator.ts'
import type { Line } from '../../model/line.ts'
import {
  type Scanner,
  STOP,
  fillWindow,
  register,
  selectApp,
  settleScanner,
  stopOf,
} from './scanner.ts'
import { drainScanner, takeResults } from './drain.ts'
import { closeApp } from './room.ts'

/** How a body is counted where the scanner stops. */
export interface BodyTarget {
  readonly state: AppState
  /** Where what became of the lines is counted. */
  readonly results: Float64Array
  /** Whether the body holds neither ESC nor NUL. */
  readonly isClean: boolean
  /** The line that `countLong` read last. */
  readonly line: Line
  /** The window of a time (ms since 1970) and the times that count there; undefined when none do. */
  windowAt(time: number): { acc: Accumulator; start: number; end: number } | undefined
  /** Counts the message body[start, end) the long way. */
  countLong(start: number, end: number): void
}

/**
 * Counts the frames of a body. Gives how many lines the scanner counted itself, and the place up to which the body is counted: what follows isn't what Logplex writes.
 */
export function scanBody(
  scanner: Scanner,
  body: Uint8Array,
  target: BodyTarget,
): { lines: number; end: number } {
  const { module } = scanner
  const { exports, input } = module
  if (body.length > input.length) return { lines: 0, end: 0 }
  const before = exports.linesCounted()
  const drain = () => void drainScanner(scanner)

  /** Makes the window of a time the one that is filled. */
  const enter = (time: number): boolean => {
    const window = target.windowAt(time)
    if (window === undefined || !(time >= window.start && time < window.end)) return false
    fillWindow(scanner, window.acc, window.start, window.end, drain)
    return true
  }

  input.set(body)
  // Lines of another drain may be those of another time.
  exports.setWindow(NaN, NaN)
  exports.setClean(target.isClean ? 1 : 0)
  let end = body.length
  for (let at = 0; at < body.length;) {
    const cache = selectApp(scanner, target.state)
    const code = exports.scanBody(at, body.length)
    closeApp(cache)
    // What became of the lines counts at the time of the body, not of the lines.
    takeResults(module, target.results)
    if (code === STOP.end) break
    const stop = stopOf(module, code)
    at = stop.frame
    if (code === STOP.broken) {
      end = at
      break
    }
    if (code === STOP.full || code === STOP.fullLists) settleScanner(scanner)
    else if (code !== STOP.outside || !enter(stop.time)) {
      target.countLong(stop.start, stop.end)
      at = stop.end
      if (code > STOP.outside) register(scanner, cache, code, target.line)
    }
  }
  return { lines: exports.linesCounted() - before, end }
}
