import { createCounter } from '../../model/cell.ts'
import { type Sketch, createSketch } from '../../model/sketch.ts'
import type { Sum } from '../../model/sum.ts'
import { type WindowReader, WIDTH_1M } from '../../model/window-reader.ts'
import type { Window } from '../../model/window.ts'
import { type Store } from '../../store/store.ts'
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
    const start = now - (now % WIDTH_1M) - WIDTH_1M
    const { minute, reader } = createMinuteReader(start)
    if (hasUnique(lifetime) && lifetime.last >= now - UNIQUES_MS) {
      const uniques = uniquesOf(app)
      await uniques.update(now, reader)
      return { app, lifetime, minute, uniques }
    }
    known.delete(app)
    const range = { width: WIDTH_1M, from: start, to: start + WIDTH_1M } as const
    // Of an app that has been silent there is nothing to read.
    if (lifetime.last >= start) await store.read(app, range, [reader])
    return { app, lifetime, minute, uniques: undefined }
  }

  return async () => {
    const apps = [...(await store.totals())].toSorted(([a], [b]) => (a < b ? -1 : 1))
    return Promise.all(apps.map(([app, lifetime]) => readApp(app, lifetime)))
  }
}

function hasUnique({ cells }: Window): boolean {
  for (const cell of cells.values()) if (cell.kind === 'unique') return true
  return false
}

/** What the router said of one minute, of all dynos, methods and status codes together. */
export interface Minute {
  readonly requests: Sum
  /** Service times. */
  readonly service: Sketch
}

/** The heads of seriesKeys. */
const REQUESTS = 'c\0router/requests'
const SERVICE = 'ms\0router/service'

/** Adds up the minute that begins at `start` (ms since 1970), whatever else is read with it. */
export function createMinuteReader(start: number): {
  readonly minute: Minute
  readonly reader: WindowReader
} {
  const [requests, service] = [createCounter(), createSketch()]
  const others = { requests: createCounter(), service: createSketch() }
  const ofRequests = [(at: number) => (at === start ? requests : others.requests)]
  const ofService = [(at: number) => (at === start ? service : others.service)]
  const seriesSinkByPrefix = (head: string) => {
    if (head === REQUESTS) return ofRequests
    return head === SERVICE ? ofService : []
  }
  const reader = {
    acceptsRollups: false,
    onHeader: () => {},
    seriesSink: () => [],
    seriesSinkByPrefix,
  }
  return { minute: { requests, service }, reader }
}
