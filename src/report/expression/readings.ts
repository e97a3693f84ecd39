import { createCounter, mergeCell } from '../../model/cell.ts'
import { createGauge } from '../../model/gauge.ts'
import { label, parseSeriesKey } from '../../model/series.ts'
import { createSketch } from '../../model/sketch.ts'
import type { Window } from '../../model/window.ts'
import type { SeriesSink, WindowReader } from '../../model/window-reader.ts'
import { type Expression, holds, spanOf } from './expression.ts'
import { type Slot, addCounts, createSlot, needsOf, partsOf, valueOf } from './slot-values.ts'

/** What an expression said of a span of time. */
export interface Verdict {
  readonly holds: boolean
  /** Of the last minute, or of the whole span of `in`; null where there is nothing to judge by. */
  readonly value: number | null
}

/** Collects the windows that some expressions need. Times are ms since 1970. */
export interface Readings {
  readonly reader: WindowReader
  /** Judges by the span that ends at `to`. `lastLine` is the time of the app's newest line. */
  readonly judge: (expression: Expression, to: number, lastLine: number) => Verdict
  /** Judges by all that was read, which covers so many ms from 0. */
  readonly judgeAll: (expression: Expression, spanMs: number) => Verdict
  /** When the app was last released, of what was read; -Infinity when it wasn't. */
  readonly lastRelease: () => number
}

const MINUTE_MS = 60_000

export function createReadings(expressions: readonly Expression[]): Readings {
  const slots = new Map<number, Slot>()
  const wanted = new Set(expressions.flatMap(needsOf))
  let lastRelease = -Infinity

  const slotAt = (start: number): Slot => cellIn(slots, start, createSlot)

  const sinkOf = (key: string): readonly SeriesSink[] => {
    const series = parseSeriesKey(key)
    const names = partsOf(series).filter((name) => wanted.has(name))
    return names.map((name): SeriesSink => {
      if (series.kind === 'count')
        return (start) => cellIn(slotAt(start).counts, name, createCounter)
      if (series.kind === 'measure')
        return (start) => cellIn(slotAt(start).sketches, name, createSketch)
      return (start) =>
        cellIn(slotAt(start).gauges, `${name}\0${label(series, 'dyno')}`, createGauge)
    })
  }

  return {
    reader: {
      acceptsRollups: false,
      onHeader: (start, { results, events }) => {
        for (const { kind, time } of events)
          if (kind === 'release') lastRelease = Math.max(lastRelease, time)
        addCounts(slotAt(start).results, results)
      },
      seriesSink: sinkOf,
    },
    judge: (expression, to, lastLine) => {
      if (expression.metric === 'silent') return judgeSilence(expression, to, lastLine)
      const span = spanOf(expression)
      if (expression.forMs === undefined)
        return verdictOf(expression, valueOf(expression, slots, to - span, to))
      const minutes = Array.from({ length: span / MINUTE_MS }, (_, back) => {
        const end = to - back * MINUTE_MS
        return verdictOf(expression, valueOf(expression, slots, end - MINUTE_MS, end))
      })
      return { holds: minutes.every((minute) => minute.holds), value: minutes[0]!.value }
    },
    judgeAll: (expression, spanMs) => verdictOf(expression, valueOf(expression, slots, 0, spanMs)),
    lastRelease: () => lastRelease,
  }
}

/** Judges by one window as a whole, which covers `seconds`. */
export function judgeWindow(expression: Expression, window: Window, seconds: number): Verdict {
  const { reader, judgeAll } = createReadings([expression])
  reader.onHeader?.(0, window)
  for (const [key, cell] of window.cells)
    for (const sink of reader.seriesSink(key)) mergeCell(sink(0), cell)
  return judgeAll(expression, seconds * 1000)
}

function judgeSilence(expression: Expression, to: number, lastLine: number): Verdict {
  if (!Number.isFinite(lastLine)) return { holds: false, value: null }
  return verdictOf(expression, Math.max(0, (to - lastLine) / 1000))
}

function verdictOf({ operator, limit }: Expression, value: number | null): Verdict {
  return { holds: value !== null && holds(value, operator, limit), value }
}

function cellIn<K, T>(cells: Map<K, T>, key: K, create: () => T): T {
  let cell = cells.get(key)
  if (cell === undefined) cells.set(key, (cell = create()))
  return cell
}
