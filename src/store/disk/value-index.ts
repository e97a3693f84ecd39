import type { JournalOp } from './journal-ops.ts'

/** The values that the journal holds now, in memory, and in which segment each begins. */
export interface ValueIndex {
  apply(op: JournalOp, segment: number): void
  /** `time` in s since 1970. */
  get(key: string, time: number): Buffer | undefined
  /** How long a value is, and its beginning: all of it, or what was put before others were appended. */
  head(key: string): { readonly length: number; readonly head: Buffer } | undefined
  /** s since 1970. */
  expires(key: string): number
  /** The keys of values that begin in a segment, or in one before it. */
  keysUntil(segment: number): string[]
  /** A write that puts a value as it is now; undefined when it begins in a later segment by now. */
  putAgain(key: string, segment: number): JournalOp | undefined
  /** The apps of which something is kept. */
  apps(): Iterable<string>
  keysOf(app: string): Iterable<string>
  dropExpired(time: number): void
  /** About how much the values take in the journal, bytes. */
  liveBytes(): number
}

interface Entry {
  /** One after another; more than one when it was appended to. */
  chunks: Buffer[]
  length: number
  expires: number
  segment: number
}

/** What a value takes in the journal in addition, bytes. */
const OVERHEAD = 32

/** The first part of all keys of an app; names of apps never hold a NUL. */
export function prefixOf(app: string): string {
  return `${app}\0`
}

function appOf(key: string): string {
  return key.slice(0, Math.max(0, key.indexOf('\0')))
}

export function createValueIndex(): ValueIndex {
  /** By app, then by key. */
  const apps = new Map<string, Map<string, Entry>>()
  let live = 0

  const find = (key: string) => apps.get(appOf(key))?.get(key)

  const remove = (key: string) => {
    const entries = apps.get(appOf(key))
    const entry = entries?.get(key)
    if (entries === undefined || entry === undefined) return
    live -= entry.length + key.length + OVERHEAD
    entries.delete(key)
    if (entries.size === 0) apps.delete(appOf(key))
  }

  const put = (key: string, value: Buffer, expires: number, segment: number) => {
    remove(key)
    let entries = apps.get(appOf(key))
    if (entries === undefined) apps.set(appOf(key), (entries = new Map()))
    entries.set(key, { chunks: [value], length: value.length, expires, segment })
    live += value.length + key.length + OVERHEAD
  }

  return {
    apply: (op, segment) => {
      if (op.op === 'delete') remove(op.key)
      else if (op.op === 'put') put(op.key, op.value, op.expires, segment)
      else if (op.op === 'append') {
        const entry = find(op.key)
        if (entry === undefined) return put(op.key, op.value, op.expires, segment)
        entry.chunks.push(op.value)
        entry.length += op.value.length
        entry.expires = op.expires
        live += op.value.length
      }
      return undefined
    },
    get: (key, time) => {
      const entry = find(key)
      if (entry === undefined || entry.expires <= time) return undefined
      if (entry.chunks.length > 1) entry.chunks = [Buffer.concat(entry.chunks)]
      return entry.chunks[0]
    },
    head: (key) => {
      const entry = find(key)
      return entry && { length: entry.length, head: entry.chunks[0]! }
    },
    expires: (key) => find(key)?.expires ?? 0,
    keysUntil: (segment) =>
      [...apps.values()].flatMap((entries) =>
        [...entries].filter(([, entry]) => entry.segment <= segment).map(([key]) => key),
      ),
    putAgain: (key, segment) => {
      const entry = find(key)
      if (entry === undefined || entry.segment > segment) return undefined
      return { op: 'put', key, expires: entry.expires, value: Buffer.concat(entry.chunks) }
    },
    apps: () => apps.keys(),
    keysOf: (app) => apps.get(app)?.keys() ?? [],
    dropExpired: (time) => {
      for (const entries of apps.values())
        for (const [key, { expires }] of entries) if (expires <= time) remove(key)
    },
    liveBytes: () => live,
  }
}
