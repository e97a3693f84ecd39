import type { Window } from '../../model/window.ts'
import { readWindows } from '../../store/read-windows.ts'
import { COARSE_MS, type Store } from '../../store/store.ts'
import { type RecentUniques, createRecentUniques } from './recent-uniques.ts'

/** All that a scrape shows of one app. The windows are the store's own. */
export interface AppWindows {
  readonly app: string
  readonly lifetime: Window
  /** Requests and service times of the last complete minute; undefined when nothing came in it. */
  readonly minute: Window | undefined
  /** Only of an app that has unique series. */
  readonly uniques: RecentUniques | undefined
}

/** Reads all apps, sorted by name; rejects when the store can't be read. */
export type ReadApps = () => Promise<AppWindows[]>

const HOUR_MS = 3_600_000

export function createReadApps(store: Store): ReadApps {
  const known = new Map<string, RecentUniques>()

  const uniquesOf = (app: string): RecentUniques => {
    let uniques = known.get(app)
    if (uniques === undefined) known.set(app, (uniques = createRecentUniques(store, app)))
    return uniques
  }

  const readApp = async (app: string, lifetime: Window): Promise<AppWindows> => {
    const now = store.clock()
    const start = now - (now % COARSE_MS) - COARSE_MS
    if (hasUnique(lifetime) && lifetime.last >= now - HOUR_MS) {
      const uniques = uniquesOf(app)
      const windows = await uniques.update(now, isOfMinute)
      return { app, lifetime, minute: windows.get(start), uniques }
    }
    known.delete(app)
    // Of an app that has been silent there is nothing to read.
    if (lifetime.last < start) return { app, lifetime, minute: undefined, uniques: undefined }
    const range = { width: COARSE_MS, from: start, to: start + COARSE_MS } as const
    const [minute] = await readWindows(store, app, range, isOfMinute)
    return { app, lifetime, minute: minute?.window, uniques: undefined }
  }

  return async () => {
    const apps = [...(await store.lifetime())].toSorted(([a], [b]) => (a < b ? -1 : 1))
    return Promise.all(apps.map(([app, lifetime]) => readApp(app, lifetime)))
  }
}

function isOfMinute(key: string): boolean {
  return isRequests(key) || isService(key)
}

/** Whether a series is the router's count of requests, by its seriesKey. */
export function isRequests(key: string): boolean {
  return hasHead(key, 'c\0router/requests')
}

/** Whether a series is the router's service times, by its seriesKey. */
export function isService(key: string): boolean {
  return hasHead(key, 'ms\0router/service')
}

/** Whether a seriesKey is this, up to its labels. */
function hasHead(key: string, head: string): boolean {
  return key.startsWith(head) && (key.length === head.length || key[head.length] === '\0')
}

function hasUnique({ cells }: Window): boolean {
  for (const cell of cells.values()) if (cell.kind === 'unique') return true
  return false
}
