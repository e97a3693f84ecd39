import { type Counter, createCounter } from '../model/cell.ts'
import { sumValue } from '../model/sum.ts'

/** Equal steps of time, ms: step i covers [from + i * step, from + (i + 1) * step). */
export interface Grid {
  readonly from: number
  readonly to: number
  readonly step: number
  readonly count: number
  /** Where time has come to; the step that holds it isn't over. */
  readonly now: number
}

/** One value for each step; null where there is none. */
export type Column = (number | null)[]

/** Values that are made for a step when it first has one. */
export interface Steps<T> {
  readonly at: (step: number) => T
  readonly column: (value: (one: T) => number | null | undefined) => Column
  readonly map: <V>(value: (one: T) => V) => (V | null)[]
}

/** Counts by step. */
export function createCounts(grid: Grid): Steps<Counter> {
  return createSteps(grid, createCounter)
}

/** The counts of all steps; zero where there is none. */
export function valuesOf(counts: Steps<Counter>): Float64Array {
  return Float64Array.from(counts.map(sumValue), (n) => n ?? 0)
}

/** Covers [from, to) with whole steps, all times in ms. */
export function createGrid(from: number, to: number, step: number, now: number): Grid {
  const start = Math.floor(from / step) * step
  const end = Math.max(Math.ceil(to / step) * step, start + step)
  return { from: start, to: end, step, count: Math.round((end - start) / step), now }
}

/** The step that holds a time; may lie outside of the grid. */
export function stepAt(grid: Grid, time: number): number {
  return Math.floor((time - grid.from) / grid.step)
}

/** How much of a step has passed, in seconds: the whole of it, except for the one that holds now. */
export function secondsOf(grid: Grid, step: number): number {
  const start = grid.from + step * grid.step
  return Math.min(Math.max(grid.now - start, 1000), grid.step) / 1000
}

export function createSteps<T>(grid: Grid, create: () => T): Steps<T> {
  const values: (T | undefined)[] = Array.from({ length: grid.count })
  const map = <V>(value: (one: T) => V) =>
    values.map((one) => (one === undefined ? null : value(one)))
  return {
    at: (step) => (values[step] ??= create()),
    map,
    column: (value) => map((one) => shorten(value(one))),
  }
}

/** Counts by step; null where no line came at all, so that silence isn't taken for zero. */
export function countColumn(counts: Float64Array, seen: Uint8Array): Column {
  return Array.from(counts, (n, step) => (seen[step] === 1 ? shorten(n) : null))
}

/** Six significant digits: less than a pixel on any screen. Whole numbers stay as they are. */
export function shorten(value: number | null | undefined): number | null {
  if (value === undefined || value === null || !Number.isFinite(value)) return null
  return Number.isInteger(value) ? value : Number(value.toPrecision(6))
}
