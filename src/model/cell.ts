import { type Gauge, createGauge, mergeGauge, resetGauge } from './gauge.ts'
import type { Kind } from './series.ts'
import { type Sketch, createSketch, mergeSketch, resetSketch } from './sketch.ts'
import { type Sum, mergeSum } from './sum.ts'
import { type Unique, createUnique, mergeUnique, resetUnique } from './unique.ts'

/** The value of a count series. */
export interface Counter extends Sum {
  readonly kind: 'count'
  epoch: number
}

export function createCounter(): Counter {
  return { kind: 'count', epoch: 0, high: 0, low: 0 }
}

/** What one series holds in one window. */
export type Cell = Counter | Sketch | Gauge | Unique

export function createCell(kind: Kind): Cell {
  if (kind === 'count') return createCounter()
  if (kind === 'measure') return createSketch()
  if (kind === 'sample') return createGauge()
  return createUnique()
}

export function resetCell(cell: Cell): void {
  if (cell.kind === 'count') cell.high = cell.low = 0
  else if (cell.kind === 'measure') resetSketch(cell)
  else if (cell.kind === 'sample') resetGauge(cell)
  else resetUnique(cell)
}

/** Adds `from` to `into`; cells of different kinds are a fault of the caller. */
export function mergeCell(into: Cell, from: Cell): void {
  if (into.kind === 'count' && from.kind === 'count') mergeSum(into, from)
  else if (into.kind === 'measure' && from.kind === 'measure') mergeSketch(into, from)
  else if (into.kind === 'sample' && from.kind === 'sample') mergeGauge(into, from)
  else if (into.kind === 'unique' && from.kind === 'unique') mergeUnique(into, from)
  else throw new TypeError(`can't merge a ${from.kind} into a ${into.kind}`)
}
