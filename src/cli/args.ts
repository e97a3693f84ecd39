import { parseArgs } from 'node:util'
import type { GroupKey } from '../aggregate/requests.ts'
import { parseMillis, suggestion, UsageError } from '../parse/arguments.ts'
import { ROUTES_EXAMPLE, STREAMS_EXAMPLE, parsePatterns } from '../parse/route-pattern.ts'
import { parseThreshold } from './fail-if.ts'
import type { Expression } from '../report/expression/expression.ts'
import { type Moment, parseMoment } from './range.ts'
import { ROUTE_ORDERS, type RouteOrder } from './render/route-order.ts'
import { UTC, type Zone, zoneNamed } from './render/zone.ts'
import { type Where, parseWhere } from './where.ts'

/** What the command line asks for. */
export interface LocalOptions {
  readonly help: boolean
  readonly version: boolean
  readonly json: boolean
  readonly noColour: boolean
  readonly intervalMs: number | undefined
  readonly top: number
  readonly slowMillis: number | undefined
  /** As it was written, for headings. */
  readonly slow: string | undefined
  readonly where: readonly Where[]
  readonly whereTexts: readonly string[]
  readonly by: GroupKey | undefined
  readonly sort: RouteOrder | undefined
  readonly since: Moment | undefined
  readonly until: Moment | undefined
  readonly zone: Zone
  readonly dedupe: boolean
  readonly csv: boolean
  readonly thresholds: readonly Expression[]
  /** Routes of the user's own, and those whose time is a session's. */
  readonly pins: readonly string[]
  readonly streams: readonly string[]
  /** Where an HTML report is written. */
  readonly html: string | undefined
  /** Paths; `-` is stdin. */
  readonly inputs: readonly string[]
}

const FLAGS = {
  json: { type: 'boolean', short: 'j' },
  interval: { type: 'string', short: 'i' },
  top: { type: 'string', short: 'n' },
  slow: { type: 'string' },
  where: { type: 'string', short: 'w', multiple: true },
  by: { type: 'string' },
  sort: { type: 'string' },
  since: { type: 'string' },
  until: { type: 'string' },
  tz: { type: 'string' },
  dedupe: { type: 'boolean' },
  csv: { type: 'boolean' },
  'fail-if': { type: 'string', multiple: true },
  routes: { type: 'string', multiple: true },
  streams: { type: 'string', multiple: true },
  html: { type: 'string' },
  'no-color': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
} as const

const GROUP_KEYS = ['route', 'dyno', 'status', 'method', 'app'] as const
const DEFAULT_TOP = '20'
const MAX_TOP = 100_000
const MIN_INTERVAL_MS = 1000

/** Throws UsageError for the first fault. */
export function parseLocalArgs(
  args: readonly string[],
  env: Readonly<NodeJS.ProcessEnv> = {},
): LocalOptions {
  const { values, positionals, tokens } = parseArgs({
    args: [...args],
    options: FLAGS,
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  for (const token of tokens) if (token.kind === 'option') checkFlag(token)
  const flags = values as Flags
  const { slow, since, until, tz } = flags
  const zone = tz === undefined ? UTC : zoneOf(tz)
  const csv = flags.csv === true
  return {
    help: flags.help === true,
    version: flags.version === true,
    json: flags.json === true,
    noColour: flags['no-color'] === true,
    intervalMs: flags.interval === undefined ? undefined : intervalOf(flags.interval),
    top: topOf(flags.top ?? (csv ? String(MAX_TOP) : DEFAULT_TOP)),
    slowMillis: slow === undefined ? undefined : parseMillis(slow, '--slow'),
    slow,
    where: (flags.where ?? []).map(parseWhere),
    whereTexts: flags.where ?? [],
    by: flags.by === undefined ? undefined : groupKeyOf(flags.by),
    sort: flags.sort === undefined ? undefined : orderOf(flags.sort),
    since: since === undefined ? undefined : parseMoment(since, '--since', zone),
    until: until === undefined ? undefined : parseMoment(until, '--until', zone),
    zone,
    dedupe: flags.dedupe === true,
    csv,
    thresholds: (flags['fail-if'] ?? []).map(parseThreshold),
    pins: patternsOf('--routes', flags.routes ?? [env['ROUTES'] ?? '']),
    streams: patternsOf('--streams', flags.streams ?? [env['STREAMS'] ?? '']),
    html: flags.html,
    inputs: positionals,
  }
}

/** What parseArgs gives for FLAGS, once checkFlag has passed. */
interface Flags {
  readonly json?: boolean
  readonly interval?: string
  readonly top?: string
  readonly slow?: string
  readonly where?: string[]
  readonly by?: string
  readonly sort?: string
  readonly since?: string
  readonly until?: string
  readonly tz?: string
  readonly dedupe?: boolean
  readonly csv?: boolean
  readonly 'fail-if'?: string[]
  readonly routes?: string[]
  readonly streams?: string[]
  readonly html?: string
  readonly 'no-color'?: boolean
  readonly help?: boolean
  readonly version?: boolean
}

interface FlagToken {
  readonly name: string
  readonly rawName: string
  readonly value?: string | undefined
}

function checkFlag({ name, rawName, value }: FlagToken): void {
  const flag = new Map<string, { readonly type: string }>(Object.entries(FLAGS)).get(name)
  if (flag === undefined) {
    const known = suggestion(name, Object.keys(FLAGS))
    const hint = known === undefined ? 'see --help' : `did you mean --${known}?`
    throw new UsageError(`there is no option ${rawName}; ${hint}`)
  }
  const { type } = flag
  if (type === 'boolean' && value !== undefined) {
    throw new UsageError(`${rawName} takes no value; write it without '=${value}'`)
  }
  if (type === 'string' && (value === undefined || value === '')) {
    throw new UsageError(`${rawName} needs a value, as ${EXAMPLES.get(name)}`)
  }
}

const EXAMPLES = new Map([
  ['interval', '--interval 10s'],
  ['top', '--top 20'],
  ['slow', '--slow 1s'],
  ['where', '--where status=5xx'],
  ['by', '--by dyno'],
  ['sort', '--sort p95'],
  ['since', '--since -2h'],
  ['until', '--until 2026-11-21T10:00'],
  ['tz', '--tz Europe/Berlin'],
  ['routes', '--routes /users/:id'],
  ['streams', "--streams '/cable,/events/*'"],
  ['html', '--html report.html'],
  ['fail-if', "--fail-if 'p95>500ms'"],
])

function patternsOf(flag: '--routes' | '--streams', texts: readonly string[]): readonly string[] {
  const isRoutes = flag === '--routes'
  const { good, bad } = parsePatterns(texts.join(','), isRoutes ? 'routes' : 'streams')
  if (bad.length === 0) return good
  const example = isRoutes ? ROUTES_EXAMPLE : STREAMS_EXAMPLE
  throw new UsageError(`${flag} '${bad[0]}' is no pattern; it has to look like ${example}`)
}

function intervalOf(text: string): number {
  const millis = parseMillis(text, '--interval')
  if (millis >= MIN_INTERVAL_MS && Number.isInteger(millis)) return millis
  throw new UsageError(`--interval '${text}' is too short; the shortest is 1s`)
}

function topOf(text: string): number {
  const top = /^\d{1,6}$/.test(text) ? Number(text) : -1
  if (top >= 1 && top <= MAX_TOP) return top
  throw new UsageError(`--top '${text}' is no number of rows; write 1 to ${MAX_TOP}, as --top 20`)
}

function groupKeyOf(text: string): GroupKey {
  return oneOf(text, GROUP_KEYS, '--by')
}

function orderOf(text: string): RouteOrder {
  return oneOf(text, ROUTE_ORDERS, '--sort')
}

function oneOf<T extends string>(text: string, names: readonly T[], flag: string): T {
  const one = names.find((name) => name === text)
  if (one !== undefined) return one
  const known = suggestion(text, names)
  const hint = known === undefined ? '' : `; did you mean ${known}?`
  throw new UsageError(`${flag} '${text}' is none of ${names.join(', ')}${hint}`)
}

function zoneOf(text: string): Zone {
  const zone = zoneNamed(text)
  if (zone !== undefined) return zone
  throw new UsageError(
    `--tz '${text}' is no time zone; write UTC, local, a name as Europe/Berlin, or an offset as +02:00`,
  )
}
