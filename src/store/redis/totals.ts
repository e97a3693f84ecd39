import type { Window } from '../../model/window.ts'
import { PackedError } from '../../codec/byte-reader.ts'
import { type TotalsCache, createTotalsCache } from '../../codec/totals-cache.ts'
import type { RedisClient } from './client.ts'
import { counterKey, totalsKey, appendLogKey } from './keys.ts'
import type { Registry } from './registry.ts'
import type { Replay } from './replay.ts'
import { createCounterResetGuard } from './counter-reset-guard.ts'

/** Reads the lifetime window of each app. */
export type ReadTotals = () => Promise<ReadonlyMap<string, Window>>

/** Lifetime windows that are read at once, so that many apps don't hold up everything else. */
const READ_AT_ONCE = 64
/** A scrape waits this long for what Redis forgot to be brought back, ms. */
const SETTLE_MS = 2000
/** What is kept of all apps, bytes; the apps that find no room are read in full each time. */
const MAX_KEPT = 32 * 2 ** 20

export function createTotalsReader(options: {
  readonly client: RedisClient
  readonly now: () => number
  readonly registry: Pick<Registry, 'apps'>
  readonly prefixOf: (app: string) => string
  /** Of this process, whose commits the counter counts. */
  readonly processName: string
  readonly replay: Pick<Replay, 'expect' | 'isRunning' | 'settled'>
  readonly maxSeries: number
  /** Is told what is pending. */
  readonly onPending: (prefix: string, pending: Buffer) => void
  readonly maxKept?: number | undefined
  readonly warn: (details: object, text: string) => void
}): ReadTotals {
  const { client, now, registry, prefixOf, processName, replay, maxSeries, onPending, warn } =
    options
  const { maxKept = MAX_KEPT } = options
  const resetGuard = createCounterResetGuard()
  const unreadable = new Set<string>()
  let kept: ReadonlyMap<string, TotalsCache> = new Map()

  /** What can't be read is missed alone, until a fold has put it right. */
  const readAppTotals = (
    app: string,
    lifetime: TotalsCache,
    folded: Buffer | undefined,
    pending: Buffer | undefined,
  ): Window | undefined => {
    try {
      const window = lifetime.read(folded, pending)
      unreadable.delete(app)
      return window
    } catch (error) {
      if (!(error instanceof PackedError)) throw error
      if (!unreadable.has(app))
        warn({ app, err: error }, 'what Redis has of an app can not be read')
      unreadable.add(app)
      return undefined
    }
  }

  const readOne = async (app: string, lifetime: TotalsCache): Promise<Window | undefined> => {
    const prefix = prefixOf(app)
    const keys = [totalsKey(prefix), appendLogKey(prefix), counterKey(prefix, processName)]
    // At one moment, because a fold moves lines from the second to the first.
    const readAll = async () => client.mgetBuffer(...keys)
    const count = replay.expect(app)
    let [folded, pending, counter] = await readAll()
    count.note(Number(counter?.toString() ?? 0), undefined)
    if (replay.isRunning(app)) {
      await replay.settled(app, SETTLE_MS)
      ;[folded, pending, counter] = await readAll()
    }
    if (pending) onPending(prefix, pending)
    const window = readAppTotals(app, lifetime, folded ?? undefined, pending ?? undefined)
    if (window !== undefined) resetGuard.check(app, window, now())
    return window
  }

  return async () => {
    const names = await registry.apps()
    // The same apps find room each time.
    const apps = names.toSorted()
    const windows = new Map<string, Window>()
    const read = new Map<string, TotalsCache>()
    let room = maxKept
    for (let at = 0; at < apps.length; at += READ_AT_ONCE) {
      const some = apps.slice(at, at + READ_AT_ONCE).map((app) => {
        return { app, lifetime: kept.get(app) ?? createTotalsCache(maxSeries) }
      })
      const found = await Promise.all(some.map(({ app, lifetime }) => readOne(app, lifetime)))
      for (const [i, { app, lifetime }] of some.entries()) {
        if (found[i] !== undefined) windows.set(app, found[i])
        if (lifetime.size() > room) continue
        room -= lifetime.size()
        read.set(app, lifetime)
      }
    }
    kept = read
    return windows
  }
}
