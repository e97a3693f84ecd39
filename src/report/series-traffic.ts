import type { Counter } from '../model/cell.ts'
import { type Series, label } from '../model/series.ts'
import { bucketEntries } from '../model/bucket-counts.ts'
import { type Sketch, createSketch, quantile } from '../model/sketch.ts'
import { errorName } from './error-names.ts'
import type { SeriesCollector, StepCells } from './series-collector.ts'
import {
  type Column,
  type Grid,
  type Steps,
  countColumn,
  createCounts,
  createSteps,
  secondsOf,
  shorten,
  valuesOf,
} from './series-grid.ts'

export const TRAFFIC_NAMES = [
  'requests',
  'service',
  'heat',
  'connect',
  'bytes',
  'queue',
  'sessions',
  'errors',
] as const

/** Buckets of the heat map in an octave: every eighth boundary of the sketch's own 32. */
const HEAT_PER_OCTAVE = 4
const SKETCH_PER_HEAT = 32 / HEAT_PER_OCTAVE
/** The lowest and the highest bucket of a heat map: up to 1 ms, and over 90 s. */
const HEAT_LOW = -39
const HEAT_HIGH = 27
const ERROR_SERIES = new Set(['router/errors', 'dyno/errors', 'logplex/dropped'])

/** Requests by status class, distributions of service, connect and size, and the platform's errors. */
export function createTraffic(wanted: ReadonlySet<string>, grid: Grid): SeriesCollector {
  const seen = new Uint8Array(grid.count)
  const classes = new Map<string, Steps<Counter>>()
  const errors = new Map<string, Steps<Counter>>()
  const service = createSteps(grid, createSketch)
  const connect = createSteps(grid, createSketch)
  const bytes = createSteps(grid, createSketch)
  const queue = createSteps(grid, createSketch)
  const sessions = createSteps(grid, createSketch)

  const seriesSink = (series: Series): StepCells | undefined => {
    const { kind, name } = series
    if (kind === 'measure') return distribution(name)?.at
    if (kind !== 'count') return undefined
    if (name === 'router/requests' && wanted.has('requests')) {
      return columnOf(classes, statusClass(label(series, 'status')), grid).at
    }
    if (ERROR_SERIES.has(name) && wanted.has('errors')) {
      return columnOf(errors, label(series, 'code') || '(other)', grid).at
    }
    return undefined
  }

  const distribution = (name: string): Steps<Sketch> | undefined => {
    if (name === 'router/service' && (wanted.has('service') || wanted.has('heat'))) return service
    if (name === 'router/connect' && wanted.has('connect')) return connect
    if (name === 'router/queue' && wanted.has('queue')) return queue
    if (name === 'router/session' && wanted.has('sessions')) return sessions
    return name === 'router/bytes' && wanted.has('bytes') ? bytes : undefined
  }

  return {
    addWindow: (step) => {
      seen[step] = 1
    },
    seriesSink,
    *results() {
      if (wanted.has('requests')) yield ['requests', requestsOf(classes, seen, grid)]
      if (wanted.has('service')) yield ['service', distributionOf(service, 's')]
      if (wanted.has('heat')) yield ['heat', heatOf(service)]
      if (wanted.has('connect')) yield ['connect', distributionOf(connect, 's')]
      if (wanted.has('bytes')) yield ['bytes', distributionOf(bytes, 'bytes')]
      if (wanted.has('queue')) yield ['queue', distributionOf(queue, 's')]
      if (wanted.has('sessions')) yield ['sessions', distributionOf(sessions, 's')]
      if (wanted.has('errors')) yield ['errors', errorsOf(errors, seen)]
    },
  }
}

export interface Distribution {
  readonly unit: string
  readonly count: Column
  readonly p50: Column
  readonly p95: Column
  readonly p99: Column
  readonly max: Column
}

export function distributionOf(steps: Steps<Sketch>, unit: string): Distribution {
  return {
    unit,
    count: steps.column((sketch) => sketch.count),
    p50: steps.column((sketch) => quantile(sketch, 0.5)),
    p95: steps.column((sketch) => quantile(sketch, 0.95)),
    p99: steps.column((sketch) => quantile(sketch, 0.99)),
    max: steps.column((sketch) => sketch.max),
  }
}

function columnOf(columns: Map<string, Steps<Counter>>, name: string, grid: Grid): Steps<Counter> {
  let column = columns.get(name)
  if (column === undefined) columns.set(name, (column = createCounts(grid)))
  return column
}

/** `2xx`; `none` for a request without a status, `other` for what had no room of its own. */
function statusClass(status: string): string {
  if (/^[1-5]\d\d$/.test(status)) return `${status[0]}xx`
  return status === 'none' ? 'none' : 'other'
}

function requestsOf(
  classes: ReadonlyMap<string, Steps<Counter>>,
  seen: Uint8Array,
  grid: Grid,
): unknown {
  const count = new Float64Array(grid.count)
  const perSecond = new Map<string, Column>()
  for (const [name, counts] of sorted(classes)) {
    const column = Array.from(valuesOf(counts), (n, step) => {
      count[step]! += n
      return seen[step] === 1 ? shorten(n / secondsOf(grid, step)) : null
    })
    perSecond.set(name, column)
  }
  return { count: countColumn(count, seen), perSecond: Object.fromEntries(perSecond) }
}

/** By step: the index of the first bucket that holds something, then the counts from it on. */
function heatOf(steps: Steps<Sketch>): unknown {
  const cells = steps.map((sketch) => {
    const counts = new Map<number, number>()
    const add = (bucket: number, n: number) => {
      const at = Math.min(Math.max(bucket, HEAT_LOW), HEAT_HIGH)
      counts.set(at, (counts.get(at) ?? 0) + n)
    }
    if (sketch.zeros > 0) add(HEAT_LOW, sketch.zeros)
    for (const [bucket, n] of bucketEntries(sketch.positive)) {
      add(Math.ceil(bucket / SKETCH_PER_HEAT), n)
    }
    if (counts.size === 0) return null
    const low = Math.min(...counts.keys())
    const high = Math.max(...counts.keys())
    return [low, ...Array.from({ length: high - low + 1 }, (_, i) => counts.get(low + i) ?? 0)]
  })
  return { unit: 's', perOctave: HEAT_PER_OCTAVE, cells }
}

function errorsOf(errors: ReadonlyMap<string, Steps<Counter>>, seen: Uint8Array): unknown {
  const counted = sorted(errors).map(([code, steps]) => [code, valuesOf(steps)] as const)
  return Object.fromEntries(
    counted.map(([code, counts]) => [
      code,
      {
        name: errorName(code),
        total: counts.reduce((sum, n) => sum + n, 0),
        count: countColumn(counts, seen),
      },
    ]),
  )
}

function sorted<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].toSorted(([a], [b]) => (a < b ? -1 : 1))
}
