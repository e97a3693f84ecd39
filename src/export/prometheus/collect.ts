import type { Committer } from '../../store/committer.ts'
import type { Store } from '../../store/store.ts'
import { addApp } from './app-samples.ts'
import { ABOUT_BUCKETS, FAMILIES, type FamilySpec } from './families.ts'
import type { MetricFamily } from './family.ts'
import { withLabel } from './labels.ts'
import { type OwnSeries, ownFamilies } from './own-series.ts'
import { readApps } from './read-apps.ts'
import { type Samples, addFixed, createSamples, toFamily } from './samples.ts'

/** What this process knows of itself. */
export interface Self {
  readonly committer: Committer
  readonly version: string
}

/**
 * All families of a scrape, those of the table first. Rejects when the store can't be read: nobody
 * is to scrape a wrong number.
 */
export async function collectFamilies(
  options: Self & { readonly store: Store },
): Promise<MetricFamily[]> {
  const apps = await readApps(options.store)
  const now = options.store.clock()
  const samples = createSamples()
  const own: OwnSeries = new Map()
  addSelf(samples, options, 1)
  for (const app of apps) addApp(samples, own, app, now)
  return [...toFamilies(samples), ...ownFamilies(own, now)]
}

/** What can be said without the store. */
export function collectSelf(self: Self): MetricFamily[] {
  const samples = createSamples()
  addSelf(samples, self, 0)
  return toFamilies(samples)
}

function addSelf({ numbers }: Samples, { committer, version }: Self, storeUp: number): void {
  addFixed(numbers, 'l2met_build_info', withLabel('', 'version', version), 1)
  addFixed(numbers, 'l2met_store_up', '', storeUp)
  addFixed(numbers, 'l2met_spill_lines', '', committer.spilledLines())
}

const SPECS: readonly FamilySpec[] = FAMILIES

function toFamilies(samples: Samples): MetricFamily[] {
  return SPECS.flatMap(({ name, help, unit, type, ladder }) => {
    const text = type === 'histogram' ? `${help} ${ABOUT_BUCKETS}` : help
    return toFamily({ name, help: text, unit }, type, ladder ?? [], samples) ?? []
  })
}
