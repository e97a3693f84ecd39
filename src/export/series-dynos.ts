import { createGauge, mergeGauge } from '../model/gauge.ts'
import type { Gauge } from '../model/gauge.ts'
import { type Series, label } from '../model/series.ts'
import type { Collector, Sink } from './series-collector.ts'
import { type Column, type Grid, type Steps, createSteps } from './series-grid.ts'

export const DYNO_NAMES = ['memory', 'load'] as const

/** More dynos than this make an answer that nobody can draw; the ones with the greatest values stay. */
const MAX_DYNOS = 50

interface DynoSteps {
  readonly kinds: Map<string, Steps<Gauge>>
  peak: number
}

/** Memory and load of each dyno: the last value of a step. */
export function createDynos(wanted: ReadonlySet<string>, grid: Grid): Collector {
  const memory = new Map<string, DynoSteps>()
  const load = new Map<string, DynoSteps>()

  const sinkOf = (series: Series): Sink | undefined => {
    const memoryKind = /^dyno\/memory_(total|rss|cache|swap|quota)$/.exec(series.name)?.[1]
    if (memoryKind !== undefined && wanted.has('memory')) {
      return gaugeInto(memory, dynoOf(series), memoryKind, grid)
    }
    const loadKind = /^dyno\/load_avg_(1m|5m|15m)$/.exec(series.name)?.[1]
    if (loadKind !== undefined && wanted.has('load')) {
      return gaugeInto(load, dynoOf(series), loadKind, grid)
    }
    return undefined
  }

  return {
    addWindow: () => {},
    sinkOf,
    result: () => ({
      ...(wanted.has('memory') && { memory: dynosOf(memory, 'bytes') }),
      ...(wanted.has('load') && { load: dynosOf(load, '') }),
    }),
  }
}

/** `(other)` takes the dynos that a full table has no room for. */
function dynoOf(series: Series): string {
  return label(series, 'dyno') || '(other)'
}

function gaugeInto(dynos: Map<string, DynoSteps>, name: string, kind: string, grid: Grid): Sink {
  let dyno = dynos.get(name)
  if (dyno === undefined) dynos.set(name, (dyno = { kinds: new Map(), peak: -Infinity }))
  let steps = dyno.kinds.get(kind)
  if (steps === undefined) dyno.kinds.set(kind, (steps = createSteps(grid, createGauge)))
  const known = dyno
  const target = steps
  return (step, cell) => {
    if (cell.kind !== 'sample') return
    mergeGauge(target.at(step), cell)
    if (kind !== 'quota' && cell.max > known.peak) known.peak = cell.max
  }
}

function dynosOf(dynos: ReadonlyMap<string, DynoSteps>, unit: string): unknown {
  const kept = [...dynos].toSorted(([, a], [, b]) => b.peak - a.peak).slice(0, MAX_DYNOS)
  const byName = kept.toSorted(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
  return {
    unit,
    omitted: dynos.size - kept.length,
    dynos: Object.fromEntries(byName.map(([name, { kinds }]) => [name, columnsOf(kinds)])),
  }
}

function columnsOf(kinds: ReadonlyMap<string, Steps<Gauge>>): Record<string, Column> {
  return Object.fromEntries([...kinds].map(([kind, steps]) => [kind, steps.column((g) => g.last)]))
}
