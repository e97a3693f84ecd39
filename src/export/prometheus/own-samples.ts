import { sumValue } from '../../model/sum.ts'
import { uniqueCount } from '../../model/unique.ts'
import type { AppRows, Place } from './app-rows.ts'
import { OWN_GONE_MS } from './families.ts'
import type { MetricFamily } from './family.ts'
import type { OwnNames } from './own-names.ts'
import type { AppWindows } from './read-apps.ts'
import { type Samples, addSample, toFamily } from './samples.ts'

/** Adds the samples of the series of one app that log lines named. `now` is the store's time. */
export function addOwn(
  samples: Samples,
  { places }: AppRows,
  { metrics }: OwnNames,
  windows: AppWindows,
  now: number,
): void {
  for (const [head, place] of places) {
    const name = metrics.get(head)?.name
    if (place.isOwn && name !== undefined) addPlace(samples, name, place, windows, now)
  }
}

/** The families of log lines' own names, sorted. */
export function ownFamilies(samples: Samples, { metrics }: OwnNames): MetricFamily[] {
  return [...metrics.values()].flatMap(
    (metric) => toFamily(metric, metric.type, metric.ladder, samples) ?? [],
  )
}

function addPlace(
  { numbers, sketches }: Samples,
  name: string,
  { rows }: Place,
  { lifetime, uniques }: AppWindows,
  now: number,
): void {
  for (const { key, labels } of rows) {
    const cell = lifetime.cells.get(key)
    if (cell === undefined) continue
    if (cell.kind === 'count') addSample(numbers, name, labels, sumValue(cell))
    else if (cell.kind === 'measure') addSample(sketches, name, labels, cell)
    else if (cell.kind === 'sample') {
      if (cell.time >= now - OWN_GONE_MS) addSample(numbers, name, labels, cell.last)
    } else {
      const unique = uniques?.of(key)
      if (unique !== undefined) addSample(numbers, name, labels, uniqueCount(unique))
    }
  }
}
