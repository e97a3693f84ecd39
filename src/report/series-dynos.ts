import { type Gauge, createGauge } from '../model/gauge.ts'
import { type Series, label } from '../model/series.ts'
import type { SeriesCollector, StepCells } from './series-collector.ts'
import { type Column, type Grid, type Steps, createSteps } from './series-grid.ts'

export const DYNO_NAMES = ['memory', 'load'] as const

/** More dynos than this make an answer that nobody can draw; the ones with the greatest values stay. */
const MAX_DYNOS = 50

/** The values of a dyno, by kind. */
type DynoSteps = Map<string, Steps<Gauge>>

/** Memory and load of each dyno: the last value of a step. */
export function createDynos(wanted: ReadonlySet<string>, grid: Grid): SeriesCollector {
  const memory = new Map<string, DynoSteps>()
  const load = new Map<string, DynoSteps>()

  const seriesSink = (series: Series): StepCells | undefined => {
    if (series.kind !== 'sample') return undefined
    const memoryKind = /^dyno\/memory_(total|rss|cache|swap|quota)$/.exec(series.name)?.[1]
    if (memoryKind !== undefined && wanted.has('memory')) {
      return gaugesOf(memory, dynoOf(series), memoryKind, grid)
    }
    const loadKind = /^dyno\/load_avg_(1m|5m|15m)$/.exec(series.name)?.[1]
    if (loadKind !== undefined && wanted.has('load')) {
      return gaugesOf(load, dynoOf(series), loadKind, grid)
    }
    return undefined
  }

  return {
    addWindow: () => {},
    seriesSink,
    *results() {
      if (wanted.has('memory')) yield ['memory', dynosOf(memory, 'bytes')]
      if (wanted.has('load')) yield ['load', dynosOf(load, '')]
    },
  }
}

/** `(other)` takes the dynos that a full table has no room for. */
function dynoOf(series: Series): string {
  return label(series, 'dyno') || '(other)'
}

function gaugesOf(
  dynos: Map<string, DynoSteps>,
  name: string,
  kind: string,
  grid: Grid,
): StepCells {
  let dyno = dynos.get(name)
  if (dyno === undefined) dynos.set(name, (dyno = new Map()))
  let steps = dyno.get(kind)
  if (steps === undefined) dyno.set(kind, (steps = createSteps(grid, createGauge)))
  return steps.at
}

function dynosOf(dynos: ReadonlyMap<string, DynoSteps>, unit: string): unknown {
  const peaks = new Map([...dynos].map(([name, kinds]) => [name, peakOf(kinds)]))
  const kept = [...dynos].toSorted(([a], [b]) => peaks.get(b)! - peaks.get(a)!).slice(0, MAX_DYNOS)
  const byName = kept.toSorted(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
  return {
    unit,
    omitted: dynos.size - kept.length,
    dynos: Object.fromEntries(byName.map(([name, kinds]) => [name, columnsOf(kinds)])),
  }
}

/** The greatest value of a dyno; its quota is none. */
function peakOf(kinds: DynoSteps): number {
  let peak = -Number.MAX_VALUE
  for (const [kind, steps] of kinds) {
    if (kind === 'quota') continue
    for (const max of steps.map((gauge) => gauge.max)) if (max !== null && max > peak) peak = max
  }
  return peak
}

function columnsOf(kinds: DynoSteps): Record<string, Column> {
  return Object.fromEntries([...kinds].map(([kind, steps]) => [kind, steps.column((g) => g.last)]))
}
