import { type Counter, createCounter, mergeCell } from '../../model/cell.ts'
import { type Gauge, createGauge } from '../../model/gauge.ts'
import { DROPPED, MISSING, coverageRatio } from '../../model/coverage.ts'
import { LINE_RESULTS } from '../../model/line.ts'
import { type Series, label, parseSeriesKey } from '../../model/series.ts'
import { type Sketch, createSketch, mergeSketch, quantile } from '../../model/sketch.ts'
import { sumValue } from '../../model/sum.ts'
import type { Window } from '../../model/window.ts'
import type { SeriesSink, WindowReader } from '../../model/window-reader.ts'
import { type Expression, holds, spanOf } from './expression.ts'

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

/** What one window holds of what expressions ask for. */
interface Slot {
  readonly counts: Map<string, Counter>
  readonly sketches: Map<string, Sketch>
  readonly gauges: Map<string, Gauge>
  results: Float64Array
}

export function createReadings(expressions: readonly Expression[]): Readings {
  const slots = new Map<number, Slot>()
  const wanted = new Set(expressions.flatMap(needsOf))
  let lastRelease = -Infinity

  const slotAt = (start: number): Slot => {
    let slot = slots.get(start)
    if (slot === undefined) {
      slot = {
        counts: new Map(),
        sketches: new Map(),
        gauges: new Map(),
        results: new Float64Array(LINE_RESULTS.length),
      }
      slots.set(start, slot)
    }
    return slot
  }

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

function cellIn<T>(cells: Map<string, T>, name: string, create: () => T): T {
  let cell = cells.get(name)
  if (cell === undefined) cells.set(name, (cell = create()))
  return cell
}

/** Names of the sums that an expression needs, as partsOf gives them. */
function needsOf({ metric, code, route, dyno }: Expression): string[] {
  const of = (name: string) =>
    route !== undefined ? `${name}\0${route}` : dyno !== undefined ? `${name}@${dyno}` : name
  switch (metric) {
    case 'count':
    case 'requests':
    case 'rps':
      return [of('requests')]
    case 'errors':
      return [of('failed')]
    case 'error-rate':
      return [of('failed'), of('requests')]
    case 'code':
      return [of(`code ${code}`)]
    case 'memory':
      return ['memory', 'quota']
    case 'swap':
      return ['swap']
    case 'coverage':
      return ['lost']
    case 'silent':
      return []
    default:
      return [of(metric.startsWith('queue-') ? 'queue' : 'service')]
  }
}

/** The sums that a series is a part of: of all, of its route, of its dyno. */
function partsOf(series: Series): string[] {
  const route = label(series, 'route')
  const dyno = label(series, 'dyno')
  const code = label(series, 'code')
  switch (series.name) {
    case 'router/service':
      return ['service', `service@${dyno}`]
    case 'route/service':
      return [`service\0${route}`]
    case 'router/requests':
      return ['requests', `requests@${dyno}`]
    case 'route/requests':
      return [`requests\0${route}`]
    case 'route/failed':
      return ['failed', `failed\0${route}`]
    case 'router/errors':
      return [`code ${code}`]
    case 'route/errors':
      return [`code ${code}\0${route}`]
    case 'dyno/request_errors':
      return [`code ${code}@${dyno}`]
    case 'dyno/errors':
      return [`code ${code}`, `code ${code}@${dyno}`]
    case DROPPED:
      return ['lost', `code ${code}`]
    case MISSING:
      return ['lost']
    case 'router/queue':
      return ['queue']
    case 'dyno/memory_total':
      return ['memory']
    case 'dyno/memory_quota':
      return ['quota']
    case 'dyno/memory_swap':
      return ['swap']
    default:
      return []
  }
}

/** The value over [from, to); null where there is nothing to judge by. Counts of nothing are 0. */
function valueOf(
  expression: Expression,
  all: ReadonlyMap<number, Slot>,
  from: number,
  to: number,
): number | null {
  const slots = [...all].filter(([start]) => start >= from && start < to).map(([, slot]) => slot)
  const [first = '', second = ''] = needsOf(expression)
  const count = (name: string) =>
    slots.reduce((sum, { counts }) => sum + sumOf(counts.get(name)), 0)
  const { metric } = expression
  switch (metric) {
    case 'count':
    case 'requests':
    case 'errors':
    case 'code':
      return count(first)
    case 'rps':
      return count(first) / ((to - from) / 1000)
    case 'error-rate': {
      const requests = count(second)
      return requests === 0 ? null : count(first) / requests
    }
    case 'memory':
    case 'swap':
      return worstOf(expression, slots)
    case 'coverage':
      return coverageOf(slots, count(first))
    default:
      return distributionValue(metric, slots, first)
  }
}

function sumOf(counter: Counter | undefined): number {
  return counter === undefined ? 0 : sumValue(counter)
}

function distributionValue(metric: string, slots: readonly Slot[], name: string): number | null {
  const sum = createSketch()
  for (const { sketches } of slots) {
    const sketch = sketches.get(name)
    if (sketch !== undefined) mergeSketch(sum, sketch)
  }
  if (sum.count === 0) return null
  if (metric === 'min' || metric === 'max') return sum[metric]
  if (metric === 'mean') return sumValue(sum) / sum.count
  return quantile(sum, Number(metric.slice(-2)) / 100) ?? null
}

/** The greatest value of any dyno, or its greatest share of its own quota. */
function worstOf(
  { metric, dyno, isShareOfQuota }: Expression,
  slots: readonly Slot[],
): number | null {
  const values = greatestByDyno(slots, metric, dyno)
  const quotas = isShareOfQuota ? greatestByDyno(slots, 'quota', dyno) : undefined
  let worst: number | null = null
  for (const [name, value] of values) {
    const quota = quotas === undefined ? 1 : quotas.get(name)
    if (quota === undefined || quota <= 0) continue
    worst = Math.max(worst ?? -Infinity, value / quota)
  }
  return worst
}

function greatestByDyno(
  slots: readonly Slot[],
  name: string,
  only: string | undefined,
): Map<string, number> {
  const greatest = new Map<string, number>()
  for (const { gauges } of slots) {
    for (const [key, { max }] of gauges) {
      const [metric, dyno = ''] = key.split('\0')
      if (metric !== name || (only !== undefined && dyno !== only)) continue
      greatest.set(dyno, Math.max(greatest.get(dyno) ?? -Infinity, max))
    }
  }
  return greatest
}

function coverageOf(slots: readonly Slot[], lost: number): number | null {
  const sum = new Float64Array(LINE_RESULTS.length)
  for (const { results } of slots) addCounts(sum, results)
  return coverageRatio(sum, lost)
}

function addCounts(into: Float64Array, counts: Float64Array): void {
  for (let i = 0; i < counts.length; i += 1) into[i]! += counts[i]!
}
