import { type Series, cleanText, parseSeriesKey, splitName } from '../../model/series.ts'
import type { AppRows } from './app-rows.ts'
import { ABOUT_BUCKETS } from './families.ts'
import type { FamilyHead, FamilyUnit } from './family.ts'
import { nameLabels } from './labels.ts'
import { bucketBoundsOf } from './bucket-bounds.ts'
import { kindKey, nameMetrics } from './metric-names.ts'

/** What series that log lines named are called, in all apps: the apps' own, and those of add-ons. */
export interface OwnNames {
  /** By the heads of their keys, sorted by name. */
  readonly metrics: ReadonlyMap<string, OwnMetric>
  readonly labels: ReadonlyMap<string, string>
}

export interface OwnMetric extends FamilyHead {
  readonly type: (typeof TYPES)[keyof typeof TYPES]
  readonly bucketBounds: readonly number[]
}

const TYPES = { measure: 'histogram', count: 'counter', sample: 'gauge', unique: 'gauge' } as const
const UNITS = new Map<string, FamilyUnit>([
  ['s', 'seconds'],
  ['bytes', 'bytes'],
  ['ratio', 'ratio'],
])

export const NO_NAMES: OwnNames = { metrics: new Map(), labels: new Map() }

/** The names for what the apps have now: those that are `known` where nothing came or went. */
export function nameOwn(apps: Iterable<AppRows>, known: OwnNames): OwnNames {
  const heads = new Set<string>()
  const labels = new Set<string>()
  for (const { places, labelNames } of apps) {
    for (const [head, { isOwn }] of places) if (isOwn) heads.add(head)
    for (const name of labelNames) labels.add(name)
  }
  return {
    metrics: isNamed(heads, known.metrics) ? known.metrics : nameHeads(heads),
    labels: isNamed(labels, known.labels) ? known.labels : nameLabels(labels),
  }
}

function isNamed(all: ReadonlySet<string>, names: ReadonlyMap<string, unknown>): boolean {
  return all.size === names.size && [...all].every((one) => names.has(one))
}

function nameHeads(heads: Iterable<string>): ReadonlyMap<string, OwnMetric> {
  const kinds = [...heads].map((head) => [head, parseSeriesKey(head)] as const)
  const names = nameMetrics(kinds.map(([, series]) => series))
  const metrics = kinds.map(([head, series]) => {
    const { kind } = series
    const unit = kind === 'unique' ? '' : (UNITS.get(series.unit) ?? '')
    const name = names.get(kindKey(series))!
    const bucketBounds = bucketBoundsOf(series.unit)
    return [head, { name, unit, help: helpOf(series), type: TYPES[kind], bucketBounds }] as const
  })
  return new Map(metrics.toSorted(([, a], [, b]) => (a.name < b.name ? -1 : 1)))
}

const ADDONS = new Map([
  ['postgres', 'Heroku Postgres'],
  ['pgbouncer', 'PgBouncer'],
  ['redis', 'Heroku Data for Redis'],
])
const UNIT_TEXTS = new Map([
  ['', ''],
  ['s', ', in seconds'],
  ['bytes', ', in bytes'],
  ['ratio', ', as a ratio (1 = 100%)'],
])
const WHAT = {
  measure: ABOUT_BUCKETS,
  count: 'The sum since the first one.',
  sample: 'The last value; gone an hour after it.',
  unique: 'Different values in the last hour.',
}

function helpOf({ kind, name, unit }: Series): string {
  const [namespace, written] = splitName(name)
  const addon = ADDONS.get(namespace)
  const from = `${kind}#${cleanText(written)}`
  const unitText = kind === 'unique' ? '' : (UNIT_TEXTS.get(unit) ?? `, in ${unit}`)
  return `${from} of ${addon ?? 'the app'}${unitText}. ${WHAT[kind]}`
}
