import { splitName } from '../../model/series.ts'
import { bucketBoundsOf } from './bucket-bounds.ts'
import { ABOUT_BUCKETS } from './families.ts'
import type { FamilyHead, FamilyUnit } from './family.ts'
import { type SeriesHead, metricName } from './metric-names.ts'

/** What series of log lines, those of apps and of add-ons, are shown as. */
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

/** Series that have one name have all the rest alike too. */
export function ownMetric(series: SeriesHead): OwnMetric {
  const { kind, unit } = series
  return {
    name: metricName(series),
    unit: kind === 'unique' ? '' : (UNITS.get(unit) ?? ''),
    help: helpOf(series),
    type: TYPES[kind],
    bucketBounds: bucketBoundsOf(unit),
  }
}
/** It says nothing of the written name, of which several may be one metric. */
function helpOf({ kind, name, unit }: SeriesHead): string {
  const [namespace] = splitName(name)
  const from = SOURCES.get(namespace) ?? 'log lines of the app'
  const unitText = kind === 'unique' ? '' : (UNIT_TEXTS.get(unit) ?? '')
  return `${kind}# in ${from}${unitText}. ${MEANINGS[kind]}`
}

const SOURCES = new Map([
  ['postgres', 'lines of Heroku Postgres'],
  ['pgbouncer', 'lines of PgBouncer'],
  ['redis', 'lines of Heroku Data for Redis'],
])
const UNIT_TEXTS = new Map([
  ['s', ', in seconds'],
  ['bytes', ', in bytes'],
  ['ratio', ', as a ratio (1 = 100%)'],
])
const MEANINGS = {
  measure: ABOUT_BUCKETS,
  count: 'The sum since the first one.',
  sample: 'The last value; gone an hour after it.',
  unique: 'Different values in the last hour.',
}
