import { type Kind, type Series, splitName } from '../../model/series.ts'
import { snakeCase } from './labels.ts'

/** Metric names for series whose names come from log lines, by kindKey. */
export type MetricNames = ReadonlyMap<string, string>

/** What makes series one metric: all but the labels. */
export function kindKey({ kind, unit, name }: Pick<Series, 'kind' | 'unit' | 'name'>): string {
  return `${kind}\0${unit}\0${name}`
}

/**
 * Names each kind of series so that no two share a metric and none has a name that Prometheus
 * reserves or that `promtool check metrics` speaks against. Depends on what is named, not on its
 * order, so that all replicas agree: where two want one name, measures come before counts, samples
 * and uniques, a name that needed no change before one that did, and then the alphabet decides.
 */
export function nameMetrics(all: Iterable<Pick<Series, 'kind' | 'unit' | 'name'>>): MetricNames {
  const wanted = [...all].map((series) => {
    const [namespace, name] = splitName(series.name)
    const words = cleanName(name)
    return {
      series,
      prefix: PREFIXES.get(namespace) ?? 'app',
      words,
      isChanged: words !== name,
      key: kindKey(series),
    }
  })
  wanted.sort(
    (a, b) =>
      KINDS.indexOf(a.series.kind) - KINDS.indexOf(b.series.kind) ||
      Number(a.isChanged) - Number(b.isChanged) ||
      (a.key < b.key ? -1 : 1),
  )
  const names = new Map<string, string>()
  const taken = new Set<string>()
  for (const { series, prefix, words, key } of wanted) {
    let attempt = 0
    let name = metricName(prefix, words, series, attempt)
    while (claims(series.kind, name).some((claim) => taken.has(claim))) {
      attempt += 1
      name = metricName(prefix, words, series, attempt)
    }
    for (const claim of claims(series.kind, name)) taken.add(claim)
    names.set(key, name)
  }
  return names
}

const KINDS: readonly Kind[] = ['measure', 'count', 'sample', 'unique']

/** Put behind the name when the plain one is taken. */
const KIND_WORDS = { measure: 'measured', count: 'counted', sample: 'sampled', unique: 'seen' }

const UNIT_WORDS = new Map([['s', 'seconds']])

const PREFIXES = new Map([
  ['postgres', 'heroku_postgres'],
  ['pgbouncer', 'heroku_pgbouncer'],
  ['redis', 'heroku_redis'],
])

/** Endings of what belongs to a counter or a histogram. */
const RESERVED = /_(?:total|sum|count|bucket|created)$/

function metricName(
  prefix: string,
  words: string,
  { kind, unit }: Pick<Series, 'kind' | 'unit'>,
  attempt: number,
): string {
  let name = `${prefix}_${kind === 'count' ? words.replace(/_total$/, '') : words}`
  if (attempt > 0) name += `_${KIND_WORDS[kind]}`
  if (attempt > 1) name += `_${attempt}`
  name = withEnding(name, UNIT_WORDS.get(unit) ?? cleanName(unit))
  if (kind === 'unique') name = withEnding(name, 'unique')
  if (kind === 'count') return `${name}_total`
  return RESERVED.test(name) ? `${name}_value` : name
}

/** Every name that samples of the metric have, and that of its family. */
function claims(kind: Kind, name: string): string[] {
  if (kind !== 'measure') return [name]
  return [name, `${name}_sum`, `${name}_count`, `${name}_bucket`]
}

function withEnding(name: string, ending: string): string {
  return ending === '' || name.endsWith(`_${ending}`) ? name : `${name}_${ending}`
}

function cleanName(name: string): string {
  const valid = snakeCase(name.replace(/[^a-zA-Z0-9_]/g, '_'))
  return valid
    .split('_')
    .map((word) => (isSpokenAgainst(word) ? `${word}x` : word))
    .join('_')
}

/** Words that promtool takes for an abbreviated unit, one that isn't a base unit, or a type. */
function isSpokenAgainst(word: string): boolean {
  return ABBREVIATIONS.has(word.toLowerCase()) || OTHER_UNIT.test(word)
}

const ABBREVIATIONS = new Set(
  [
    ['s', 'ms', 'us', 'ns', 'sec', 'b', 'kb', 'mb', 'gb', 'tb', 'pb', 'm', 'h', 'd'],
    ['counter', 'gauge', 'summary', 'histogram'],
  ].flat(),
)

const OTHERS =
  'minutes|hours|days|weeks|kelvins|fahrenheit|rankine|inches|yards|miles|bits|calories|pounds|ounces'
const BASES = 'amperes|bytes|celsius|grams|joules|kelvin|meters|metres|seconds|volts'
const TIMES =
  'pico|nano|micro|milli|centi|deci|deca|hecto|kilo|kibi|mega|mibi|giga|gibi|tera|tebi|peta|pebi'
const OTHER_UNIT = new RegExp(`^(?:(?:${TIMES})(?:${BASES}|${OTHERS})|${OTHERS})$`)
