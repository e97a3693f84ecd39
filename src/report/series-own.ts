import { isAddon } from '../extract/app-state.ts'
import type { Counter } from '../model/cell.ts'
import { type Gauge, createGauge } from '../model/gauge.ts'
import { type Kind, type Series, label, splitName } from '../model/series.ts'
import { type Sketch, createSketch } from '../model/sketch.ts'
import { type Unique, createUnique, uniqueCount } from '../model/unique.ts'
import type { SeriesCollector, StepCells } from './series-collector.ts'
import {
  type Grid,
  type Steps,
  countColumn,
  createCounts,
  createSteps,
  valuesOf,
} from './series-grid.ts'
import { distributionOf } from './series-traffic.ts'

/** Interner of the app's own metrics are these with the name behind: `measure:db.latency`, or `measure:*`. */
export const OWN_PREFIXES = ['measure', 'count', 'sample', 'unique', 'addon'] as const

/** How many metrics a `*` gives at the most: those with the most lines. */
const MAX_OF_ALL = 50

/** One metric of one unit, over all its labels. */
interface Metric {
  readonly prefix: string
  readonly name: string
  readonly unit: string
  readonly content: Content
  /** Cells that came in: what is seen more often stays when there are too many. */
  cells: number
}

type Content =
  | { readonly kind: 'count'; readonly steps: Steps<Counter> }
  | { readonly kind: 'measure'; readonly steps: Steps<Sketch> }
  | { readonly kind: 'sample'; readonly steps: Steps<Gauge> }
  | { readonly kind: 'unique'; readonly steps: Steps<Unique> }
  | {
      readonly kind: 'addon'
      readonly service: string
      readonly keys: Map<string, { readonly unit: string; readonly steps: Steps<Gauge> }>
    }

/** The app's own metrics and its add-ons, by name or all of a kind. */
export function createOwn(wanted: ReadonlySet<string>, grid: Grid): SeriesCollector {
  const metrics = new Map<string, Metric>()
  const seen = new Uint8Array(grid.count)

  const metricOf = (prefix: string, name: string, unit: string, content: () => Content): Metric => {
    const key = `${prefix}:${name}\0${unit}`
    let metric = metrics.get(key)
    if (metric === undefined) {
      metric = { prefix, name, unit, content: content(), cells: 0 }
      metrics.set(key, metric)
    }
    return metric
  }

  const addonCells = (service: string, key: string, series: Series): StepCells => {
    const source = label(series, 'source') || label(series, 'addon') || service
    const metric = metricOf('addon', source, '', () => ({
      kind: 'addon',
      service,
      keys: new Map(),
    }))
    const { keys } = metric.content as Extract<Content, { kind: 'addon' }>
    const known = keys.get(key) ?? { unit: series.unit, steps: createSteps(grid, createGauge) }
    keys.set(key, known)
    return counted(metric, known.steps.at)
  }

  const seriesSink = (series: Series): StepCells | undefined => {
    const [namespace, name] = splitName(series.name)
    if (isAddon(namespace) && series.kind === 'sample') {
      const source = label(series, 'source') || label(series, 'addon') || namespace
      return isWanted(wanted, 'addon', source) ? addonCells(namespace, name, series) : undefined
    }
    if (namespace !== 'app' || !isWanted(wanted, series.kind, name)) return undefined
    const metric = metricOf(series.kind, name, series.unit, () => createContent(series.kind, grid))
    const { content } = metric
    return content.kind === 'addon' ? undefined : counted(metric, content.steps.at)
  }

  return {
    addWindow: (step) => {
      seen[step] = 1
    },
    seriesSink,
    results: () => resultsOf(wanted, [...metrics.values()], seen),
  }
}

function isWanted(wanted: ReadonlySet<string>, prefix: string, name: string): boolean {
  return wanted.has(`${prefix}:${name}`) || wanted.has(`${prefix}:*`)
}

function createContent(kind: Kind, grid: Grid): Content {
  if (kind === 'count') return { kind, steps: createCounts(grid) }
  if (kind === 'measure') return { kind, steps: createSteps(grid, createSketch) }
  if (kind === 'sample') return { kind, steps: createSteps(grid, createGauge) }
  return { kind, steps: createSteps(grid, createUnique) }
}

function counted(metric: Metric, cellAt: StepCells): StepCells {
  return (step) => {
    metric.cells += 1
    return cellAt(step)
  }
}

function* resultsOf(
  wanted: ReadonlySet<string>,
  metrics: readonly Metric[],
  seen: Uint8Array,
): Generator<[string, unknown]> {
  const taken = new Set<string>()
  for (const prefix of OWN_PREFIXES) {
    const ofPrefix = metrics
      .filter((metric) => metric.prefix === prefix)
      .toSorted((a, b) => b.cells - a.cells || (orderOf(a) < orderOf(b) ? -1 : 1))
    const asked = ofPrefix.filter(({ name }) => wanted.has(`${prefix}:${name}`))
    const rest = ofPrefix.filter(({ name }) => !wanted.has(`${prefix}:${name}`))
    for (const metric of [...asked, ...rest.slice(0, MAX_OF_ALL)]) {
      const name = freeName(taken, metric)
      taken.add(name)
      yield [name, columnsOf(metric, seen)]
    }
    if (rest.length > MAX_OF_ALL) yield [`${prefix}:*`, { omitted: rest.length - MAX_OF_ALL }]
  }
}

function orderOf({ name, unit }: Metric): string {
  return `${name}\0${unit}`
}

/** Where one name has several units, the one seen most has the plain name, as in the report. */
function freeName(taken: ReadonlySet<string>, metric: Metric): string {
  const plain = `${metric.prefix}:${metric.name}`
  return taken.has(plain) ? `${plain} (${metric.unit || 'no unit'})` : plain
}

function columnsOf({ unit, content }: Metric, seen: Uint8Array): unknown {
  switch (content.kind) {
    case 'count':
      return { unit, count: countColumn(valuesOf(content.steps), seen) }
    case 'measure':
      return distributionOf(content.steps, unit)
    case 'sample':
      return {
        unit,
        last: content.steps.column((gauge) => gauge.last),
        min: content.steps.column((gauge) => gauge.min),
        max: content.steps.column((gauge) => gauge.max),
      }
    case 'unique':
      return { unit, count: content.steps.column(uniqueCount) }
    default:
      return {
        kind: content.service,
        values: Object.fromEntries(
          [...content.keys]
            .toSorted(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, { unit, steps }]) => [key, { unit, last: steps.column((g) => g.last) }]),
        ),
      }
  }
}
