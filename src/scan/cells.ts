import { bucketOf, bucketOfMillis } from './buckets'
import { BUCKETS_AT, LENGTH, OFFSET, addToBucket, dropBuckets } from './cell-buckets'
import { CELL, CELLS, MAX_CELLS, OUT, OUT_END, TOUCHED } from './memory'
import { noteOverflow } from './counts'
import { takeSeen } from './seen'

/*
 * Cells hold what was counted since the last drain, and hold it the way src/model does: the same
 * sums in two whole numbers, the same buckets, the same rules for extremes and last values.
 */

export const COUNT: u32 = 0
export const MEASURE: u32 = 1
export const SAMPLE: u32 = 2
export const UNIQUE: u32 = 3

// Offsets in a cell, beside those of cell-buckets.ts. A count has only the sum, a sample time and last in place of count and zeros.
const SERIES = 0
const KIND = 4
/** IS_TOUCHED, and IS_FOLDED where the series is an overflow series, whose values are counted one by one. */
const FLAGS = 8
const COUNTED = 24
const ZEROS = 32
const TIME = 24
const LAST = 32
const HIGH = 40
const LOW = 48
const MIN = 56
const MAX = 64

const NANOS: f64 = 1e9
const NANOS_PER_MILLI: f64 = 1e6
/** No bucket: the value is counted among the zeros. */
const ZERO: i32 = i32.MIN_VALUE
export const ZERO_THRESHOLD: f64 = 1.0 / 1073741824.0

const IS_TOUCHED: u32 = 1
const IS_FOLDED: u32 = 2

let cells: i32 = 0
let touched: i32 = 0
let drained: i32 = 0

/** A new cell, or 0 when there is no room. `folded` is 1 for an overflow series. */
export function createCell(series: u32, kind: u32, folded: u32): usize {
  if (cells >= MAX_CELLS) return 0
  const cell = CELLS + <usize>cells * CELL
  cells += 1
  memory.fill(cell, 0, CELL)
  store<u32>(cell, series, SERIES)
  store<u32>(cell, kind, KIND)
  store<u32>(cell, folded == 0 ? 0 : IS_FOLDED, FLAGS)
  reset(cell)
  return cell
}

/** Forgets all cells; what they held is lost, so drain first. */
export function dropCells(): void {
  cells = touched = drained = 0
  takeSeen()
  dropBuckets()
}

@inline
export function seriesOf(cell: usize): u32 {
  return load<u32>(cell, SERIES)
}

@inline
export function addOne(cell: usize): void {
  touch(cell)
  store<f64>(cell, load<f64>(cell, HIGH) + 1, HIGH)
}

@inline
export function addValue(cell: usize, value: f64): void {
  touch(cell)
  const whole = floor(value)
  addSum(cell, whole, round((value - whole) * NANOS))
}

@inline
export function addMillis(cell: usize, millis: i32): void {
  splitMillis(millis)
  addSplit(cell)
}

/** The same to two cells. */
@inline
export function addMillisToBoth(cell: usize, other: usize, millis: i32): void {
  splitMillis(millis)
  addSplit(cell)
  addSplit(other)
}

let splitSeconds: f64 = 0
let splitWhole: f64 = 0
let splitNanos: f64 = 0
let splitBucket: i32 = 0

@inline
function splitMillis(millis: i32): void {
  const whole = millis / 1000
  splitWhole = <f64>whole
  splitNanos = <f64>(millis - whole * 1000) * NANOS_PER_MILLI
  splitSeconds = <f64>millis / 1000
  splitBucket = millis == 0 ? ZERO : bucketOfMillis(millis)
}

@inline
function addSplit(cell: usize): void {
  touch(cell)
  addSum(cell, splitWhole, splitNanos)
  addExtremes(cell, splitSeconds)
  store<f64>(cell, load<f64>(cell, COUNTED) + 1, COUNTED)
  if (splitBucket == ZERO) store<f64>(cell, load<f64>(cell, ZEROS) + 1, ZEROS)
  else addToBucket(cell, splitBucket)
}

/** Adds a value that is not below zero. */
@inline
export function addMeasure(cell: usize, value: f64): void {
  touch(cell)
  const whole = floor(value)
  addSum(cell, whole, round((value - whole) * NANOS))
  addExtremes(cell, value)
  store<f64>(cell, load<f64>(cell, COUNTED) + 1, COUNTED)
  if (value > ZERO_THRESHOLD) addToBucket(cell, bucketOf(value))
  else store<f64>(cell, load<f64>(cell, ZEROS) + 1, ZEROS)
}

@inline
export function addSample(cell: usize, value: f64, time: f64): void {
  touch(cell)
  const last = load<f64>(cell, TIME)
  if (time > last || (time == last && value > load<f64>(cell, LAST))) {
    store<f64>(cell, time, TIME)
    store<f64>(cell, value, LAST)
  }
  addExtremes(cell, value)
}

/**
 * Writes touched cells to OUT and empties them, as many as fit; returns how many f64s were written, 0
 * when all are done. Each is series, kind, then for a count high and low; for a sample time, last, min,
 * max; for a measure high, low, count, zeros, min, max, the number of buckets and bucket and count of each.
 */
export function drainCells(): i32 {
  let out = OUT
  while (drained < touched) {
    const cell = <usize>load<u32>(TOUCHED + (<usize>drained << 2))
    const length = load<i32>(cell, LENGTH)
    if (out + 80 + <usize>length * 16 > OUT_END) return <i32>((out - OUT) >> 3)
    out = writeCell(out, cell)
    reset(cell)
    drained += 1
  }
  touched = drained = 0
  if (out == OUT) dropBuckets()
  return <i32>((out - OUT) >> 3)
}

function writeCell(from: usize, cell: usize): usize {
  let out = from
  const kind = load<u32>(cell, KIND)
  store<f64>(out, <f64>load<u32>(cell, SERIES))
  store<f64>(out, <f64>kind, 8)
  if (kind == SAMPLE) {
    store<f64>(out, load<f64>(cell, TIME), 16)
    store<f64>(out, load<f64>(cell, LAST), 24)
    store<f64>(out, load<f64>(cell, MIN), 32)
    store<f64>(out, load<f64>(cell, MAX), 40)
    return out + 48
  }
  store<f64>(out, load<f64>(cell, HIGH), 16)
  store<f64>(out, load<f64>(cell, LOW), 24)
  if (kind == COUNT) return out + 32
  store<f64>(out, load<f64>(cell, COUNTED), 32)
  store<f64>(out, load<f64>(cell, ZEROS), 40)
  store<f64>(out, load<f64>(cell, MIN), 48)
  store<f64>(out, load<f64>(cell, MAX), 56)
  const start = out + 72
  const buckets = <usize>load<u32>(cell, BUCKETS_AT)
  const offset = load<i32>(cell, OFFSET)
  const length = load<i32>(cell, LENGTH)
  out = start
  for (let i = 0; i < length; i += 4) {
    const at = buckets + (<usize>i << 2)
    if ((load<u64>(at) | load<u64>(at, 8)) == 0) continue
    for (let j = 0; j < 4; j += 1) {
      const count = load<u32>(at + (<usize>j << 2))
      if (count == 0) continue
      store<f64>(out, <f64>(offset + i + j))
      store<f64>(out, <f64>count, 8)
      out += 16
    }
  }
  store<f64>(start - 8, <f64>((out - start) >> 4))
  return out
}

function reset(cell: usize): void {
  store<u32>(cell, load<u32>(cell, FLAGS) & IS_FOLDED, FLAGS)
  store<i32>(cell, 0, LENGTH)
  store<f64>(cell, load<u32>(cell, KIND) == SAMPLE ? -Infinity : 0, COUNTED)
  store<f64>(cell, 0, ZEROS)
  store<f64>(cell, 0, HIGH)
  store<f64>(cell, 0, LOW)
  store<f64>(cell, Infinity, MIN)
  store<f64>(cell, -Infinity, MAX)
}

@inline
function touch(cell: usize): void {
  if (load<u32>(cell, FLAGS) != IS_TOUCHED) noteFirst(cell)
}

/** The first value of a cell since the last drain, or any of an overflow series. */
function noteFirst(cell: usize): void {
  const flags = load<u32>(cell, FLAGS)
  if ((flags & IS_FOLDED) != 0) noteOverflow()
  if ((flags & IS_TOUCHED) != 0) return
  store<u32>(cell, flags | IS_TOUCHED, FLAGS)
  store<u32>(TOUCHED + (<usize>touched << 2), <u32>cell)
  touched += 1
}

@inline
function addSum(cell: usize, whole: f64, nanos: f64): void {
  let high = load<f64>(cell, HIGH) + whole
  let low = load<f64>(cell, LOW) + nanos
  if (low >= NANOS) {
    low -= NANOS
    high += 1
  }
  store<f64>(cell, high, HIGH)
  store<f64>(cell, low, LOW)
}

@inline
function addExtremes(cell: usize, value: f64): void {
  if (value < load<f64>(cell, MIN)) store<f64>(cell, value, MIN)
  if (value > load<f64>(cell, MAX)) store<f64>(cell, value, MAX)
}

/** Math.round of a value that is not below zero. */
@inline
function round(value: f64): f64 {
  const whole = floor(value)
  return value - whole >= 0.5 ? whole + 1 : whole
}
