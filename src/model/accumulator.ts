import { type Cell, type Counter, createCell, mergeCell, resetCell } from './cell.ts'
import { type Gauge, addToGauge, mergeGauge } from './gauge.ts'
import { LINE_CLASSES, LINE_RESULTS } from './line.ts'
import { parseSeriesKey } from './series.ts'
import { type SeriesTable, internOverflow, internSeries } from './series-table.ts'
import { type Sketch, addMillisToSketch, addToSketch, mergeListed } from './sketch.ts'
import { addToSum, mergeSum } from './sum.ts'
import { type Unique, addToUnique } from './unique.ts'
import {
  type Window,
  type WindowEvent,
  type WindowHeader,
  cellOf as cellWithKey,
  createWindow,
  mergeHeader,
} from './window.ts'

/**
 * A window that is being filled: cells by series number instead of by name, and used again and
 * again, so that a line allocates nothing. What it holds is read with `contentsOf`.
 */
export interface Accumulator {
  readonly table: SeriesTable
  readonly classes: Float64Array
  readonly results: Float64Array
  /** Brings in what a scanner has counted for it; undefined while that is nothing. */
  pending: (() => void) | undefined
}

/** What was accumulated. `touched` are the series written since the last reset, each with a cell. */
export interface Contents extends Accumulator, WindowHeader {
  readonly classes: Float64Array
  readonly results: Float64Array
  readonly cells: (Cell | undefined)[]
  touched: number[]
  epoch: number
  second: number
  inSecond: number
}

export function createAccumulator(table: SeriesTable): Accumulator {
  const contents: Contents = {
    table,
    pending: undefined,
    cells: [],
    touched: [],
    epoch: 1,
    first: Infinity,
    last: -Infinity,
    classes: new Float64Array(LINE_CLASSES.length),
    results: new Float64Array(LINE_RESULTS.length),
    seconds: new Map(),
    events: [],
    second: NaN,
    inSecond: 0,
  }
  return contents
}

/** The values of a window in a table of series, to be added to. */
export function fromWindow(table: SeriesTable, window: Window): Accumulator {
  const acc = createAccumulator(table)
  mergeHeader(acc as Contents, window)
  for (const [key, cell] of window.cells)
    mergeCell(use(acc, internSeries(table, parseSeriesKey(key))), cell)
  return acc
}

/** All that was accumulated, a scanner's counts and the current second included. */
export function contentsOf(acc: Accumulator): Contents {
  acc.pending?.()
  const contents = acc as Contents
  keepSecond(contents)
  return contents
}

/** How many series have values, but for those that a scanner holds. */
export function sizeOf(acc: Accumulator): number {
  return (acc as Contents).touched.length
}

/** Notes the time of a line, ms since 1970. */
export function noteTime(acc: Accumulator, time: number): void {
  const contents = acc as Contents
  if (time < contents.first) contents.first = time
  if (time > contents.last) contents.last = time
}

/** Adds 1 to a count series; here and below `series` is its number in the table. */
export function countOne(acc: Accumulator, series: number): void {
  const counter = use(acc, series) as Counter
  counter.high += 1
}

/** Adds an amount in base units to a count series. */
export function countValue(acc: Accumulator, series: number, amount: number): void {
  addToSum(use(acc, series) as Counter, amount)
}

/** Adds a value in base units to a measure series: finite, of at most MAX_MAGNITUDE. */
export function measure(acc: Accumulator, series: number, value: number): void {
  addToSketch(use(acc, series) as Sketch, value)
}

/** Measures a whole, non-negative number of milliseconds, in seconds. */
export function measureMillis(acc: Accumulator, series: number, millis: number): void {
  addMillisToSketch(use(acc, series) as Sketch, millis)
}

/** Adds a value in base units to a sample series, at the time of its line (ms since 1970). */
export function sample(acc: Accumulator, series: number, value: number, time: number): void {
  addToGauge(use(acc, series) as Gauge, value, time)
}

/** Adds a value to a unique series by its hash, as hashBytes gives it. */
export function seeUnique(acc: Accumulator, series: number, hash: number): void {
  addToUnique(use(acc, series) as Unique, hash)
}

/** Counts a request in its clock second. */
export function countSecond(acc: Accumulator, time: number): void {
  const contents = acc as Contents
  const second = Math.floor(time / 1000)
  if (second === contents.second) {
    contents.inSecond += 1
    return
  }
  keepSecond(contents)
  contents.second = second
  contents.inSecond = 1
}

/** Counts `requests` requests in a clock second (s since 1970). */
export function addSeconds(acc: Accumulator, second: number, requests: number): void {
  const { seconds } = acc as Contents
  seconds.set(second, (seconds.get(second) ?? 0) + requests)
}

/** Counts values that went to overflow series, where cells of several values are added. */
export function addOverflow(acc: Accumulator, values: number): void {
  if (values > 0) (cellOf(acc, internOverflow(acc.table)) as Counter).high += values
}

/** Adds a sum, as sum.ts has it, to a count series. */
export function addCount(acc: Accumulator, series: number, high: number, low: number): void {
  mergeSum(cellOf(acc, series) as Counter, { high, low })
}

/**
 * Adds a distribution to a measure series: from[at] and on are the sum's high and low, count, zeros,
 * min, max, the number of positive buckets, and bucket and count of each. Returns where it ends.
 */
export function addDistribution(
  acc: Accumulator,
  series: number,
  from: Float64Array,
  at: number,
): number {
  return mergeListed(cellOf(acc, series) as Sketch, from, at)
}

/** Adds samples by their last one: from[at] and on are its time, the last value, min and max. */
export function addLast(acc: Accumulator, series: number, from: Float64Array, at: number): void {
  mergeGauge(cellOf(acc, series) as Gauge, {
    time: from[at]!,
    last: from[at + 1]!,
    min: from[at + 2]!,
    max: from[at + 3]!,
  })
}

export function addEvent(acc: Accumulator, event: WindowEvent): void {
  const { events } = acc as Contents
  events.push(event)
}

/** Adds what was accumulated to another accumulator of the same table. */
export function addAccumulator(into: Accumulator, from: Accumulator): void {
  const contents = contentsOf(from)
  mergeHeader(contentsOf(into), contents)
  for (const id of contents.touched) mergeCell(cellOf(into, id), contents.cells[id]!)
}

/** Adds what was accumulated to a window. The accumulator stays as it is. */
export function mergeAccumulator(into: Window, acc: Accumulator): void {
  const contents = contentsOf(acc)
  mergeHeader(into, contents)
  for (const id of contents.touched) {
    mergeCell(cellWithKey(into, acc.table.keys[id]!), contents.cells[id]!)
  }
}

/** The accumulated values as a window of their own. */
export function toWindow(acc: Accumulator): Window {
  const window = createWindow()
  mergeAccumulator(window, acc)
  return window
}

export function resetAccumulator(acc: Accumulator): void {
  const contents = contentsOf(acc)
  contents.touched = []
  contents.epoch += 1
  contents.first = Infinity
  contents.last = -Infinity
  contents.classes.fill(0)
  contents.results.fill(0)
  contents.seconds.clear()
  contents.events = []
  contents.second = NaN
}

/** The cell that a value of a line is added to. */
function use(acc: Accumulator, series: number): Cell {
  if (acc.table.folded[series] === 1) addOverflow(acc, 1)
  return cellOf(acc, series)
}

function cellOf(acc: Accumulator, series: number): Cell {
  const contents = acc as Contents
  const cell = contents.cells[series]
  return cell !== undefined && cell.epoch === contents.epoch ? cell : touch(contents, series)
}

function touch(contents: Contents, series: number): Cell {
  const { cells, table, touched, epoch } = contents
  let cell = cells[series]
  if (cell === undefined) {
    while (cells.length < series) cells.push(undefined)
    cell = createCell(table.series[series]!.kind)
    cells[series] = cell
  } else resetCell(cell)
  cell.epoch = epoch
  touched.push(series)
  return cell
}

/** Brings the requests of the current second into `seconds`. */
function keepSecond(contents: Contents): void {
  const { second, inSecond, seconds } = contents
  if (inSecond === 0) return
  seconds.set(second, (seconds.get(second) ?? 0) + inSecond)
  contents.inSecond = 0
}
