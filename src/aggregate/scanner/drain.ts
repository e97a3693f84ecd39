import { COUNTED, IGNORED } from '../../extract/extract.ts'
import {
  type Accumulator,
  addCount,
  addDistribution,
  addLast,
  addOverflow,
  addSeconds,
  noteTime,
  seeUnique,
} from '../../model/accumulator.ts'
import { LINE_CLASSES } from '../../model/line.ts'
import type { ScanModule } from '../scan-module.ts'
import type { Scanner } from './scanner.ts'

// Places in the module's state, in f64s.
const FIRST_TIME = 3
const LAST_TIME = 4
const CLASSES = [
  [LINE_CLASSES.indexOf('router'), 5],
  [LINE_CLASSES.indexOf('runtime'), 6],
  [LINE_CLASSES.indexOf('app'), 7],
] as const
const COUNTED_LINES = 8
const IGNORED_LINES = 9
const ERRORS = 10
const SECONDS_USED = 11
const OVERFLOW = 15

/** What was counted since the last drain and belongs elsewhere than in a window. */
export interface Drained {
  readonly lines: number
  readonly requests: number
  readonly errors: number
}

/** Counts in `results` what became of the lines that were scanned since this was last done. */
export function takeResults({ exports, state }: ScanModule, results: Float64Array): void {
  exports.takeResults()
  results[COUNTED]! += state[COUNTED_LINES]!
  results[IGNORED]! += state[IGNORED_LINES]!
}

/** Brings what was scanned into its accumulator: for its `pending`. */
export function drainScanner(scanner: Scanner): Drained {
  const { module, acc } = scanner
  const { exports } = module
  if (acc === undefined) return NOTHING
  acc.pending = scanner.acc = undefined
  exports.setWindow(NaN, NaN)
  for (let used = exports.drainCells(); used > 0; used = exports.drainCells()) {
    addCells(acc, module.out, used)
  }
  return drainLists(module, acc)
}

/** Brings all but the cells into an accumulator, which are many. */
export function drainLists(module: ScanModule, acc: Accumulator): Drained {
  const { exports, state, seconds, seen } = module
  takeResults(module, acc.results)
  exports.takeCounts()
  const [first, last] = [state[FIRST_TIME]!, state[LAST_TIME]!]
  if (first <= last) {
    noteTime(acc, first)
    noteTime(acc, last)
  }
  let lines = 0
  for (const [index, place] of CLASSES) {
    acc.classes[index]! += state[place]!
    lines += state[place]!
  }
  for (let i = 0; i < state[SECONDS_USED]!; i += 1) {
    addSeconds(acc, seconds[i * 2]!, seconds[i * 2 + 1]!)
  }
  const views = exports.takeSeen()
  for (let i = 0; i < views; i += 1) seeUnique(acc, seen[i * 2]!, seen[i * 2 + 1]!)
  addOverflow(acc, state[OVERFLOW]!)
  return { lines, requests: state[CLASSES[0][1]]!, errors: state[ERRORS]! }
}

const NOTHING: Drained = { lines: 0, requests: 0, errors: 0 }

const COUNT = 0
const MEASURE = 1

/** Adds the cells that a drain wrote, see src/scan/cells.ts. */
function addCells(acc: Accumulator, out: Float64Array, used: number): void {
  let at = 0
  while (at < used) {
    const series = out[at]!
    const kind = out[at + 1]!
    at += 2
    if (kind === COUNT) {
      addCount(acc, series, out[at]!, out[at + 1]!)
      at += 2
    } else if (kind === MEASURE) at = addDistribution(acc, series, out, at)
    else {
      addLast(acc, series, out, at)
      at += 4
    }
  }
}
