/** A condition on an app's numbers, like `route=/checkout p95>1s for 5m`. */
export interface Expression {
  /** As it was written, without blanks around it. */
  readonly text: string
  readonly metric: Metric
  /** The Heroku code that is counted; only for the metric `code`. */
  readonly code: string | undefined
  readonly route: string | undefined
  readonly dyno: string | undefined
  readonly operator: Operator
  /** Seconds, bytes, a ratio, or a number. */
  readonly limit: number
  /** Whether the limit is a share of the dyno's quota. */
  readonly isShareOfQuota: boolean
  /** Has to hold in each minute of this long; undefined: in the last minute. ms. */
  readonly forMs: number | undefined
  /** Is judged over this long as a whole; undefined: over a minute. ms. */
  readonly inMs: number | undefined
}

export type Operator = '>' | '>=' | '<' | '<='
export type Metric = (typeof METRICS)[number] | 'code'

/** What a metric is measured in. */
type Dimension = 'seconds' | 'bytes' | 'ratio' | 'number'

export const METRICS = [
  'p50',
  'p95',
  'p99',
  'min',
  'max',
  'mean',
  'queue-p50',
  'queue-p95',
  'queue-p99',
  'count',
  'requests',
  'rps',
  'errors',
  'error-rate',
  'memory',
  'swap',
  'silent',
  'coverage',
] as const

/** An expression that can't be read. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError'
  /** Where in the text it went wrong, from 0. */
  readonly at: number

  constructor(text: string, at: number, reason: string) {
    super(`'${text}', at ${at + 1}: ${reason}`)
    this.at = at
  }
}

const MINUTE_MS = 60_000
const MAX_SPAN_MS = 6 * 3_600_000

/** Metrics that a part of the requests has too. */
const BY_ROUTE: ReadonlySet<Metric> = new Set<Metric>([
  'p50',
  'p95',
  'p99',
  'min',
  'max',
  'mean',
  'count',
  'requests',
  'rps',
  'errors',
  'error-rate',
  'code',
])
const BY_DYNO: ReadonlySet<Metric> = new Set<Metric>([
  'p50',
  'p95',
  'p99',
  'min',
  'max',
  'mean',
  'count',
  'requests',
  'rps',
  'memory',
  'swap',
  'code',
])

/**
 * Reads `[route=/path] [dyno=web.1] METRIC OPERATOR VALUE [of quota] [for|in DURATION]`, where METRIC
 * is one of METRICS or `code=H12`. Throws ExpressionError with the place and what is known.
 */
export function parseExpression(given: string): Expression {
  const text = given.trim()
  const reader: Reader = { text, at: 0 }
  let route: string | undefined
  let dyno: string | undefined
  let found: { metric: Metric; code: string | undefined } | undefined
  while (found === undefined) {
    const at = reader.at
    const filter = /^(route|dyno)=([^\s<>]+)\s*/i.exec(rest(reader))
    if (filter === null) {
      found = readMetric(reader)
      break
    }
    const name = filter[1]!.toLowerCase()
    if ((name === 'route' ? route : dyno) !== undefined) fail(reader, `${name}= is there twice`)
    if (name === 'route') route = filter[2]
    else dyno = filter[2]
    reader.at = at + filter[0].length
  }
  const { metric, code } = found
  checkFilters(reader, metric, route, dyno)
  const operator = take(
    reader,
    /^(>=|<=|>|<)\s*/,
    "one of > >= < <= is expected, as in 'p95>500ms'",
  )[1] as Operator
  const { limit, isShareOfQuota } = readLimit(reader, metric)
  const span = readSpan(reader, metric)
  if (reader.at < text.length) fail(reader, "nothing more is expected here, or 'for 5m' or 'in 5m'")
  return { text, metric, code, route, dyno, operator, limit, isShareOfQuota, ...span }
}

/** The time that an expression looks back, ms; a whole number of minutes. */
export function spanOf({ forMs, inMs }: Expression): number {
  return forMs ?? inMs ?? MINUTE_MS
}

export function holds(value: number, operator: Operator, limit: number): boolean {
  if (operator === '>') return value > limit
  if (operator === '>=') return value >= limit
  return operator === '<' ? value < limit : value <= limit
}

/** What the values of a metric are measured in. */
export function dimensionOf(metric: Metric): Dimension {
  if (/^(?:p\d\d|min|max|mean|queue-p\d\d|silent)$/.test(metric)) return 'seconds'
  if (metric === 'memory' || metric === 'swap') return 'bytes'
  return metric === 'error-rate' || metric === 'coverage' ? 'ratio' : 'number'
}

interface Reader {
  readonly text: string
  at: number
}

function rest({ text, at }: Reader): string {
  return text.slice(at)
}

function fail({ text, at }: Reader, reason: string): never {
  throw new ExpressionError(text, at, reason)
}

function take(reader: Reader, pattern: RegExp, expected: string): RegExpExecArray {
  const match = pattern.exec(rest(reader))
  if (match === null) return fail(reader, expected)
  reader.at += match[0].length
  return match
}

function readMetric(reader: Reader): { metric: Metric; code: string | undefined } {
  const code = /^code=([HRL]\d\d)\s*/i.exec(rest(reader))
  if (code !== null) {
    reader.at += code[0].length
    return { metric: 'code', code: code[1]!.toUpperCase() }
  }
  const word = /^([A-Za-z][\w-]*)\s*/.exec(rest(reader))
  const metric = METRICS.find((name) => name === word?.[1]?.toLowerCase())
  if (word === null || metric === undefined) {
    const what = word === null ? 'a metric is expected' : `no metric is called '${word[1]}'`
    return fail(reader, `${what}; known are ${METRICS.join(', ')} and code=H12`)
  }
  reader.at += word[0].length
  return { metric, code: undefined }
}

function checkFilters(
  reader: Reader,
  metric: Metric,
  route: string | undefined,
  dyno: string | undefined,
): void {
  const listed = (metrics: ReadonlySet<Metric>) => [...metrics].join(', ')
  if (route !== undefined && dyno !== undefined) fail(reader, 'give route= or dyno=, not both')
  if (route !== undefined && !BY_ROUTE.has(metric))
    fail(reader, `${metric} is not counted by route; these are: ${listed(BY_ROUTE)}`)
  if (dyno !== undefined && !BY_DYNO.has(metric))
    fail(reader, `${metric} is not counted by dyno; these are: ${listed(BY_DYNO)}`)
}

const SECONDS: ReadonlyMap<string, number> = new Map([
  ['us', 1e-6],
  ['ms', 1e-3],
  ['s', 1],
  ['m', 60],
  ['h', 3600],
])
const BYTES: ReadonlyMap<string, number> = new Map([
  ['KB', 2 ** 10],
  ['MB', 2 ** 20],
  ['GB', 2 ** 30],
])

function readLimit(reader: Reader, metric: Metric): { limit: number; isShareOfQuota: boolean } {
  const at = reader.at
  const match = take(
    reader,
    /^(\d+(?:\.\d+)?|\.\d+)(?:\s?(?!(?:in|for|of)\b)(%|\/s|[A-Za-z]+))?\s*/,
    'a number is expected',
  )
  const number = Number(match[1])
  const unit = match[2] ?? ''
  const wrong = (example: string): never => {
    reader.at = at
    return fail(reader, `${metric} takes a value like ${example}, not '${match[0].trim()}'`)
  }
  switch (dimensionOf(metric)) {
    case 'seconds': {
      const scale = SECONDS.get(unit)
      return {
        limit: number * (scale ?? wrong(metric === 'silent' ? '5m' : '500ms')),
        isShareOfQuota: false,
      }
    }
    case 'bytes': {
      if (unit === '%' && metric === 'memory') {
        take(reader, /^of\s+quota\b\s*/i, "a share of memory is written '90% of quota'")
        return { limit: number / 100, isShareOfQuota: true }
      }
      const scale = BYTES.get(unit.toUpperCase())
      return {
        limit: number * (scale ?? wrong(metric === 'memory' ? '90% of quota or 400MB' : '50MB')),
        isShareOfQuota: false,
      }
    }
    case 'ratio':
      if (unit !== '%') wrong(metric === 'coverage' ? '99%' : '1%')
      return { limit: number / 100, isShareOfQuota: false }
    default:
      if (unit !== '' && !(unit === '/s' && metric === 'rps')) wrong('10')
      return { limit: number, isShareOfQuota: false }
  }
}

function readSpan(
  reader: Reader,
  metric: Metric,
): { forMs: number | undefined; inMs: number | undefined } {
  const at = reader.at
  const match = /^(for|in)\s+(\d+)\s?(s|m|h)\b\s*/i.exec(rest(reader))
  if (match === null) return { forMs: undefined, inMs: undefined }
  if (metric === 'silent') fail(reader, "silent has its time in its value: 'silent>5m'")
  const span = Number(match[2]) * SECONDS.get(match[3]!.toLowerCase())! * 1000
  if (span < MINUTE_MS || span > MAX_SPAN_MS || span % MINUTE_MS !== 0)
    fail(reader, 'the time is whole minutes, from 1m to 6h')
  reader.at = at + match[0].length
  return match[1]!.toLowerCase() === 'for'
    ? { forMs: span, inMs: undefined }
    : { forMs: undefined, inMs: span }
}
