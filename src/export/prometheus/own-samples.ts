import { sumValue } from '../../model/sum.ts'
import type { AppRows, Row } from './app-rows.ts'
import { OWN_GONE_MS } from './families.ts'
import type { MetricFamily } from './family.ts'
import type { RecentUniques } from './recent-uniques.ts'
import { type Samples, addSample, toFamily } from './samples.ts'

/** Adds the samples of the series of one app that log lines named. */
export function addOwn(
  samples: Samples,
  { places }: AppRows,
  uniques: RecentUniques | undefined,
  now: number,
): void {
  for (const { metric, rows } of places.values()) {
    if (metric === undefined) continue
    samples.own.set(metric.name, metric)
    for (const row of rows) addRow(samples, metric.name, row, uniques, now)
  }
}

/** The families of log lines' own names, sorted. */
export function ownFamilies(samples: Samples): MetricFamily[] {
  return [...samples.own.values()]
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((metric) => toFamily(metric, metric.type, metric.bucketBounds, samples) ?? [])
}

function addRow(
  { numbers, sketches, uniques }: Samples,
  name: string,
  { key, cell, labels }: Row,
  recent: RecentUniques | undefined,
  now: number,
): void {
  if (cell.kind === 'count') addSample(numbers, name, labels, sumValue(cell))
  else if (cell.kind === 'measure') addSample(sketches, name, labels, cell)
  else if (cell.kind === 'sample') {
    if (cell.time >= now - OWN_GONE_MS) addSample(numbers, name, labels, cell.last, cell.time)
  } else {
    const unique = recent?.of(key)
    if (unique !== undefined) addSample(uniques, name, labels, unique)
  }
}
