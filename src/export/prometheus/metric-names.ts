import { type Series, splitName } from '../../model/series.ts'
import { snakeCase } from './labels.ts'

/** All of a series but its labels. */
export type SeriesHead = Pick<Series, 'kind' | 'unit' | 'name'>

/**
 * The metric that series named by log lines are shown as. It depends on kind, unit and name alone, so
 * that no app renames another's, and no two kinds or units share one: what a name may end in because
 * of its kind or unit, no written name ends in. Names that differ only in characters that a metric
 * can't have are one metric.
 */
export function metricName({ kind, unit, name }: SeriesHead): string {
  const [namespace, written] = splitName(name)
  const addon = ADDONS.get(namespace)
  const words = cleanName(written)
  const unitWord = unitWordOf(unit)
  if (addon !== undefined) return withUnit(`${addon}_${freed(words, GAUGE_ENDING)}`, unitWord)
  const free = `app_${freed(words)}`
  if (kind === 'count') return `${withUnit(free, unitWord)}_total`
  if (kind === 'unique') return `${free}_unique`
  if (kind === 'sample') return unitWord === '' ? free : `${free}_last_${unitWord}`
  // Any word can be a unit: at the end of a name only those that are known are kept from others.
  return BASE_UNITS.has(unitWord) ? `${free}_${unitWord}` : `${withUnit(free, unitWord)}_value`
}

/** The unit as it stands in names; '' for none. */
function unitWordOf(unit: string): string {
  return unit === '' ? '' : (UNIT_WORDS.get(unit) ?? freed(cleanName(unit)))
}

const UNIT_WORDS = new Map([
  ['s', 'seconds'],
  ['bytes', 'bytes'],
  ['ratio', 'ratio'],
  ['pages', 'pages'],
])

const ADDONS = new Map([
  ['postgres', 'heroku_postgres'],
  ['pgbouncer', 'heroku_pgbouncer'],
  ['redis', 'heroku_redis'],
])

const BASE_UNITS = new Set(UNIT_WORDS.values())

/** What names end in because of their kind or unit, or as a part of a histogram, or in OpenMetrics. */
const PARTS = 'total|sum|count|bucket|created|info'
const WORDS = [PARTS, ...BASE_UNITS].join('|')
/** Those of add-ons are all gauges. */
const GAUGE_ENDING = new RegExp(`(?:^|_)(?:${WORDS})$`)
const ENDING = new RegExp(`(?:^|_)(?:${WORDS}|value|unique|last|last_[^_]+)$`)

function freed(words: string, endings = ENDING): string {
  return endings.test(words) ? `${words}x` : words
}

function withUnit(words: string, unit: string): string {
  return unit === '' ? words : `${words}_${unit}`
}

/** In characters that a metric may have, without words that `promtool check metrics` speaks against. */
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
