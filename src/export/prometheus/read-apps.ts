import type { Window } from '../../model/window.ts'
import { COARSE_MS, type Store } from '../../store/store.ts'

/** All that a scrape shows of one app. The windows are the store's own. */
export interface AppWindows {
  readonly app: string
  readonly lifetime: Window
  /** The last complete minute; undefined when nothing came in it. */
  readonly minute: Window | undefined
  /** Windows of the last hour; only for an app that has unique series. */
  readonly hour: readonly Window[]
}

const HOUR_MS = 3_600_000

/** Reads all apps, sorted by name; rejects when the store can't be read. */
export async function readApps(store: Store): Promise<AppWindows[]> {
  const apps = [...(await store.lifetime())].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Promise.all(apps.map(([app, lifetime]) => readApp(store, app, lifetime)))
}

async function readApp(store: Store, app: string, lifetime: Window): Promise<AppWindows> {
  const now = store.clock()
  const minuteStart = now - (now % COARSE_MS) - COARSE_MS
  const isHourWanted = hasUnique(lifetime) && lifetime.last >= now - HOUR_MS
  // Of an app that has been silent there is nothing to read.
  if (!isHourWanted && lifetime.last < minuteStart)
    return { app, lifetime, minute: undefined, hour: [] }
  const windows = isHourWanted
    ? await store.read(app, COARSE_MS, now - HOUR_MS, now + COARSE_MS)
    : await store.read(app, COARSE_MS, minuteStart, minuteStart + COARSE_MS)
  return {
    app,
    lifetime,
    minute: windows.find(({ start }) => start === minuteStart)?.window,
    hour: isHourWanted ? windows.map(({ window }) => window) : [],
  }
}

function hasUnique({ cells }: Window): boolean {
  for (const cell of cells.values()) if (cell.kind === 'unique') return true
  return false
}
