import type { JournalOp } from './journal-ops.ts'

/** The values that the journal holds now, in memory, and in which segment each begins. */
export interface ValueIndex {
  apply(op: JournalOp, segment: number): void
  /** `time` in s since 1970. */
  get(key: string, time: number): Buffer | undefined
  /** s since 1970. */
  expires(key: string): number
  /** Some of the values that begin in a segment, or in one before it. */
  valuesOf(segment: number, count: number): JournalOp[]
  keys(): Iterable<string>
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

export function createValueIndex(): ValueIndex {
  const entries = new Map<string, Entry>()
  let live = 0

  const remove = (key: string) => {
    const entry = entries.get(key)
    if (entry === undefined) return
    live -= entry.length + key.length + OVERHEAD
    entries.delete(key)
  }

  const put = (key: string, value: Buffer, expires: number, segment: number) => {
    remove(key)
    entries.set(key, { chunks: [value], length: value.length, expires, segment })
    live += value.length + key.length + OVERHEAD
  }

  return {
    apply: (op, segment) => {
      if (op.op === 'delete') remove(op.key)
      else if (op.op === 'put') put(op.key, op.value, op.expires, segment)
      else if (op.op === 'append') {
        const entry = entries.get(op.key)
        if (entry === undefined) return put(op.key, op.value, op.expires, segment)
        entry.chunks.push(op.value)
        entry.length += op.value.length
        entry.expires = op.expires
        live += op.value.length
      }
      return undefined
    },
    get: (key, time) => {
      const entry = entries.get(key)
      if (entry === undefined || entry.expires <= time) return undefined
      if (entry.chunks.length > 1) entry.chunks = [Buffer.concat(entry.chunks)]
      return entry.chunks[0]
    },
    expires: (key) => entries.get(key)?.expires ?? 0,
    valuesOf: (segment, count) => {
      const ops: JournalOp[] = []
      for (const [key, entry] of entries) {
        if (entry.segment > segment) continue
        if (ops.length === count) break
        ops.push({ op: 'put', key, expires: entry.expires, value: Buffer.concat(entry.chunks) })
      }
      return ops
    },
    keys: () => entries.keys(),
    dropExpired: (time) => {
      for (const [key, { expires }] of entries) if (expires <= time) remove(key)
    },
    liveBytes: () => live,
  }
}
