import type { Cell } from '../../model/cell.ts'
import { type Series, cleanText, parseSeriesKey } from '../../model/series.ts'
import { sumValue } from '../../model/sum.ts'
import { uniqueCount } from '../../model/unique.ts'
import { ABOUT_BUCKETS, OWN_GONE_MS } from './families.ts'
import type { FamilyUnit, LabelText, MetricFamily } from './family.ts'
import { nameLabels } from './labels.ts'
import { ladderOf } from './ladders.ts'
import { kindKey, nameMetrics } from './metric-names.ts'
import type { RecentUniques } from './recent-uniques.ts'
import { type Samples, addSample, createSamples, toFamily } from './samples.ts'
import { addLabelNames, headLength, renamedLabelsOfKey } from './series-key.ts'

/** Series whose names come from log lines, the apps' own and those of add-ons, by the head of their keys. */
export type OwnSeries = Map<string, OwnOne[]>

export interface OwnOne {
  readonly key: string
  readonly cell: Cell
  readonly app: LabelText
  readonly uniques: RecentUniques | undefined
}

const TYPES = { measure: 'histogram', count: 'counter', sample: 'gauge', unique: 'gauge' } as const
const UNITS: Readonly<Record<string, FamilyUnit>> = { s: 'seconds', bytes: 'bytes', ratio: 'ratio' }

/** The families of log lines' own names, sorted. `now` is the store's time. */
export function ownFamilies(all: OwnSeries, now: number): MetricFamily[] {
  const labelNames = new Set<string>()
  for (const ones of all.values())
    for (const { key } of ones) addLabelNames(labelNames, key, headLength(key))
  const safeLabels = nameLabels(labelNames)
  const kinds = [...all].map(([head, ones]) => ({ series: parseSeriesKey(head), ones }))
  const names = nameMetrics(kinds.map(({ series }) => series))
  return kinds
    .map((kind) => ({ ...kind, name: names.get(kindKey(kind.series))! }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(({ series, ones, name }) => {
      const samples = createSamples()
      for (const one of ones) {
        const labels = renamedLabelsOfKey(one.app, one.key, headLength(one.key), safeLabels)
        addOwn(samples, name, labels, one, now)
      }
      const unit = series.kind === 'unique' ? '' : (UNITS[series.unit] ?? '')
      const head = { name, unit, help: helpOf(series) }
      return toFamily(head, TYPES[series.kind], ladderOf(series.unit), samples) ?? []
    })
}

function addOwn(
  samples: Samples,
  name: string,
  labels: LabelText,
  { key, cell, uniques }: OwnOne,
  now: number,
): void {
  if (cell.kind === 'count') addSample(samples.numbers, name, labels, sumValue(cell))
  else if (cell.kind === 'measure') addSample(samples.sketches, name, labels, cell)
  else if (cell.kind === 'sample') {
    if (cell.time >= now - OWN_GONE_MS) addSample(samples.numbers, name, labels, cell.last)
  } else {
    const unique = uniques?.of(key)
    if (unique !== undefined) addSample(samples.numbers, name, labels, uniqueCount(unique))
  }
}

const ADDONS: Readonly<Record<string, string>> = {
  postgres: 'Heroku Postgres',
  pgbouncer: 'PgBouncer',
  redis: 'Heroku Data for Redis',
}
const UNIT_TEXTS: Readonly<Record<string, string>> = {
  '': '',
  s: ', in seconds',
  bytes: ', in bytes',
  ratio: ', as a ratio (1 = 100%)',
}
const WHAT = {
  measure: ABOUT_BUCKETS,
  count: 'The sum since the first one.',
  sample: 'The last value; gone an hour after it.',
  unique: 'Different values in the last hour.',
}

function helpOf({ kind, name, unit }: Series): string {
  const slash = name.indexOf('/')
  const addon = ADDONS[name.slice(0, slash)]
  const from = `${kind}#${cleanText(name.slice(slash + 1))}`
  const unitText = kind === 'unique' ? '' : (UNIT_TEXTS[unit] ?? `, in ${unit}`)
  return `${from} of ${addon ?? 'the app'}${unitText}. ${WHAT[kind]}`
}
