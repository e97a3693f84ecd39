import {
  type MemoryApp,
  addDelta,
  createMemoryApp,
  settle,
  shelvesOf,
  tidy,
  windowsOf,
} from './memory-app.ts'
import { createPacker } from './packer.ts'
import { createRecentIds } from './recent-ids.ts'
import { FINE_MS, type Frame, MAX_STORED_SERIES, type Store } from './store.ts'

/** Packed windows of all apps may take this much; beyond, the oldest are dropped. Bytes. */
const MAX_PACKED = 64 * 2 ** 20

/** Windows in this process: what is acknowledged lives as long as the process does. */
export function createMemoryStore(options: {
  readonly retentionMs: number
  readonly now: () => number
  readonly maxSeries?: number
}): Store {
  const { retentionMs, maxSeries = MAX_STORED_SERIES } = options
  const apps = new Map<string, MemoryApp>()
  const ids = createRecentIds()
  const packer = createPacker()
  let tidied = options.now()

  const tidyAll = (now: number) => {
    // The clock of a machine can be set back.
    if (Math.abs(now - tidied) < FINE_MS / 2) return
    tidied = now
    for (const app of apps.values()) tidy(app, now, retentionMs, packer)
    dropOldest(apps.values())
  }

  const commit = (name: string, frames: readonly Frame[]): readonly number[] => {
    const now = options.now()
    tidyAll(now)
    const known = frames.flatMap(({ id }, i) =>
      id !== undefined && ids.has(name, id, now) ? [i] : [],
    )
    if (known.length > 0) return known
    let app = apps.get(name)
    if (app === undefined) apps.set(name, (app = createMemoryApp(maxSeries)))
    for (const { id, deltas } of frames) {
      if (id !== undefined) ids.add(name, id, now)
      for (const { start, acc } of deltas) addDelta(app, start, acc)
    }
    return []
  }

  return {
    commit: async (app, frames) => commit(app, frames),
    read: async (name, width, from, to) => {
      tidyAll(options.now())
      const app = apps.get(name)
      if (app === undefined) return []
      settle(app, packer)
      return windowsOf(app, width, from, to)
    },
    lifetime: async () => {
      tidyAll(options.now())
      for (const app of apps.values()) settle(app, packer)
      return new Map([...apps].map(([name, app]) => [name, app.lifetime]))
    },
    clock: options.now,
    close: async () => {},
  }
}

function dropOldest(apps: Iterable<MemoryApp>): void {
  const windows = [...apps]
    .flatMap(shelvesOf)
    .flatMap((shelf) => [...shelf.windows].map(([start, { length }]) => ({ shelf, start, length })))
  let excess = windows.reduce((sum, { length }) => sum + length, -MAX_PACKED)
  if (excess <= 0) return
  for (const { shelf, start, length } of windows.toSorted((a, b) => a.start - b.start)) {
    shelf.windows.delete(start)
    shelf.open.delete(start)
    excess -= length
    if (excess <= 0) return
  }
}
