import { type Labels, type Series, type Unit, cleanText } from '../model/series.ts'
import {
  type SeriesTable,
  createSeriesTable,
  internFolded,
  internSeries,
} from '../model/series-table.ts'
import { type Interner, createInterner, internName, nameText } from '../parse/interner.ts'
import { type Pair, createPair } from '../parse/pairs.ts'
import { type Quantity, createQuantity } from '../parse/quantity.ts'
import { splitRoutes } from '../parse/route-pattern.ts'
import { type Conventions, createConventions } from './convention-state.ts'
import { type LearnedRoutes, createLearnedRoutes } from './learned/learned-routes.ts'
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
  /** Labels of all of them, from the drain; sorted by name. A label of the line wins. */
  readonly tags: Labels
}

/** Numbers of the series of one dyno or other procid; -1 when not met yet. */
export interface Dyno {
  /** Under which it is counted: of a one-off dyno its type. */
  readonly name: string
  /** The label of its memory and load. */
  readonly gaugeName: string
  readonly kind: ProcKind
  service: number
  connect: number
  bytes: number
  /** By status, those that were met. */
  readonly requests: Map<number, number>
  /** Its failed requests, by H code. */
  readonly requestErrors: Map<number, number>
  /** By the names of samples. */
  readonly samples: Map<string, number>
}

/** What a procid says about a line whose app is not `heroku`. */
export type ProcKind =
  | 'process'
  | 'router'
  | 'api'
  | 'logplex'
  | 'log-shuttle'
  | 'server-log'
  | Addon
const ADDONS = ['postgres', 'pgbouncer', 'redis'] as const
export type Addon = (typeof ADDONS)[number]

export interface ExtractOptions {
  readonly maxSeries: number
  readonly maxRoutes: number
  /** Route patterns that users pin, like `/users/:id` or `/static/*`, or keep from folding, like `!/city/:slug`. */
  readonly pins?: readonly string[]
  /** Patterns of routes whose time is a session's, like `/events/*`. */
  readonly streams?: readonly string[]
  /** What is known of the app's routes; nothing yet, where it isn't given. */
  readonly learned?: LearnedRoutes | undefined
  readonly accept?: (request: Request) => boolean
  readonly prefix?: string
  readonly sourcePrefix?: string
  readonly tags?: Labels
}

const MAX_PROCS = 4096
/** No line can name it. Its series are the overflow series of their names. */
const OVERFLOW_DYNO = '\0'

export function createAppState(options: ExtractOptions): AppState {
  const { pins, unfolded } = splitRoutes(options.pins ?? [])
  return {
    table: createSeriesTable(options.maxSeries),
    procs: createInterner(MAX_PROCS),
    dynos: [],
    routes: createRoutes(
      options.maxRoutes,
      pins,
      options.streams ?? [],
      options.learned ?? createLearnedRoutes(options.maxRoutes, unfolded),
    ),
    conventions: createConventions(),
    pair: createPair(),
    quantity: createQuantity(),
    request: createRequest(),
    requestErrors: new Map(),
    accept: options.accept,
    prefix: options.prefix ? `${options.prefix}.` : '',
    sourcePrefix: options.sourcePrefix ?? '',
    tags: options.tags ?? [],
  }
}

/** Whether a namespace of series is that of an add-on. */
export function isAddon(namespace: string): namespace is Addon {
  return (ADDONS as readonly string[]).includes(namespace)
}

/** The dyno (or other procid) that bytes[start, end) names. */
export function dynoNamed(state: AppState, bytes: Uint8Array, start: number, end: number): Dyno {
  const number = internName(state.procs, bytes, start, end)
  if (number < 0) return (state.dynos[MAX_PROCS] ??= createDyno(OVERFLOW_DYNO))
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
  const series = { kind, name, unit, labels }
  const isOverflow = labels.some(([, value]) => value === OVERFLOW_DYNO)
  return isOverflow ? internFolded(state.table, series, true) : internSeries(state.table, series)
}

/** The dyno that one is counted as: there are ever new one-off dynos, each for a short time. */
export function countedDyno(name: string): string {
  return /^(run|scheduler|release)\.\d+$/.exec(name)?.[1] ?? name
}

/** Whether something can't be told apart any more that came new; it may when the state is made anew. */
export function isFull({ table, procs, conventions }: AppState): boolean {
  const { keys, labelSets } = conventions
  return (
    table.size >= table.limit || [procs, keys, labelSets].some(({ size, limit }) => size >= limit)
  )
}

function createDyno(name: string): Dyno {
  return {
    name: countedDyno(name),
    gaugeName: name,
    kind: procKind(name),
    service: -1,
    connect: -1,
    bytes: -1,
    requests: new Map(),
    requestErrors: new Map(),
    samples: new Map(),
  }
}

function procKind(name: string): ProcKind {
  if (name === 'router' || name === 'api' || name === 'logplex' || name === 'log-shuttle')
    return name
  if (name === 'heroku-postgres') return 'postgres'
  if (name === 'heroku-pgbouncer') return 'pgbouncer'
  if (name === 'heroku-redis') return 'redis'
  // What a database server logs quotes SQL and commands, which visitors can write.
  if (/^(?:postgres(?:\.\d+)?|pgbouncer|redis|redis-.*)$/.test(name)) return 'server-log'
  return 'process'
}
