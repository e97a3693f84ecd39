import { rm } from 'node:fs/promises'
import type { KeyedValues } from '../keyed/keyed-values.ts'
import { type Journal, createJournal, syncFolder } from './journal.ts'
import type { JournalOp } from './journal-ops.ts'
import { loadJournal } from './journal-load.ts'
import { readSegment, segmentPath } from './segment.ts'
import { type ValueIndex, createValueIndex } from './value-index.ts'

/** The values of all apps in the journal of a folder. */
export interface DiskValues extends KeyedValues {
  /** Applies writes, which readers see at once; resolves when they are on disk. */
  write(ops: readonly JournalOp[]): Promise<void>
  /** Resolves when all that readers have seen is on disk. */
  synced(): Promise<void>
  readonly index: ValueIndex
  /** Bytes of all files. */
  size(): number
  /** Writes what is still of use in the oldest segments again and removes these, while more than half is of no use. */
  collect(): Promise<void>
  close(): Promise<void>
}

export interface DiskValuesOptions {
  readonly folder: string
  /** The files may take this much, bytes; who writes has to look at it. */
  readonly maxBytes: number
  readonly now: () => number
  /** Takes the ids of bodies that are loaded, s since 1970. */
  readonly onId: (app: string, id: Buffer, time: number) => void
  /** Ids are kept so long, ms. */
  readonly idsKeptMs: number
  readonly onFault: (error: unknown) => void
  readonly warn: (details: object, text: string) => void
  readonly segmentBytes?: number | undefined
  /** A segment of no more use is removed so long after that, ms: who copies the folder finds it. */
  readonly copyMs?: number | undefined
}

const SEGMENT_BYTES = 8 * 2 ** 20
const COPY_MS = 120_000
/** Garbage that is not worth collecting, bytes. */
const MIN_GARBAGE = 8 * 2 ** 20

/** Reads a folder that is taken. Throws DataFolderError. */
export function openDiskValues(options: DiskValuesOptions): DiskValues {
  const { folder, maxBytes, now, onId, idsKeptMs, onFault, warn } = options
  const { segmentBytes = SEGMENT_BYTES, copyMs = COPY_MS } = options
  const index = createValueIndex()
  /** Segments of no more use, and when they were that, ms. */
  const dead = new Map<number, number>()
  let isClosed = false
  let isFaulty = false
  let collecting: Promise<void> | undefined

  const { sizes, newest } = loadJournal({ folder, index, onId, warn })
  index.dropExpired(now() / 1000)
  const journal: Journal = createJournal({
    folder,
    segment: newest + 1,
    before: sizes.get(newest) ?? 0,
    segmentBytes,
    onSealed: (segment, length) => sizes.set(segment, length),
    onFault: (error) => {
      isFaulty = true
      onFault(error)
    },
  })

  const write = (ops: readonly JournalOp[]): Promise<void> => {
    const done = journal.write(ops)
    const { segment } = journal.position()
    for (const op of ops) index.apply(op, segment)
    return done
  }

  const size = (): number => {
    let total = journal.position().at
    for (const bytes of sizes.values()) total += bytes
    return total
  }

  const removeDead = async () => {
    const time = performance.now()
    for (const [number, since] of dead) {
      if (time - since < copyMs && size() <= maxBytes) return
      await rm(segmentPath(folder, number), { force: true })
      // In this order on disk too: a later one may hold the end of what begins in this one.
      await syncFolder(folder)
      dead.delete(number)
      sizes.delete(number)
    }
  }

  /** Whether there is enough garbage in the journal; where space is short, a part of a segment is enough. */
  const isWorthIt = (used: number): boolean => {
    const live = index.liveBytes()
    const room = Math.max(0, maxBytes - live - segmentBytes)
    return used - live > Math.max(Math.min(live, room), Math.min(MIN_GARBAGE, segmentBytes))
  }

  /** Writes what is of use in a segment again; the segment is the oldest, so nothing older can come back. */
  const moveOn = async (number: number) => {
    const { batches } = readSegment(segmentPath(folder, number))
    const youngest = (now() - idsKeptMs) / 1000
    const ids = batches.flat().filter((op) => op.op === 'id' && op.time >= youngest)
    for (let at = 0; at < ids.length; at += IDS_AT_ONCE)
      await write(ids.slice(at, at + IDS_AT_ONCE))
    // As they are then: others may write them while a batch is under way.
    const keys = index.keysUntil(number)
    for (let at = 0; at < keys.length; at += VALUES_AT_ONCE) {
      const puts = keys.slice(at, at + VALUES_AT_ONCE).map((key) => index.putAgain(key, number))
      await write(puts.filter((op) => op !== undefined))
    }
    // What others have written over since may be on its way only.
    await journal.synced()
    dead.set(number, performance.now())
  }

  const collectAll = async () => {
    for (;;) {
      await removeDead()
      const oldest = [...sizes.keys()]
        .filter((number) => !dead.has(number))
        .toSorted((a, b) => a - b)[0]
      let used = 0
      for (const [number, bytes] of sizes) if (!dead.has(number)) used += bytes
      index.dropExpired(now() / 1000)
      if (isClosed || isFaulty || oldest === undefined) return
      if (oldest >= journal.position().segment || !isWorthIt(used + journal.position().at)) return
      await moveOn(oldest)
    }
  }

  return {
    index,
    write,
    size,
    synced: async () => journal.synced(),
    isReachable: () => !isFaulty,
    get: async (keys) => {
      const time = now() / 1000
      return keys.map((key) => index.get(key, time))
    },
    compact: async (log, head, rest, windows) => {
      const time = now() / 1000
      const before = index.get(log, time)
      if (head.length === 0 || before === undefined || before.length < head.length) return false
      if (!before.subarray(0, head.length).equals(head)) return false
      if (!windows.every((window) => isSame(index.get(window.key, time), window.before)))
        return false
      const after = Buffer.concat([rest, before.subarray(head.length)])
      const ops: JournalOp[] = windows.map(({ key, packed, expires }) => ({
        op: 'put',
        key,
        expires,
        value: packed,
      }))
      if (after.length === 0) ops.push({ op: 'delete', key: log })
      else ops.push({ op: 'put', key: log, expires: index.expires(log), value: after })
      await write(ops)
      return true
    },
    rollUp: async ({ total, minutes, windows }) => {
      const time = now() / 1000
      const isAsRead =
        isSame(index.get(minutes.key, time), minutes.before) &&
        windows.every(({ key, packed }) => isSame(index.get(key, time), packed))
      if (!isAsRead) return false
      const puts = [total, minutes].map(({ key, packed, expires }): JournalOp => ({
        op: 'put',
        key,
        expires,
        value: packed,
      }))
      await write([...puts, ...windows.map(({ key }): JournalOp => ({ op: 'delete', key }))])
      return true
    },
    collect: async () => (collecting ??= collectAll().finally(() => (collecting = undefined))),
    close: async () => {
      isClosed = true
      await collecting?.catch(() => {})
      await journal.close()
    },
  }
}

/** Writes of one batch when a segment is moved on. */
const VALUES_AT_ONCE = 64
const IDS_AT_ONCE = 5000

function isSame(a: Buffer | undefined, b: Buffer | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return a.equals(b)
}
