import type { Cell } from '../../model/cell.ts'
import { type Series, cleanText } from '../../model/series.ts'
import { sumValue } from '../../model/sum.ts'
import { type Unique, createUnique, mergeUnique, uniqueCount } from '../../model/unique.ts'
import type { Window } from '../../model/window.ts'
import { ABOUT_BUCKETS, OWN_GONE_MS } from './families.ts'
import type { FamilyType, FamilyUnit, LabelSet, MetricFamily } from './family.ts'
import { extendLabels, nameLabels, renameLabels } from './labels.ts'
import { ladderOf } from './ladders.ts'
import { kindKey, nameMetrics } from './metric-names.ts'
import { type Samples, addSample, createSamples, toFamily } from './samples.ts'

/** A series whose name comes from log lines: the app's own or an add-on's. */
export interface OwnSeries {
  readonly key: string
  readonly series: Series
  readonly cell: Cell
  readonly app: LabelSet
  /** Windows of the app's last hour. */
  readonly hour: readonly Window[]
}

const TYPES = { measure: 'histogram', count: 'counter', sample: 'gauge', unique: 'gauge' } as const
const UNITS: Readonly<Record<string, FamilyUnit>> = { s: 'seconds', bytes: 'bytes', ratio: 'ratio' }

/** The families of the apps' own series and of add-ons, sorted by name. `now` is the store's time. */
export function ownFamilies(all: readonly OwnSeries[], now: number): MetricFamily[] {
  const kinds = new Map<string, Series>()
  const labelNames = new Set<string>()
  for (const { series } of all) {
    const key = kindKey(series)
    if (!kinds.has(key)) kinds.set(key, series)
    for (const [name] of series.labels) labelNames.add(name)
  }
  const metricNames = nameMetrics(kinds.values())
  const safeLabels = nameLabels(labelNames)
  const samples = createSamples()
  for (const own of all) {
    const name = metricNames.get(kindKey(own.series))!
    const labels = extendLabels(own.app, renameLabels(own.series.labels, safeLabels))
    addOwn(samples, name, labels, own, now)
  }
  return [...kinds]
    .map(([key, series]) => ({ name: metricNames.get(key)!, series }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(({ name, series }) => {
      const type = TYPES[series.kind]
      const unit = series.kind === 'unique' ? '' : (UNITS[series.unit] ?? '')
      const head = { name, unit, help: helpOf(series, type) }
      return toFamily(head, type, ladderOf(series.unit), samples) ?? []
    })
}

function addOwn(
  samples: Samples,
  name: string,
  labels: LabelSet,
  { key, cell, hour }: OwnSeries,
  now: number,
): void {
  if (cell.kind === 'count') addSample(samples.numbers, name, labels, sumValue(cell))
  else if (cell.kind === 'measure') addSample(samples.sketches, name, labels, cell)
  else if (cell.kind === 'sample') {
    if (cell.time >= now - OWN_GONE_MS) addSample(samples.numbers, name, labels, cell.last)
  } else {
    const unique = uniqueOf(key, hour)
    if (unique !== undefined) addSample(samples.numbers, name, labels, uniqueCount(unique))
  }
}

function uniqueOf(key: string, hour: readonly Window[]): Unique | undefined {
  let sum: Unique | undefined
  for (const { cells } of hour) {
    const cell = cells.get(key)
    if (cell?.kind === 'unique') mergeUnique((sum ??= createUnique()), cell)
  }
  return sum
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

function helpOf({ kind, name, unit }: Series, type: FamilyType): string {
  const slash = name.indexOf('/')
  const addon = ADDONS[name.slice(0, slash)]
  const from = `${kind}#${cleanText(name.slice(slash + 1))}`
  const unitText = type === 'gauge' && kind === 'unique' ? '' : UNIT_TEXTS[unit]
  return `${from} of ${addon ?? 'the app'}${unitText ?? `, in ${unit}`}. ${WHAT[kind]}`
}
