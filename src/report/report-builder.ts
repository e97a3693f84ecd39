import { isAddon } from '../extract/app-state.ts'
import type { Cell } from '../model/cell.ts'
import { DROPPED, MISSING } from '../model/coverage.ts'
import { type Series, label, splitName } from '../model/series.ts'
import { APP_LABEL } from '../model/series-table.ts'
import { type Sketch, createSketch, mergeSketch } from '../model/sketch.ts'
import { sumValue } from '../model/sum.ts'
import { type Unique, createUnique, mergeUnique } from '../model/unique.ts'
import type { Extremes } from './report-object.ts'

const MEMORY_KINDS = new Set(['total', 'rss', 'cache', 'swap', 'quota'])
const LOAD_KINDS = new Set(['1m', '5m', '15m'])

/** What series of many labels add up to, by the names of the report. */
export interface ReportBuilder {
  readonly status: Map<string, number>
  readonly methods: Map<string, number>
  readonly errors: Map<string, number>
  readonly service: Sketch
  readonly connect: Sketch
  readonly bytes: Sketch
  readonly sessions: Sketch
  readonly queue: Sketch
  readonly routes: Map<string, RouteBuilder>
  readonly dynos: Map<string, DynoBuilder>
  readonly measures: Map<string, MeasureBuilder>
  readonly counts: Map<string, number>
  readonly samples: Map<string, SampleBuilder>
  readonly uniques: Map<string, Unique>
  readonly addons: Map<string, Map<string, string | Extremes>>
  readonly dropped: Map<string, number>
  missing: number
}

interface RouteBuilder {
  /** In a stream of several apps. */
  readonly app?: string
  readonly method: string
  readonly route: string
  count: number
  errors: number
  readonly service: Sketch
}

export interface DynoBuilder {
  requests: number
  readonly service: Sketch
  readonly memory: Map<string, Extremes>
  readonly load: Map<string, Extremes>
  readonly errors: Map<string, number>
}

interface MeasureBuilder {
  readonly name: string
  readonly unit: string
  readonly sketch: Sketch
}

interface SampleBuilder extends Extremes {
  readonly min: number
  readonly time: number
}

export function createReportBuilder(): ReportBuilder {
  return {
    status: new Map(),
    methods: new Map(),
    errors: new Map(),
    service: createSketch(),
    connect: createSketch(),
    bytes: createSketch(),
    sessions: createSketch(),
    queue: createSketch(),
    routes: new Map(),
    dynos: new Map(),
    measures: new Map(),
    counts: new Map(),
    samples: new Map(),
    uniques: new Map(),
    addons: new Map(),
    dropped: new Map(),
    missing: 0,
  }
}

export function addCell(builder: ReportBuilder, series: Series, cell: Cell): void {
  const [namespace, name] = splitName(series.name)
  if (namespace === 'router') addRouter(builder, name, series, cell)
  else if (namespace === 'route') addRoute(builder, name, series, cell)
  else if (namespace === 'dyno') addDyno(builder, name, series, cell)
  else if (namespace === 'app') addOwn(builder, name, series, cell)
  else if (series.name === DROPPED && cell.kind === 'count') {
    add(builder.dropped, label(series, 'code'), sumValue(cell))
  } else if (series.name === MISSING && cell.kind === 'count') {
    builder.missing += sumValue(cell)
  } else if (isAddon(namespace) && cell.kind === 'sample') {
    const source = label(series, 'source') || label(series, 'addon')
    const addon = getOr(builder.addons, source, () => new Map<string, string | Extremes>())
    addon.set(name, { last: cell.last, max: cell.max })
    addon.set('kind', namespace)
  }
}

function addRouter(builder: ReportBuilder, name: string, series: Series, cell: Cell): void {
  const dyno = dynoOf(builder, label(series, 'dyno'))
  if (cell.kind === 'measure') {
    if (name === 'service') mergeSketch(builder.service, cell)
    if (name === 'connect') mergeSketch(builder.connect, cell)
    if (name === 'bytes') mergeSketch(builder.bytes, cell)
    if (name === 'session') mergeSketch(builder.sessions, cell)
    if (name === 'queue') mergeSketch(builder.queue, cell)
    if (name === 'service' && dyno !== undefined) mergeSketch(dyno.service, cell)
  } else if (cell.kind === 'count') {
    const n = sumValue(cell)
    if (name === 'errors') add(builder.errors, label(series, 'code'), n)
    if (name !== 'requests') return
    add(builder.status, label(series, 'status') || 'other', n)
    if (dyno !== undefined) dyno.requests += n
  }
}

function addRoute(builder: ReportBuilder, name: string, series: Series, cell: Cell): void {
  if (name === 'errors') return
  const method = label(series, 'method') || 'OTHER'
  const route = label(series, 'route') || '(other)'
  const app = label(series, APP_LABEL)
  const row = getOr(builder.routes, `${app} ${method} ${route}`, () => {
    const name = app === '' ? undefined : { app }
    return { ...name, method, route, count: 0, errors: 0, service: createSketch() }
  })
  if (cell.kind === 'measure') mergeSketch(row.service, cell)
  else if (cell.kind === 'count' && name === 'failed') row.errors += sumValue(cell)
  else if (cell.kind === 'count' && name === 'requests') {
    row.count += sumValue(cell)
    add(builder.methods, method, sumValue(cell))
  }
}

function addDyno(builder: ReportBuilder, name: string, series: Series, cell: Cell): void {
  const dyno = dynoOf(builder, label(series, 'dyno'))
  if (dyno === undefined) return
  if (cell.kind === 'count' && name === 'errors')
    add(dyno.errors, label(series, 'code'), sumValue(cell))
  if (cell.kind !== 'sample') return
  const extremes = { last: cell.last, max: cell.max }
  const kind = name.slice(0, name.indexOf('_'))
  const rest = name.slice(kind.length + 1)
  if (kind === 'memory' && MEMORY_KINDS.has(rest)) dyno.memory.set(rest, extremes)
  const span = rest.replace('avg_', '')
  if (kind === 'load' && LOAD_KINDS.has(span)) dyno.load.set(span, extremes)
}

function addOwn(builder: ReportBuilder, name: string, series: Series, cell: Cell): void {
  if (cell.kind === 'count') add(builder.counts, name, sumValue(cell))
  else if (cell.kind === 'unique') mergeUnique(getOr(builder.uniques, name, createUnique), cell)
  else if (cell.kind === 'measure') {
    const builderOf = () => ({ name, unit: series.unit, sketch: createSketch() })
    mergeSketch(getOr(builder.measures, `${series.unit}\0${name}`, builderOf).sketch, cell)
  } else {
    const known = builder.samples.get(name)
    const isNewer =
      known === undefined ||
      cell.time > known.time ||
      (cell.time === known.time && cell.last > known.last)
    builder.samples.set(name, {
      time: isNewer ? cell.time : known.time,
      last: isNewer ? cell.last : known.last,
      min: Math.min(cell.min, known?.min ?? Infinity),
      max: Math.max(cell.max, known?.max ?? -Infinity),
    })
  }
}

function dynoOf(builder: ReportBuilder, name: string): DynoBuilder | undefined {
  if (name === '') return undefined
  return getOr(builder.dynos, name, () => {
    return {
      requests: 0,
      service: createSketch(),
      memory: new Map(),
      load: new Map(),
      errors: new Map(),
    }
  })
}

function add(map: Map<string, number>, name: string, n: number): void {
  map.set(name, (map.get(name) ?? 0) + n)
}

function getOr<T>(map: Map<string, T>, name: string, create: () => T): T {
  let value = map.get(name)
  if (value === undefined) map.set(name, (value = create()))
  return value
}
