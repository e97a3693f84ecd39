import type { OpenWindow } from '../../aggregate/app-windows.ts'
import {
  type MemoryApp,
  addDelta,
  contentOf,
  createMemoryApp,
  extentOf,
  packedOf,
  packedSize,
  settle,
  tidy,
} from './memory-app.ts'
import { dueHours, rollUpHour } from './memory-hours.ts'
import { createMemoryRecords } from './memory-records.ts'
import { createPacker } from '../../codec/packer.ts'
import { type Span, readSpans, spansOf } from '../spans.ts'
import { createRecentIds } from '../recent-ids.ts'
import { WIDTH_10S_KEPT_MS, WIDTH_10S } from '../../model/window-reader.ts'
import { type CommitBody, type Store } from '../store.ts'

/** Packed windows of all apps may take this much; beyond, the oldest are dropped. Bytes. */
const MAX_PACKED = 64 * 2 ** 20
/** Of an app in a window, where nothing else is said. */
const MAX_SERIES = 10_000

/** Windows in this process: what is acknowledged lives as long as the process does. */
export interface MemoryStore extends Store {
  /**
   * Counts a frame straight into the windows of an app, by `count`, which adds to those in `open` and
   * opens more. Does nothing when its id is known, and says whether it was new.
   */
  countOnce(app: string, id: string | undefined, count: (open: OpenWindow[]) => void): boolean
}

export function createMemoryStore(options: {
  readonly retentionMs: number
  readonly now: () => number
  readonly maxSeries?: number
  /** By this clock ids are forgotten, ms: one that can't be set. */
  readonly steadyNow?: () => number
}): MemoryStore {
  const { retentionMs, maxSeries = MAX_SERIES, steadyNow = () => performance.now() } = options
  const apps = new Map<string, MemoryApp>()
  const ids = createRecentIds()
  const packer = createPacker()
  const records = createMemoryRecords(options.now)
  let tidied = options.now()
  let rollingUp: Promise<void> | undefined

  const rollUpDue = async (now: number) => {
    for (const app of apps.values()) {
      for (const hour of dueHours(app, now)) await rollUpHour(app, hour, packer)
    }
  }

  const tidyAll = (now: number) => {
    // The clock of a machine can be set back.
    if (Math.abs(now - tidied) < WIDTH_10S / 2) return
    tidied = now
    for (const app of apps.values()) tidy(app, now, retentionMs, packer)
    dropOldest(apps.values())
    rollingUp ??= rollUpDue(now).finally(() => (rollingUp = undefined))
  }

  const appOf = (name: string): MemoryApp => {
    let app = apps.get(name)
    if (app === undefined) apps.set(name, (app = createMemoryApp(maxSeries)))
    return app
  }

  const commit = (name: string, frames: readonly CommitBody[]): readonly number[] => {
    const now = options.now()
    tidyAll(now)
    const known = frames.flatMap(({ id }, i) =>
      id !== undefined && ids.has(name, id, steadyNow()) ? [i] : [],
    )
    if (known.length > 0) return known
    const app = appOf(name)
    for (const { id, deltas } of frames) {
      if (id !== undefined) ids.add(name, id, steadyNow())
      for (const { start, acc } of deltas) addDelta(app, start, acc)
    }
    return []
  }

  const countOnce: MemoryStore['countOnce'] = (name, id, count) => {
    const now = options.now()
    tidyAll(now)
    if (id !== undefined && ids.has(name, id, steadyNow())) return false
    count(appOf(name).open)
    if (id !== undefined) ids.add(name, id, steadyNow())
    return true
  }

  return {
    commit: async (app, frames) => commit(app, frames),
    countOnce,
    read: async (name, range, readers) => {
      const now = options.now()
      tidyAll(now)
      const app = apps.get(name)
      if (app === undefined) return
      settle(app, packer)
      const { width } = range
      const extent = extentOf(app, width)
      if (extent === undefined) return
      const to = Math.min(range.to, extent.to)
      const kept = width === WIDTH_10S ? WIDTH_10S_KEPT_MS : retentionMs
      const spans = spansOf({ ...range, to }, Math.max(extent.from, now - kept - width), readers)
      const fetch = async (some: readonly Span[]) => some.map((span) => contentOf(app, width, span))
      await readSpans(spans, fetch, readers, { maxSeries, atOnce: 1 })
    },
    totals: async () => {
      tidyAll(options.now())
      for (const app of apps.values()) settle(app, packer)
      return new Map([...apps].map(([name, app]) => [name, app.lifetime]))
    },
    record: async (...args) => records.set(...args),
    clock: options.now,
    close: async () => rollingUp,
  }
}

function dropOldest(all: Iterable<MemoryApp>): void {
  const apps = [...all]
  let excess = apps.reduce((sum, app) => sum + packedSize(app), -MAX_PACKED)
  if (excess <= 0) return
  const packed = apps.flatMap(packedOf)
  for (const { length, drop } of packed.toSorted((a, b) => a.start - b.start)) {
    drop()
    excess -= length
    if (excess <= 0) return
  }
}
