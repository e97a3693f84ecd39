import type { Cell } from '../model/cell.ts'
import { LINE_CLASSES } from '../model/line.ts'
import { type Series, label, parseSeriesKey } from '../model/series.ts'
import { type Sketch, createSketch, mergeSketch, quantile, sketchSum } from '../model/sketch.ts'
import { sumValue } from '../model/sum.ts'
import { type Unique, createUnique, mergeUnique, uniqueCount } from '../model/unique.ts'
import { MAX_EVENTS, type Window, type WindowEvent } from '../model/window.ts'

/** A distribution in base units; null where there is none. */
export interface Stats {
  readonly count: number
  readonly min: number
  readonly max: number
  readonly mean: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
}

interface Extremes {
  readonly last: number
  readonly max: number
}

/** One app over one span of time, as `l2met-local --json` and `/api/report` give it: seconds, bytes, ratios. */
export interface Report {
  readonly app: string
  /** ISO 8601, UTC; null when no line carried a time. */
  readonly from: string | null
  readonly to: string | null
  readonly seconds: number
  readonly lines: Record<string, number>
  readonly requests: {
    readonly count: number
    readonly perSecond: number
    readonly peakPerSecond: number
    readonly status: Record<string, number>
    readonly methods: Record<string, number>
    readonly errors: Record<string, number>
  }
  readonly service: Stats | null
  readonly connect: Stats | null
  readonly bytes: Stats | null
  readonly routes: readonly RouteReport[]
  readonly dynos: Record<string, DynoReport>
  readonly measure: Record<string, { readonly unit: string } & Stats>
  readonly count: Record<string, number>
  readonly sample: Record<string, Extremes & { readonly min: number }>
  readonly unique: Record<string, number>
  readonly addons: Record<string, Record<string, string | Extremes>>
  readonly events: readonly {
    readonly time: string
    readonly kind: string
    readonly text: string
  }[]
  readonly dropped: Record<string, number>
}

export interface RouteReport {
  readonly method: string
  readonly route: string
  readonly count: number
  readonly errors: number
  readonly service: Stats | null
}

export interface DynoReport {
  requests: number
  service: Stats | null
  memory: Record<string, Extremes>
  load: Record<string, Extremes>
  errors: Record<string, number>
}

const MEMORY_KINDS = new Set(['total', 'rss', 'cache', 'swap', 'quota'])
const LOAD_KINDS = new Set(['1m', '5m', '15m'])
const ADDON_KINDS = new Set(['postgres', 'pgbouncer', 'redis'])
/** A restart is said in up to three lines within a second or two; it is one event. */
const SAME_EVENT_MS = 2000

/** Summarises a window of one app; `top` limits the routes. */
export function createReport(app: string, window: Window, top = Infinity): Report {
  const draft = createDraft()
  for (const [key, cell] of window.cells) addCell(draft, parseSeriesKey(key), cell)
  const seconds = Math.max(1, Math.round((window.last - window.first) * 1000) / 1e6 || 0)
  const count = total(draft.status)
  return {
    app,
    from: isoTime(window.first),
    to: isoTime(window.last),
    seconds,
    lines: linesOf(window),
    requests: {
      count,
      perSecond: count / seconds,
      peakPerSecond: busiest(window.seconds),
      status: byName(draft.status),
      methods: byName(draft.methods),
      errors: byName(draft.errors),
    },
    service: statsOf(draft.service),
    connect: statsOf(draft.connect),
    bytes: statsOf(draft.bytes),
    routes: routesOf(draft).slice(0, top),
    dynos: byName(draft.dynos),
    measure: measuresOf(draft),
    count: byName(draft.counts),
    sample: byName(
      new Map([...draft.samples].map(([name, { last, min, max }]) => [name, { last, min, max }])),
    ),
    unique: byName(
      new Map([...draft.uniques].map(([name, unique]) => [name, uniqueCount(unique)])),
    ),
    addons: byName(new Map([...draft.addons].map(([name, addon]) => [name, byName(addon)]))),
    events: collapse(window.events).map(({ time, kind, text }) => ({
      time: isoTime(time)!,
      kind,
      text,
    })),
    dropped: byName(draft.dropped),
  }
}

/** null when the distribution is empty. */
export function statsOf(sketch: Sketch): Stats | null {
  if (sketch.count === 0) return null
  return {
    count: sketch.count,
    min: sketch.min,
    max: sketch.max,
    mean: Math.min(Math.max(sketchSum(sketch) / sketch.count, sketch.min), sketch.max),
    p50: quantile(sketch, 0.5)!,
    p95: quantile(sketch, 0.95)!,
    p99: quantile(sketch, 0.99)!,
  }
}

/** What series of many labels add up to, by the names of the report. */
interface Draft {
  readonly status: Map<string, number>
  readonly methods: Map<string, number>
  readonly errors: Map<string, number>
  readonly service: Sketch
  readonly connect: Sketch
  readonly bytes: Sketch
  readonly routes: Map<string, RouteDraft>
  readonly dynos: Map<string, DynoReport>
  readonly measures: Map<string, MeasureDraft>
  readonly counts: Map<string, number>
  readonly samples: Map<string, SampleDraft>
  readonly uniques: Map<string, Unique>
  readonly addons: Map<string, Map<string, string | Extremes>>
  readonly dropped: Map<string, number>
}

interface RouteDraft {
  readonly method: string
  readonly route: string
  count: number
  errors: number
  readonly service: Sketch
}

interface MeasureDraft {
  readonly name: string
  readonly unit: string
  readonly sketch: Sketch
}

interface SampleDraft extends Extremes {
  readonly min: number
  readonly time: number
}

function createDraft(): Draft {
  return {
    status: new Map(),
    methods: new Map(),
    errors: new Map(),
    service: createSketch(),
    connect: createSketch(),
    bytes: createSketch(),
    routes: new Map(),
    dynos: new Map(),
    measures: new Map(),
    counts: new Map(),
    samples: new Map(),
    uniques: new Map(),
    addons: new Map(),
    dropped: new Map(),
  }
}

function addCell(draft: Draft, series: Series, cell: Cell): void {
  const [namespace, name] = splitName(series.name)
  if (namespace === 'router') addRouter(draft, name, series, cell)
  else if (namespace === 'route') addRoute(draft, name, series, cell)
  else if (namespace === 'dyno') addDyno(draft, name, series, cell)
  else if (namespace === 'app') addOwn(draft, name, series, cell)
  else if (namespace === 'logplex' && cell.kind === 'count') {
    add(draft.dropped, label(series, 'code'), sumValue(cell))
  } else if (ADDON_KINDS.has(namespace) && cell.kind === 'sample') {
    const source = label(series, 'source') || label(series, 'addon')
    const addon = getOr(
      draft.addons,
      source,
      () => new Map<string, string | Extremes>([['kind', namespace]]),
    )
    addon.set(name, { last: cell.last, max: cell.max })
  }
}

function addRouter(draft: Draft, name: string, series: Series, cell: Cell): void {
  const dyno = dynoOf(draft, label(series, 'dyno'))
  if (cell.kind === 'measure') {
    if (name === 'service') mergeSketch(draft.service, cell)
    if (name === 'connect') mergeSketch(draft.connect, cell)
    if (name === 'bytes') mergeSketch(draft.bytes, cell)
    if (name === 'service' && dyno !== undefined) dyno.service = statsOf(cell)
  } else if (cell.kind === 'count') {
    const n = sumValue(cell)
    if (name === 'errors') add(draft.errors, label(series, 'code'), n)
    if (name !== 'requests') return
    add(draft.status, label(series, 'status') || 'other', n)
    add(draft.methods, label(series, 'method') || 'OTHER', n)
    if (dyno !== undefined) dyno.requests += n
  }
}

function addRoute(draft: Draft, name: string, series: Series, cell: Cell): void {
  const method = label(series, 'method') || 'OTHER'
  const route = label(series, 'route') || '(other)'
  const row = getOr(draft.routes, `${method} ${route}`, () => {
    return { method, route, count: 0, errors: 0, service: createSketch() }
  })
  if (cell.kind === 'measure') mergeSketch(row.service, cell)
  else if (cell.kind === 'count' && name === 'requests') row.count += sumValue(cell)
  else if (cell.kind === 'count' && name === 'errors') row.errors += sumValue(cell)
}

function addDyno(draft: Draft, name: string, series: Series, cell: Cell): void {
  const dyno = dynoOf(draft, label(series, 'dyno'))
  if (dyno === undefined) return
  if (cell.kind === 'count' && name === 'errors')
    dyno.errors[label(series, 'code')] = sumValue(cell)
  if (cell.kind !== 'sample') return
  const extremes = { last: cell.last, max: cell.max }
  const kind = name.slice(0, name.indexOf('_'))
  const rest = name.slice(kind.length + 1)
  if (kind === 'memory' && MEMORY_KINDS.has(rest)) dyno.memory[rest] = extremes
  const span = rest.replace('avg_', '')
  if (kind === 'load' && LOAD_KINDS.has(span)) dyno.load[span] = extremes
}

function addOwn(draft: Draft, name: string, series: Series, cell: Cell): void {
  if (cell.kind === 'count') add(draft.counts, name, sumValue(cell))
  else if (cell.kind === 'unique') mergeUnique(getOr(draft.uniques, name, createUnique), cell)
  else if (cell.kind === 'measure') {
    const draftOf = () => ({ name, unit: series.unit, sketch: createSketch() })
    mergeSketch(getOr(draft.measures, `${series.unit}\0${name}`, draftOf).sketch, cell)
  } else {
    const known = draft.samples.get(name)
    const isNewer = known === undefined || cell.time > known.time
    draft.samples.set(name, {
      time: isNewer ? cell.time : known.time,
      last: isNewer ? cell.last : known.last,
      min: Math.min(cell.min, known?.min ?? Infinity),
      max: Math.max(cell.max, known?.max ?? -Infinity),
    })
  }
}

function dynoOf(draft: Draft, name: string): DynoReport | undefined {
  if (name === '') return undefined
  return getOr(draft.dynos, name, () => {
    return { requests: 0, service: null, memory: {}, load: {}, errors: {} }
  })
}

function linesOf(window: Window): Record<string, number> {
  const entries = LINE_CLASSES.map((name, i) => [name, window.classes[i]!] as const)
  const read = entries.reduce((sum, [, n]) => sum + n, 0)
  return { read, ...Object.fromEntries(entries) }
}

function routesOf(draft: Draft): RouteReport[] {
  return [...draft.routes.values()]
    .toSorted((a, b) => b.count - a.count || (a.route < b.route ? -1 : 1))
    .map((row) => ({ ...row, service: statsOf(row.service) }))
}

/** By name; where one name has several units, the one with the most values has the plain name. */
function measuresOf(draft: Draft): Record<string, { readonly unit: string } & Stats> {
  const measures = new Map<string, { readonly unit: string } & Stats>()
  const rows = [...draft.measures.values()].toSorted((a, b) => b.sketch.count - a.sketch.count)
  for (const { name, unit, sketch } of rows) {
    const stats = statsOf(sketch)
    if (stats === null) continue
    measures.set(measures.has(name) ? `${name} (${unit || 'no unit'})` : name, { unit, ...stats })
  }
  return byName(measures)
}

function collapse(events: readonly WindowEvent[]): WindowEvent[] {
  const lastOf = new Map<string, number>()
  const kept: WindowEvent[] = []
  for (const event of events.toSorted((a, b) => a.time - b.time)) {
    const same = `${event.kind} ${event.text}`
    const last = lastOf.get(same)
    lastOf.set(same, event.time)
    if (last === undefined || event.time - last > SAME_EVENT_MS) kept.push(event)
  }
  return kept.slice(-MAX_EVENTS)
}

function busiest(seconds: ReadonlyMap<number, number>): number {
  let most = 0
  for (const n of seconds.values()) if (n > most) most = n
  return most
}

function splitName(name: string): [string, string] {
  const slash = name.indexOf('/')
  return [name.slice(0, slash), name.slice(slash + 1)]
}

function isoTime(time: number): string | null {
  return Number.isFinite(time) ? new Date(time).toISOString() : null
}

// fromEntries defines own properties, so that a name like `__proto__` stays a name.
function byName<T>(map: ReadonlyMap<string, T>): Record<string, T> {
  return Object.fromEntries([...map].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function add(map: Map<string, number>, name: string, n: number): void {
  map.set(name, (map.get(name) ?? 0) + n)
}

function total(map: ReadonlyMap<string, number>): number {
  let sum = 0
  for (const n of map.values()) sum += n
  return sum
}

function getOr<T>(map: Map<string, T>, name: string, create: () => T): T {
  let value = map.get(name)
  if (value === undefined) map.set(name, (value = create()))
  return value
}
