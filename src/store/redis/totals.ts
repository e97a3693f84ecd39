import type { Window } from '../../model/window.ts'
import { PackedError } from '../../codec/byte-reader.ts'
import { type TotalsCache, createTotalsCache } from '../../codec/totals-cache.ts'
import type { RedisClient } from './client.ts'
import { counterKey } from './keys.ts'
import { appendLogKey, totalsKey } from '../keyed/keys.ts'
import type { ValueFaults } from '../keyed/value-faults.ts'
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
  readonly onLog: (prefix: string, log: Buffer) => void
  readonly maxKept?: number | undefined
  readonly faults: ValueFaults
}): ReadTotals {
  const { client, now, registry, prefixOf, processName, replay, maxSeries, onLog, faults } = options
  const { maxKept = MAX_KEPT } = options
  const resetGuard = createCounterResetGuard()
  let kept: ReadonlyMap<string, TotalsCache> = new Map()

  /** Totals that can't be read are missing alone, until a compaction has put them right. */
  const readAppTotals = (
    prefix: string,
    cache: TotalsCache,
    folded: Buffer | undefined,
    log: Buffer | undefined,
  ): Window | undefined => {
    try {
      return cache.read(folded, log)
    } catch (error) {
      if (!(error instanceof PackedError)) throw error
      faults.note(totalsKey(prefix), error)
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
    if (pending) onLog(prefix, pending)
    const window = readAppTotals(prefix, lifetime, folded ?? undefined, pending ?? undefined)
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
