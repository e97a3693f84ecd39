import type { Collector } from '../export/prometheus/collect.ts'
import type { Reader } from '../receive/credentials.ts'
import type { Store } from '../store/store.ts'

/** A collector for each set of apps that a token reads: they keep different series between scrapes. */
export function createScopedCollectors(
  all: Collector,
  create: (apps: ReadonlySet<string>) => Collector,
): (reader: Reader) => Collector {
  const scoped = new Map<string, Collector>()
  return ({ apps }) => {
    if (apps === undefined) return all
    const key = [...apps].toSorted().join(' ')
    let collector = scoped.get(key)
    if (collector === undefined) scoped.set(key, (collector = create(apps)))
    return collector
  }
}

/** A store in which there are some apps only. */
export function storeOf(store: Store, apps: ReadonlySet<string>): Store {
  return {
    ...store,
    totals: async () => new Map([...(await store.totals())].filter(([app]) => apps.has(app))),
  }
}
