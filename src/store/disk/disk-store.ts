import { createHash } from 'node:crypto'
import { createPacker } from '../../codec/packer.ts'
import { readAll } from '../../codec/totals-cache.ts'
import { PackedError } from '../../codec/byte-reader.ts'
import type { Accumulator } from '../../model/accumulator.ts'
import type { Window } from '../../model/window.ts'
import { createCompactor } from '../keyed/compactor.ts'
import { TOTALS_TTL_S, appendLogKey, recordKey, totalsKey } from '../keyed/keys.ts'
import { createKeyedReader } from '../keyed/reader.ts'
import { createRoller } from '../keyed/roller.ts'
import { openStoredValue, sealStoredValue } from '../keyed/stored-record.ts'
import { createValueFaults } from '../keyed/value-faults.ts'
import type { KeyedValues } from '../keyed/keyed-values.ts'
import { createRecentIds } from '../recent-ids.ts'
import { type CommitBody, IDS_KEPT_MS, type Store } from '../store.ts'
import { DataFolderError } from './data-folder-error.ts'
import { type DataFolder, takeFolder } from './data-folder.ts'
import { type DiskValues, openDiskValues } from './disk-values.ts'
import { ID_BYTES, type JournalOp } from './journal-ops.ts'

/** Windows in a folder: what is acknowledged is on disk. One process has a folder at a time. */
export interface DiskStore extends Store {
  /** Resolves when the folder is read; rejects with DataFolderError when it can't be used. */
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
}

const COLLECT_MS = 5000
/** After a write failed, the folder is read again, ms. */
const REOPEN_MS = 1000

export function createDiskStore(options: DiskStoreOptions): DiskStore {
  const { folder, maxBytes, maxSeries, now, warn } = options
  const packer = createPacker()
  const faults = createValueFaults(warn)
  let ids = createRecentIds()
  let disk: DiskValues | undefined
  let taken: DataFolder | undefined
  let reason: string | undefined = 'the folder is not read yet'
  let reopening: NodeJS.Timeout | undefined
  let lastVersion = 0
  let isClosed = false

  const openValues = () =>
    openDiskValues({
      ...options,
      idsKeptMs: IDS_KEPT_MS,
      onId: (app, id, time) => ids.add(app, id.toString('latin1'), time * 1000),
      onFault: noteFault,
    })

  const usable = (): DiskValues => {
    if (disk === undefined || reason !== undefined) throw new Error(reason)
    return disk
  }

  // What could not be written is in memory all the same: only what is on disk counts, and it is read again.
  const noteFault = (error: unknown) => {
    const before = reason
    reason = adviceFor(error, folder)
    if (before !== reason)
      warn({ folder, reason }, "DATA_DIR can't be written; it is tried again all the time")
    reopening ??= setTimeout(() => void reopen(), REOPEN_MS).unref()
  }

  const reopen = async () => {
    reopening = undefined
    if (isClosed) return
    const broken = disk
    disk = undefined
    try {
      await broken?.close()
      ids = createRecentIds()
      disk = openValues()
      // A write that changes nothing says whether it can be written again.
      await disk.write([{ op: 'delete', key: '' }])
      reason = undefined
      warn({ folder }, 'DATA_DIR can be written again')
    } catch (error) {
      noteFault(error)
    }
  }

  const open = async () => {
    taken = await takeFolder(folder, answer)
    try {
      disk = openValues()
    } catch (error) {
      if (error instanceof DataFolderError) throw error
      throw new DataFolderError(adviceFor(error, folder))
    }
    reason = undefined
  }

  const values: KeyedValues = {
    get: async (keys) => usable().get(keys),
    compact: async (...args) => usable().compact(...args),
    rollUp: async (hour) => usable().rollUp(hour),
    isReachable: () => reason === undefined,
  }
  const shared = { ...options, values, faults, packer }
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
    const writable = usable()
    const time = now()
    const hashes = bodies.map(({ id }) => (id === undefined ? undefined : hashOf(app, id)))
    const known = hashes.flatMap((hash, i) =>
      hash !== undefined && ids.has(app, hash.toString('latin1'), time) ? [i] : [],
    )
    if (known.length > 0) {
      // It may be known from a batch that is only on its way.
      await writable.synced()
      return known
    }
    if (writable.size() > maxBytes) {
      void collect()
      throw new Error(
        `DATA_DIR: ${folder} has reached DATA_MAX_BYTES (${maxBytes}); raise it, keep less with RETENTION_HOURS, or remove apps with l2met forget`,
      )
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
      ids.add(app, id.toString('latin1'), time)
      ops.push({ op: 'id', app, time: Math.floor(time / 1000), id })
    }
    const value = Buffer.concat([...starts].map(([start, accs]) => packer.packEntries(start, accs)))
    const key = appendLogKey(prefix)
    const expires = Math.floor(time / 1000) + TOTALS_TTL_S
    if (value.length > 0) ops.push({ op: 'append', key, expires, value })
    const done = writable.write(ops)
    const log = writable.index.get(key, time / 1000)
    if (log !== undefined) compactor.note(prefix, { length: log.length, head: log }, value.length)
    roller.noteBatch({ prefix, starts: [...starts.keys()] })
    await done
    return []
  }

  const totals = async (): Promise<ReadonlyMap<string, Window>> => {
    const readable = usable()
    const windows = new Map<string, Window>()
    for (const app of appsOf(readable)) {
      const prefix = prefixOf(app)
      const [folded = NOTHING, log = NOTHING] = await readable.get([
        totalsKey(prefix),
        appendLogKey(prefix),
      ])
      onLog(prefix, log)
      if (folded.length + log.length === 0) continue
      try {
        windows.set(app, readAll(folded, log, maxSeries))
      } catch (error) {
        if (!(error instanceof PackedError)) throw error
        faults.note(totalsKey(prefix), error)
      }
    }
    // A crash must not take back what was shown.
    await readable.synced()
    return windows
  }

  const record: Store['record'] = async (app, key, expectedVersion, value, ttlMs) => {
    const writable = usable()
    const time = now()
    const name = recordKey(prefixOf(app), key)
    // No wait between reading and writing: two callers would both find it free.
    const stored = writable.index.get(name, time / 1000)
    const content = openStoredValue(name, stored, faults)
    // Version, then ms since 1970 when it expires, then the value.
    const expiresMs = content ? content.readDoubleLE(VERSION_BYTES) : 0
    const found = content !== undefined && expiresMs > time ? content : undefined
    const version = found ? found.readDoubleLE(0) : 0
    if (version !== expectedVersion) {
      await writable.synced()
      return { isWritten: false, version, value: found?.subarray(2 * VERSION_BYTES) }
    }
    if (value === undefined) {
      await writable.write([{ op: 'delete', key: name }])
      return { isWritten: true, version: 0, value: undefined }
    }
    lastVersion = Math.max(lastVersion + 1, version + 1, time * 1000)
    const head = Buffer.alloc(2 * VERSION_BYTES)
    head.writeDoubleLE(lastVersion, 0)
    head.writeDoubleLE(time + ttlMs, VERSION_BYTES)
    const packed = sealStoredValue(Buffer.concat([head, value]))!
    const expires = Math.ceil((time + ttlMs) / 1000)
    const written = lastVersion
    await writable.write([{ op: 'put', key: name, expires, value: packed }])
    return { isWritten: true, version: written, value: Buffer.from(value) }
  }

  const forget = async (app: string): Promise<number> => {
    const writable = usable()
    const prefix = prefixOf(app)
    const keys = [...writable.index.keys()].filter((key) => key.startsWith(prefix))
    await writable.write(keys.map((key) => ({ op: 'delete', key })))
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

  const collect = async () => {
    try {
      await disk?.collect()
    } catch {
      // noteFault has said why.
    }
  }

  const ready = open()
  ready.catch(() => {})
  const timer = setInterval(() => void collect(), COLLECT_MS).unref()

  return {
    commit,
    read: async (app, range, readers) => {
      await readWindows(prefixOf(app), range, readers)
      await usable().synced()
    },
    totals,
    record,
    forget,
    clock: now,
    ready,
    fault: () => reason,
    close: async () => {
      isClosed = true
      clearInterval(timer)
      clearTimeout(reopening)
      await ready.catch(() => {})
      await Promise.all([compactor.close(), roller.close()])
      await disk?.close()
      taken?.close()
    },
  }
}

/** Names of apps never hold a NUL. */
export function prefixOf(app: string): string {
  return `${app}\0`
}

/** The apps of which something is kept. */
export function appsOf({ index }: Pick<DiskValues, 'index'>): Set<string> {
  const apps = new Set<string>()
  for (const key of index.keys()) {
    const at = key.indexOf('\0')
    if (at >= 0) apps.add(key.slice(0, at))
  }
  return apps
}

function hashOf(app: string, id: string): Buffer {
  return createHash('sha1').update(`${app}\0${id}`).digest().subarray(0, ID_BYTES)
}

function adviceFor(error: unknown, folder: string): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC')
    return `DATA_DIR: the disk of ${folder} is full; make room, or keep less with RETENTION_HOURS`
  if (code === 'EDQUOT') return `DATA_DIR: the quota of the disk of ${folder} is used up; raise it`
  if (code === 'EROFS') return `DATA_DIR: the disk of ${folder} is read-only; mount it writable`
  if (code === 'EACCES' || code === 'EPERM')
    return `DATA_DIR: this user may not write in ${folder}; change its owner`
  if (code === 'EIO')
    return `DATA_DIR: the disk of ${folder} reports errors (${message}); replace it`
  return `DATA_DIR: ${folder} can't be written (${message})`
}

const NOTHING = Buffer.alloc(0)
const VERSION_BYTES = 8
