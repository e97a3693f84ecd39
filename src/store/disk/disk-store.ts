import { createHash } from 'node:crypto'
import { createPacker } from '../../codec/packer.ts'
import { readTotals } from '../../codec/stored-totals.ts'
import { PackedError } from '../../codec/byte-reader.ts'
import type { Accumulator } from '../../model/accumulator.ts'
import type { Window } from '../../model/window.ts'
import { createCompactor } from '../keyed/compactor.ts'
import { TOTALS_TTL_S, appendLogKey, totalsKey } from '../keyed/keys.ts'
import { createKeyedReader } from '../keyed/reader.ts'
import { createRoller } from '../keyed/roller.ts'
import { createValueFaults } from '../keyed/value-faults.ts'
import type { KeyedValues } from '../keyed/keyed-values.ts'
import { createRecentIds } from '../recent-ids.ts'
import { type CommitBody, IDS_KEPT_MS, type Store } from '../store.ts'
import { createDiskRecords } from './disk-records.ts'
import { createDiskSession } from './disk-session.ts'
import { openDiskValues } from './disk-values.ts'
import { ID_BYTES, type JournalOp } from './journal-ops.ts'
import { prefixOf } from './value-index.ts'

/** Windows in a folder: what is acknowledged is on disk. One process has a folder at a time. */
export interface DiskStore extends Store {
  /** Resolves when the folder is read; rejects with DataFolderError (data-folder-error.ts) when it can't be used. */
  readonly ready: Promise<void>
  /** Why the store can't be used now; undefined when it can. */
  readonly fault: () => string | undefined
  /** Removes all that is kept of an app; resolves with how many values that were. */
  forget(app: string): Promise<number>
}

export interface DiskStoreOptions {
  readonly folder: string
  /** The journal may take this much, bytes. */
  readonly maxBytes: number
  readonly retentionMs: number
  readonly maxSeries: number
  readonly now: () => number
  readonly warn: (details: object, text: string) => void
  readonly foldMs?: number | undefined
  readonly segmentBytes?: number | undefined
  readonly copyMs?: number | undefined
  readonly collectMs?: number | undefined
}

export function createDiskStore(options: DiskStoreOptions): DiskStore {
  const { maxSeries, now, warn } = options
  const packer = createPacker()
  const faults = createValueFaults(warn)
  let ids = createRecentIds()

  const open = () => {
    ids = createRecentIds()
    // Ages are kept, so that a clock that is set loses no id.
    const steady = performance.now()
    const time = now()
    return openDiskValues({
      ...options,
      idsKeptMs: IDS_KEPT_MS,
      onId: (app, id, since) =>
        ids.add(app, id.toString('latin1'), steady - Math.max(0, time - since * 1000)),
      onFault: (error) => session.noteFault(error),
    })
  }

  const keyed: KeyedValues = {
    get: async (keys) => session.usable().get(keys),
    compact: async (...args) => session.usable().compact(...args),
    rollUp: async (hour) => session.usable().rollUp(hour),
    isReachable: () => session.fault() === undefined,
  }
  const shared = { ...options, values: keyed, faults, packer }
  const compactor = createCompactor(shared)
  const roller = createRoller({ ...shared, compact: compactor.compact })
  const onLog = (prefix: string, log: Buffer) =>
    compactor.note(prefix, { length: log.length, head: log }, 0)
  const readWindows = createKeyedReader({
    ...shared,
    onLog,
    onHour: (prefix, hour, isRolled, windows) => roller.found(prefix, hour, isRolled, windows),
  })

  const commit = async (app: string, bodies: readonly CommitBody[]): Promise<readonly number[]> => {
    const values = session.writable()
    const time = now()
    const steady = performance.now()
    const hashes = bodies.map(({ id }) => (id === undefined ? undefined : hashOf(app, id)))
    const known = hashes.flatMap((hash, i) =>
      hash !== undefined && ids.has(app, hash.toString('latin1'), steady) ? [i] : [],
    )
    if (known.length > 0) {
      // It may be known from a batch that is only on its way.
      await values.synced()
      return known
    }
    const prefix = prefixOf(app)
    const starts = new Map<number, Accumulator[]>()
    const ops: JournalOp[] = []
    for (const [i, { deltas }] of bodies.entries()) {
      for (const { start, acc } of deltas) {
        const accs = starts.get(start)
        if (accs === undefined) starts.set(start, [acc])
        else accs.push(acc)
      }
      const id = hashes[i]
      if (id === undefined) continue
      ids.add(app, id.toString('latin1'), steady)
      ops.push({ op: 'id', app, time: Math.floor(time / 1000), id })
    }
    const value = Buffer.concat([...starts].map(([start, accs]) => packer.packEntries(start, accs)))
    const key = appendLogKey(prefix)
    const expires = Math.floor(time / 1000) + TOTALS_TTL_S
    if (value.length > 0) ops.push({ op: 'append', key, expires, value })
    const done = values.write(ops)
    const log = values.index.head(key)
    if (log !== undefined) compactor.note(prefix, log, value.length)
    roller.noteBatch({ prefix, starts: [...starts.keys()] })
    await done
    return []
  }

  const totals = async (): Promise<ReadonlyMap<string, Window>> => {
    const readable = session.usable()
    const windows = new Map<string, Window>()
    for (const app of readable.index.apps()) {
      const prefix = prefixOf(app)
      const [folded = NOTHING, log = NOTHING] = await readable.get([
        totalsKey(prefix),
        appendLogKey(prefix),
      ])
      onLog(prefix, log)
      if (folded.length + log.length === 0) continue
      try {
        windows.set(app, readTotals(folded, log, maxSeries))
      } catch (error) {
        if (!(error instanceof PackedError)) throw error
        faults.note(totalsKey(prefix), error)
      }
    }
    // A crash must not take back what was shown.
    await readable.synced()
    return windows
  }

  const forget = async (app: string): Promise<number> => {
    const values = session.usable()
    const keys = [...values.index.keysOf(app)]
    await values.write(keys.map((key) => ({ op: 'delete', key })))
    return keys.length
  }

  const answer = async (request: string): Promise<string> => {
    const [verb, app] = request.split('\0')
    if (verb !== 'forget' || app === undefined) return 'error unknown request'
    return forget(app).then(
      (count) => `ok ${count}`,
      (error: unknown) => `error ${String(error)}`,
    )
  }

  const session = createDiskSession({ ...options, open, answer })

  return {
    commit,
    read: async (app, range, readers) => {
      await readWindows(prefixOf(app), range, readers)
      await session.usable().synced()
    },
    totals,
    record: createDiskRecords({ usable: session.usable, now, faults }),
    forget,
    clock: now,
    ready: session.ready,
    fault: session.fault,
    close: async () => {
      await session.ready.catch(() => {})
      await Promise.all([compactor.close(), roller.close()])
      await session.close()
    },
  }
}

function hashOf(app: string, id: string): Buffer {
  return createHash('sha1').update(`${app}\0${id}`).digest().subarray(0, ID_BYTES)
}

const NOTHING = Buffer.alloc(0)
