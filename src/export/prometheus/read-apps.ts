import type { Window } from '../../model/window.ts'
import { COARSE_MS, type Store } from '../../store/store.ts'
import { type Minute, createMinuteReader } from './minute.ts'
import { type RecentUniques, UNIQUES_MS, createRecentUniques } from './recent-uniques.ts'

/** All that a scrape shows of one app. The windows are the store's own. */
export interface CollectedApp {
  readonly app: string
  readonly lifetime: Window
  /** The last complete one. */
  readonly minute: Minute
  /** Only of an app that has unique series. */
  readonly uniques: RecentUniques | undefined
}

/** Reads all apps, sorted by name; rejects when the store can't be read. */
export type ReadApps = () => Promise<CollectedApp[]>

export function createReadApps(store: Store): ReadApps {
  const known = new Map<string, RecentUniques>()

  const uniquesOf = (app: string): RecentUniques => {
    let uniques = known.get(app)
    if (uniques === undefined) known.set(app, (uniques = createRecentUniques(store, app)))
    return uniques
  }

  const readApp = async (app: string, lifetime: Window): Promise<CollectedApp> => {
    const now = store.clock()
    const start = now - (now % COARSE_MS) - COARSE_MS
    const { minute, reader } = createMinuteReader(start)
    if (hasUnique(lifetime) && lifetime.last >= now - UNIQUES_MS) {
      const uniques = uniquesOf(app)
      await uniques.update(now, reader)
      return { app, lifetime, minute, uniques }
    }
    known.delete(app)
    const range = { width: COARSE_MS, from: start, to: start + COARSE_MS } as const
    // Of an app that has been silent there is nothing to read.
    if (lifetime.last >= start) await store.read(app, range, [reader])
    return { app, lifetime, minute, uniques: undefined }
  }

  return async () => {
    const apps = [...(await store.lifetime())].toSorted(([a], [b]) => (a < b ? -1 : 1))
    return Promise.all(apps.map(([app, lifetime]) => readApp(app, lifetime)))
  }
}

function hasUnique({ cells }: Window): boolean {
  for (const cell of cells.values()) if (cell.kind === 'unique') return true
  return false
}
