import { type Cell, createCell, mergeCell } from './cell.ts'
import { LINE_CLASSES, LINE_RESULTS } from './line.ts'
import {
  type Kind,
  isOwn,
  kindOf,
  otherSeries,
  overflowSeries,
  parseSeriesKey,
  seriesKey,
} from './series.ts'

/** Everything of one app in one span of time. Merging windows is addition, in any order. */
export interface Window {
  /** Times of the first and the last line, ms since 1970; Infinity and -Infinity when there is none. */
  first: number
  last: number
  /** Lines by LINE_CLASSES. */
  classes: Float64Array
  /** Lines by LINE_RESULTS. */
  results: Float64Array
  /** Requests in each clock second (s since 1970). */
  seconds: Map<number, number>
  /** The newest, at most MAX_EVENTS. */
  events: WindowEvent[]
  /** By seriesKey. */
  cells: Map<string, Cell>
}

/** All of a window but its series. */
export type WindowHeader = Omit<Window, 'cells'>

export interface WindowEvent {
  /** Milliseconds since 1970. */
  readonly time: number
  readonly kind: 'release' | 'scale' | 'crash' | 'restart' | 'error'
  /** Written by us: never text of a log line, which may hold e-mails and secrets. */
  readonly text: string
  /** The app, in a stream of several. */
  readonly app?: string
}

export const MAX_EVENTS = 500

export function createWindow(): Window {
  return {
    first: Infinity,
    last: -Infinity,
    classes: new Float64Array(LINE_CLASSES.length),
    results: new Float64Array(LINE_RESULTS.length),
    seconds: new Map(),
    events: [],
    cells: new Map(),
  }
}

export function mergeWindow(into: Window, from: Window): void {
  mergeHeader(into, from)
  for (const [key, cell] of from.cells) mergeCell(cellOf(into, key), cell)
}

/** Merges all but the cells. */
export function mergeHeader(into: WindowHeader, from: WindowHeader): void {
  if (from.first < into.first) into.first = from.first
  if (from.last > into.last) into.last = from.last
  for (let i = 0; i < from.classes.length; i += 1) into.classes[i]! += from.classes[i]!
  for (let i = 0; i < from.results.length; i += 1) into.results[i]! += from.results[i]!
  for (const [second, n] of from.seconds)
    into.seconds.set(second, (into.seconds.get(second) ?? 0) + n)
  if (from.events.length > 0) into.events = newestEvents([...into.events, ...from.events])
}

/** The cell of a series, made when it isn't there. */
export function cellOf(window: Window, key: string): Cell {
  let cell = window.cells.get(key)
  if (cell === undefined) {
    cell = createCell(kindOf(key))
    window.cells.set(key, cell)
  }
  return cell
}

/** The same, where a window that holds `most` series counts others in the overflow series of their names. */
export function cellWithin(window: Window, key: string, kind: Kind, most: number): Cell {
  const { cells } = window
  const known = cells.get(key)
  if (known !== undefined) return known
  const place = keyWithin(window, key, most)
  let cell = cells.get(place)
  if (cell === undefined) cells.set(place, (cell = createCell(kind)))
  return cell
}

/**
 * The key under which a series is, or gets its cell, in a window of at most so many series, with as
 * many overflow series beside them.
 */
export function keyWithin({ cells }: Window, key: string, most: number): string {
  if (cells.size < most || cells.has(key)) return key
  const series = parseSeriesKey(key)
  if (isOwn(series)) return key
  const overflow = seriesKey(overflowSeries(series))
  return cells.has(overflow) || cells.size < 2 * most ? overflow : seriesKey(otherSeries(series))
}

/**
 * In an order that doesn't depend on that of merges.
 * Errors come every 20 s from a dyno that is over its quota: they may take half of the room.
 */
function newestEvents(events: readonly WindowEvent[]): WindowEvent[] {
  const sorted = sortEvents(events)
  const errors = sorted.filter(({ kind }) => kind === 'error').slice(-MAX_EVENTS / 2)
  const others = sorted.filter(({ kind }) => kind !== 'error').slice(-MAX_EVENTS / 2)
  return sortEvents([...errors, ...others])
}

/** By time, and of one time by kind and text. */
export function sortEvents(events: readonly WindowEvent[]): WindowEvent[] {
  return events.toSorted(
    (a, b) =>
      a.time - b.time ||
      compare(a.kind, b.kind) ||
      compare(a.text, b.text) ||
      compare(a.app ?? '', b.app ?? ''),
  )
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
