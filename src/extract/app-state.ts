import { type Series, type Unit, cleanText } from '../model/series.ts'
import { type SeriesTable, createSeriesTable, internSeries } from '../model/series-table.ts'
import { type Interner, createInterner, internName, nameText } from '../parse/interner.ts'
import { type Pair, createPair } from '../parse/pairs.ts'
import { type Quantity, createQuantity } from '../parse/quantity.ts'
import { type Conventions, createConventions } from './convention-state.ts'
import { type Request, createRequest } from './request.ts'
import { type Routes, createRoutes } from './route.ts'

/**
 * What is known of one app between its lines: names and series already met, so that a line of a kind
 * seen before makes no strings. It holds no values.
 */
export interface AppState {
  readonly table: SeriesTable
  readonly procs: Interner
  readonly dynos: Dyno[]
  readonly routes: Routes
  readonly conventions: Conventions
  readonly pair: Pair
  readonly quantity: Quantity
  readonly request: Request
  /** Series numbers of the router's errors, by H code. */
  readonly requestErrors: Map<number, number>
  /** Says whether a request counts (`--where`); may look at it and must not keep it. */
  readonly accept: ((request: Request) => boolean) | undefined
  /** Put before the names of the app's own metrics, with a dot; empty for none. */
  readonly prefix: string
  /** Put before their `source`, with a dot; empty for none. */
  readonly sourcePrefix: string
}

/** Numbers of the series of one dyno or other procid; -1 when not met yet. */
export interface Dyno {
  readonly name: string
  readonly kind: ProcKind
  service: number
  connect: number
  bytes: number
  /** By status, those that were met. */
  readonly requests: Map<number, number>
  /** Its failed requests, by H code. */
  readonly requestErrors: Map<number, number>
  /** By sample name number; 0 when not met, else series + 1. */
  readonly samples: number[]
}

/** What a procid says about a line whose app is not `heroku`. */
export type ProcKind = 'process' | 'router' | 'api' | 'logplex' | 'log-shuttle' | Addon
const ADDONS = ['postgres', 'pgbouncer', 'redis'] as const
export type Addon = (typeof ADDONS)[number]

export interface ExtractOptions {
  readonly maxSeries: number
  readonly maxRoutes: number
  /** Route patterns that users pin, like `/users/:id` or `/static/*`. */
  readonly pins?: readonly string[]
  readonly accept?: (request: Request) => boolean
  readonly prefix?: string
  readonly sourcePrefix?: string
}

const MAX_PROCS = 4096
const OTHER_PROC = 'other'

export function createAppState(options: ExtractOptions): AppState {
  return {
    table: createSeriesTable(options.maxSeries),
    procs: createInterner(MAX_PROCS),
    dynos: [],
    routes: createRoutes(options.maxRoutes, options.pins ?? []),
    conventions: createConventions(),
    pair: createPair(),
    quantity: createQuantity(),
    request: createRequest(),
    requestErrors: new Map(),
    accept: options.accept,
    prefix: options.prefix ? `${options.prefix}.` : '',
    sourcePrefix: options.sourcePrefix ?? '',
  }
}

/** Whether a namespace of series is that of an add-on. */
export function isAddon(namespace: string): namespace is Addon {
  return (ADDONS as readonly string[]).includes(namespace)
}

/** The dyno (or other procid) that bytes[start, end) names. */
export function dynoNamed(state: AppState, bytes: Uint8Array, start: number, end: number): Dyno {
  const number = internName(state.procs, bytes, start, end)
  if (number < 0) return (state.dynos[MAX_PROCS] ??= createDyno(OTHER_PROC))
  return (state.dynos[number] ??= createDyno(cleanText(nameText(state.procs, number))))
}

/** The number of a series, for the first time that it is met. */
export function seriesOf(
  state: AppState,
  kind: Series['kind'],
  name: string,
  unit: Unit,
  labels: Series['labels'],
): number {
  return internSeries(state.table, { kind, name, unit, labels })
}

function createDyno(name: string): Dyno {
  return {
    name,
    kind: procKind(name),
    service: -1,
    connect: -1,
    bytes: -1,
    requests: new Map(),
    requestErrors: new Map(),
    samples: [],
  }
}

function procKind(name: string): ProcKind {
  if (name === 'router' || name === 'api' || name === 'logplex' || name === 'log-shuttle')
    return name
  if (name === 'heroku-pgbouncer' || name === 'pgbouncer') return 'pgbouncer'
  if (name === 'heroku-redis' || name === 'redis' || name.startsWith('redis-')) return 'redis'
  if (name === 'heroku-postgres' || /^postgres(\.\d+)?$/.test(name)) return 'postgres'
  return 'process'
}
