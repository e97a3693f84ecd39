import type { Store } from '../../store/store.ts'
import { createYielder } from '../../codec/event-loop.ts'
import { rowsOf } from './app-rows.ts'
import { addApp } from './app-samples.ts'
import { ABOUT_BUCKETS, FAMILIES, type FamilySpec } from './families.ts'
import type { MetricFamily } from './family.ts'
import { withLabel } from './labels.ts'
import { addOwn, ownFamilies } from './own-samples.ts'
import { type CollectedApp, createReadApps } from './read-apps.ts'
import { type Samples, addFixed, createSamples, toFamily } from './samples.ts'

/** Gathers what is shown, made new each time. */
export interface Collector {
  /** Rejects when the store can't be read: nobody is to scrape a wrong number. */
  collect(): Promise<Collected>
}

export interface Collected {
  /** Those of the table first. */
  readonly families: MetricFamily[]
  /** The store's time, ms since 1970. */
  readonly now: number
  /** The time of each app's first line, ms since 1970. */
  readonly since: ReadonlyMap<string, number>
}

export function createCollector(options: {
  readonly store: Store
  readonly version: string
  /** How full Redis is, bytes; a limit of 0 is none. */
  readonly memory?:
    | (() => { readonly used: number; readonly limit: number } | undefined)
    | undefined
}): Collector {
  const { store, version, memory } = options
  const readApps = createReadApps(store)

  const addSelf = ({ numbers }: Samples) => {
    addFixed(numbers, 'l2met_build_info', withLabel('', 'version', version), 1)
    addFixed(numbers, 'l2met_store_up', '', 1)
    const redis = memory?.()
    if (redis === undefined) return
    addFixed(numbers, 'l2met_redis_used_bytes', '', redis.used)
    addFixed(numbers, 'l2met_redis_limit_bytes', '', redis.limit)
  }

  const gather = async (apps: readonly CollectedApp[]): Promise<Collected> => {
    const now = store.clock()
    const samples = createSamples()
    addSelf(samples)
    const yielder = createYielder()
    for (const app of apps) {
      const rows = rowsOf(app.app, app.lifetime.cells)
      addApp(samples, rows, app, now)
      addOwn(samples, rows, app.uniques, now)
      if (yielder.isOver()) await yielder.next()
    }
    const since = new Map(apps.map(({ app, lifetime }) => [app, lifetime.first]))
    return { families: [...toFamilies(samples), ...ownFamilies(samples)], now, since }
  }

  return {
    collect: async () => gather(await readApps()),
  }
}

const SPECS: readonly FamilySpec[] = FAMILIES

function toFamilies(samples: Samples): MetricFamily[] {
  return SPECS.flatMap(({ name, help, unit, type, bucketBounds }) => {
    const text = type === 'histogram' ? `${help} ${ABOUT_BUCKETS}` : help
    return toFamily({ name, help: text, unit }, type, bucketBounds ?? [], samples) ?? []
  })
}
