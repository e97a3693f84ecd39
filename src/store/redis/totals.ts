import type { Window } from '../../model/window.ts'
import { PackedError } from '../../codec/byte-reader.ts'
import { readTotals } from '../../codec/stored-totals.ts'
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
  readonly faults: ValueFaults
}): ReadTotals {
  const { client, now, registry, prefixOf, processName, replay, maxSeries, onLog, faults } = options
  const resetGuard = createCounterResetGuard()

  /** Totals that can't be read are missing alone, until a compaction has put them right. */
  const decode = (prefix: string, compacted: Buffer, log: Buffer): Window | undefined => {
    if (compacted.length + log.length === 0) return undefined
    try {
      return readTotals(compacted, log, maxSeries)
    } catch (error) {
      if (!(error instanceof PackedError)) throw error
      faults.note(totalsKey(prefix), error)
      return undefined
    }
  }

  const readOne = async (app: string): Promise<Window | undefined> => {
    const prefix = prefixOf(app)
    const keys = [totalsKey(prefix), appendLogKey(prefix), counterKey(prefix, processName)]
    // At one moment, because a compaction moves lines from the second to the first.
    const readAll = async () => client.mgetBuffer(...keys)
    const count = replay.expect(app)
    let [compacted, log, counter] = await readAll()
    count.note(Number(counter?.toString() ?? 0), undefined)
    if (replay.isRunning(app)) {
      await replay.settled(app, SETTLE_MS)
      ;[compacted, log, counter] = await readAll()
    }
    if (log) onLog(prefix, log)
    const window = decode(prefix, compacted ?? NOTHING, log ?? NOTHING)
    if (window !== undefined) resetGuard.check(app, window, now())
    return window
  }

  return async () => {
    const apps = (await registry.apps()).toSorted()
    const windows = new Map<string, Window>()
    for (let at = 0; at < apps.length; at += READ_AT_ONCE) {
      const some = apps.slice(at, at + READ_AT_ONCE)
      const found = await Promise.all(some.map(readOne))
      for (const [i, app] of some.entries()) if (found[i] !== undefined) windows.set(app, found[i])
    }
    return windows
  }
}

const NOTHING: Buffer = Buffer.alloc(0)
