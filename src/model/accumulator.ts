import { type Cell, type Counter, createCell, mergeCell, resetCell } from './cell.ts'
import { type Gauge, addToGauge, mergeGauge } from './gauge.ts'
import { LINE_CLASSES, LINE_RESULTS } from './line.ts'
import type { SeriesTable } from './series-table.ts'
import { type Sketch, addMillisToSketch, addToSketch, mergeListed } from './sketch.ts'
import { addToSum, mergeSum } from './sum.ts'
import { type Unique, addToUnique } from './unique.ts'
import { type Window, type WindowEvent, cellOf, createWindow, mergeHeader } from './window.ts'

/**
 * A window that is being filled: cells by series number instead of by name, and used again and
 * again, so that a line allocates nothing. `touched` are the series written since the last reset.
 */
export interface Accumulator extends Omit<Window, 'cells'> {
  readonly table: SeriesTable
  readonly cells: (Cell | undefined)[]
  touched: number[]
  epoch: number
  /** Values that went to an overflow series. */
  overflow: number
  second: number
  inSecond: number
}

export function createAccumulator(table: SeriesTable): Accumulator {
  return {
    table,
    cells: [],
    touched: [],
    epoch: 1,
    overflow: 0,
    first: Infinity,
    last: -Infinity,
    classes: new Float64Array(LINE_CLASSES.length),
    results: new Float64Array(LINE_RESULTS.length),
    seconds: new Map(),
    events: [],
    second: NaN,
    inSecond: 0,
  }
}

/** Notes the time of a line, ms since 1970. */
export function noteTime(acc: Accumulator, time: number): void {
  if (time < acc.first) acc.first = time
  if (time > acc.last) acc.last = time
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
  const second = Math.floor(time / 1000)
  if (second === acc.second) {
    acc.inSecond += 1
    return
  }
  keepSecond(acc)
  acc.second = second
  acc.inSecond = 1
}

/** Counts `requests` requests in a clock second (s since 1970). */
export function addSeconds(acc: Accumulator, second: number, requests: number): void {
  acc.seconds.set(second, (acc.seconds.get(second) ?? 0) + requests)
}

/** Adds a sum, as sum.ts has it, to a count series. */
export function addCount(acc: Accumulator, series: number, high: number, low: number): void {
  mergeSum(use(acc, series) as Counter, { high, low })
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
  return mergeListed(use(acc, series) as Sketch, from, at)
}

/** Adds samples by their last one: from[at] and on are its time, the last value, min and max. */
export function addLast(acc: Accumulator, series: number, from: Float64Array, at: number): void {
  mergeGauge(use(acc, series) as Gauge, {
    time: from[at]!,
    last: from[at + 1]!,
    min: from[at + 2]!,
    max: from[at + 3]!,
  })
}

export function addEvent(acc: Accumulator, event: WindowEvent): void {
  acc.events.push(event)
}

/** Adds what was accumulated to another accumulator of the same table. */
export function addAccumulator(into: Accumulator, from: Accumulator): void {
  keepSecond(from)
  keepSecond(into)
  mergeHeader(into, from)
  for (const id of from.touched) {
    let cell = into.cells[id]
    if (cell?.epoch !== into.epoch) cell = touch(into, id)
    mergeCell(cell, from.cells[id]!)
  }
}

/** Adds what was accumulated to a window. The accumulator stays as it is. */
export function mergeAccumulator(into: Window, acc: Accumulator): void {
  keepSecond(acc)
  mergeHeader(into, acc)
  for (const id of acc.touched) mergeCell(cellOf(into, acc.table.keys[id]!), acc.cells[id]!)
}

/** The accumulated values as a window of their own. */
export function toWindow(acc: Accumulator): Window {
  const window = createWindow()
  mergeAccumulator(window, acc)
  return window
}

export function resetAccumulator(acc: Accumulator): void {
  acc.touched = []
  acc.epoch += 1
  acc.overflow = 0
  acc.first = Infinity
  acc.last = -Infinity
  acc.classes.fill(0)
  acc.results.fill(0)
  acc.seconds.clear()
  acc.events = []
  acc.second = NaN
  acc.inSecond = 0
}

function use(acc: Accumulator, series: number): Cell {
  const cell = acc.cells[series]
  if (cell !== undefined && cell.epoch === acc.epoch) {
    if (acc.table.folded[series] === 1) acc.overflow += 1
    return cell
  }
  return touch(acc, series)
}

function touch(acc: Accumulator, series: number): Cell {
  let cell = acc.cells[series]
  if (cell === undefined) {
    while (acc.cells.length < series) acc.cells.push(undefined)
    cell = createCell(acc.table.series[series]!.kind)
    acc.cells[series] = cell
  } else resetCell(cell)
  cell.epoch = acc.epoch
  acc.touched.push(series)
  if (acc.table.folded[series] === 1) acc.overflow += 1
  return cell
}

/** Brings the requests of the current second into `seconds`. */
export function keepSecond(acc: Accumulator): void {
  if (acc.inSecond === 0) return
  acc.seconds.set(acc.second, (acc.seconds.get(acc.second) ?? 0) + acc.inSecond)
  acc.inSecond = 0
}
