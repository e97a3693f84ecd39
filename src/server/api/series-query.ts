import { suggestion } from '../../parse/arguments.ts'
import { RequestError } from '../../receive/request-error.ts'
import { WIDTH_1M, WIDTH_10S_KEPT_MS, WIDTH_10S, type Width } from '../../model/window-reader.ts'
import type { Cut } from '../../report/cut.ts'
import { type Grid, createGrid } from '../../report/series-grid.ts'
import { FIXED_NAMES, isSeriesName } from '../../report/series.ts'

/** Query parameters as fastify gives them: a list where one came several times. */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>

export interface SeriesQuery {
  readonly app: string
  readonly cut: Cut
  readonly names: readonly string[]
  readonly grid: Grid
  readonly width: Width
}

export const MAX_POINTS = 2000
const MAX_NAMES = 100
const MAX_STEP_S = 86_400
const DEFAULT_RANGE_MS = 15 * 60_000
const DEFAULT_POINTS = 500
/** Steps that are offered when none is asked for, s. */
const STEPS = [10, 20, 30, 60, 120, 180, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400]
/** A clock may tick between the moment that asks for the last hour and this one. */
const GRACE_MS = WIDTH_1M

/** Reads `app`, `name`, `from`, `to`, `step` and what it is about; throws RequestError. */
export function readSeriesQuery(query: Query, now: number): SeriesQuery {
  refuseUnknown(query, [...RANGE_PARAMETERS, 'name', 'step'])
  const app = readApp(query)
  const cut = readCut(query)
  const names = readNames(query['name'])
  if (names.length === 0) throw new RequestError(400, `say what you want: name=${NAMES_HELP}`)
  const to = readTime('to', query['to'], now)
  const from = readTime('from', query['from'], to - DEFAULT_RANGE_MS)
  if (from >= to) throw new RequestError(400, 'from has to be before to')
  const isRecent = from >= now - WIDTH_10S_KEPT_MS - GRACE_MS
  const step = readStep(query['step'], to - from, isRecent)
  const width = step % WIDTH_1M === 0 ? WIDTH_1M : WIDTH_10S
  if (width === WIDTH_10S && !isRecent) {
    throw new RequestError(
      400,
      `windows of 10 s are kept for an hour: for older times give a step that is a multiple of 60, as step=60`,
    )
  }
  const grid = createGrid(from, to, step, now)
  if (grid.count > MAX_POINTS) {
    // A range that begins within a step touches one more.
    const atLeast = Math.ceil((to - from) / (MAX_POINTS - 1) / WIDTH_1M) * 60
    const wider = atLeast > MAX_STEP_S ? '' : `step=${atLeast} or more, or `
    throw new RequestError(
      400,
      `that is ${grid.count} points and the limit is ${MAX_POINTS}: give ${wider}a shorter range`,
    )
  }
  return { app, cut, names, grid, width }
}

export const RANGE_PARAMETERS = ['app', 'from', 'to', 'route', 'dyno', 'code']

/** What isn't understood would be answered as if it had not been asked. */
export function refuseUnknown(query: Query, known: readonly string[]): void {
  const unknown = Object.keys(query).find((name) => !known.includes(name))
  if (unknown === undefined) return
  const near = suggestion(unknown, known)
  const hint = near === undefined ? `it takes ${known.join(', ')}` : `did you mean ${near}?`
  throw new RequestError(400, `there is no parameter ${shortQuoted(unknown)} here: ${hint}`)
}

/** Reads `route`, `dyno` and `code`; throws RequestError. */
export function readCut(query: Query): Cut {
  const [route, dyno, code] = [
    oneOf('route', query['route']),
    oneOf('dyno', query['dyno']),
    oneOf('code', query['code']),
  ]
  if (route !== undefined && !/^(?:\/|\(other\)$)/.test(route))
    throw new RequestError(400, 'route is a template as a report has it, as route=/users/:id')
  if (dyno !== undefined && !/^[\w.-]{1,128}$/.test(dyno))
    throw new RequestError(400, 'dyno is the name of a dyno, as dyno=web.1')
  if (code !== undefined && !/^[HR]\d\d$/.test(code))
    throw new RequestError(400, 'code is an H or an R code, as code=H12')
  return { route, dyno, code }
}

function shortQuoted(text: string): string {
  return JSON.stringify(text.slice(0, 128))
}

export function readApp(query: Query): string {
  const app = oneOf('app', query['app'])
  if (app === undefined) {
    throw new RequestError(400, 'say which app: app=NAME; /api/apps lists them')
  }
  return app
}

export function noSuchApp(app: string): RequestError {
  const name = JSON.stringify(app.slice(0, 128))
  return new RequestError(
    404,
    `there is no app ${name} here: /api/apps lists those that lines came from`,
  )
}

/** Comma-separated, given once or several times. */
export function readNames(value: string | readonly string[] | undefined): string[] {
  const names = [value ?? []].flat().flatMap((text) => text.split(',').map((name) => name.trim()))
  const known = [...new Set(names.filter((name) => name !== ''))]
  const bad = known.find((name) => !isSeriesName(name))
  if (bad !== undefined) {
    throw new RequestError(400, `there is no series ${JSON.stringify(bad)}: name=${NAMES_HELP}`)
  }
  if (known.length > MAX_NAMES) throw new RequestError(400, `at most ${MAX_NAMES} names at once`)
  return known
}

/** A step in ms; `undefined` when there is none. */
export function readStepOption(value: string | readonly string[] | undefined): number | undefined {
  const text = oneOf('step', value)
  if (text === undefined) return undefined
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : NaN
  if (!(seconds > 0 && (seconds * 1000) % WIDTH_10S === 0 && seconds <= MAX_STEP_S)) {
    throw new RequestError(
      400,
      `step is in seconds, a multiple of 10 and at most ${MAX_STEP_S}, as step=60`,
    )
  }
  return seconds * 1000
}

const NAMES_HELP = `one or more of ${FIXED_NAMES.join(', ')}, measure:NAME, count:NAME, sample:NAME, unique:NAME, addon:NAME (or * for all), with commas between`

function readStep(
  value: string | readonly string[] | undefined,
  range: number,
  isRecent: boolean,
): number {
  const asked = readStepOption(value)
  if (asked !== undefined) return asked
  const offered = STEPS.map((seconds) => seconds * 1000)
  const fits = offered.find(
    (step) => range / step <= DEFAULT_POINTS && (isRecent || step >= WIDTH_1M),
  )
  return fits ?? offered.at(-1)!
}

/** Milliseconds since 1970, or ISO 8601. */
export function readTime(
  name: string,
  value: string | readonly string[] | undefined,
  otherwise: number,
): number {
  const text = oneOf(name, value)
  if (text === undefined) return otherwise
  const time = /^\d{1,16}$/.test(text) ? Number(text) : readIso(text)
  if (Number.isNaN(time) || time < EARLIEST || time > LATEST) {
    const example = new Date(EXAMPLE).toISOString()
    throw new RequestError(
      400,
      `${name} is a time, as ${name}=${example} or ${name}=${EXAMPLE} (milliseconds since 1970)`,
    )
  }
  return time
}

// Between 2001 and 2286 the digits of ms and s can't be taken for each other.
const EARLIEST = 1e12
const LATEST = 1e13
const EXAMPLE = 1_790_000_000_000

function readIso(text: string): number {
  return /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+ -]\d\d:?\d\d)$/.test(text)
    ? Date.parse(text.replace(' ', '+'))
    : NaN
}

export function oneOf(
  name: string,
  value: string | readonly string[] | undefined,
): string | undefined {
  if (Array.isArray(value)) throw new RequestError(400, `give ${name} once`)
  return value === '' ? undefined : (value as string | undefined)
}
