import type { Cell } from '../../model/cell.ts'
import { sumValue } from '../../model/sum.ts'
import { uniqueCount } from '../../model/unique.ts'
import type { AppRows, Place } from './app-rows.ts'
import { OWN_GONE_MS } from './families.ts'
import type { MetricFamily } from './family.ts'
import type { OwnNames } from './own-names.ts'
import type { RecentUniques } from './recent-uniques.ts'
import { type Samples, addSample, toFamily } from './samples.ts'

/** Adds the samples of the series of one app that log lines named; `cells` are as matchSeries gave them. */
export function addOwn(
  samples: Samples,
  { places }: AppRows,
  { metrics }: OwnNames,
  cells: readonly Cell[],
  uniques: RecentUniques | undefined,
  now: number,
): void {
  for (const [head, place] of places) {
    const name = metrics.get(head)?.name
    if (place.isOwn && name !== undefined) addPlace(samples, name, place, cells, uniques, now)
  }
}

/** The families of log lines' own names, sorted. */
export function ownFamilies(samples: Samples, { metrics }: OwnNames): MetricFamily[] {
  return [...metrics.values()].flatMap(
    (metric) => toFamily(metric, metric.type, metric.bucketBounds, samples) ?? [],
  )
}

function addPlace(
  { numbers, sketches }: Samples,
  name: string,
  { rows }: Place,
  cells: readonly Cell[],
  uniques: RecentUniques | undefined,
  now: number,
): void {
  for (const row of rows) {
    const { key, at, labels } = row
    const cell = cells[at]!
    if (cell.kind === 'count') addSample(numbers, name, labels, sumValue(cell), row)
    else if (cell.kind === 'measure') addSample(sketches, name, labels, cell, row)
    else if (cell.kind === 'sample') {
      if (cell.time >= now - OWN_GONE_MS) addSample(numbers, name, labels, cell.last, row)
    } else {
      const unique = uniques?.of(key)
      if (unique !== undefined) addSample(numbers, name, labels, uniqueCount(unique), row)
    }
  }
}
