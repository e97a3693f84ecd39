import type { Store, StoredRecord } from '../store.ts'

/** Records of `Store.record` in this process. */
export interface MemoryRecords {
  readonly set: (...args: Parameters<Store['record']>) => StoredRecord
}

interface Entry {
  readonly version: number
  readonly value: Uint8Array
  /** ms since 1970. */
  readonly expires: number
}

/** How often those that expired are dropped, ms. */
const TIDY_MS = 60_000

export function createMemoryRecords(now: () => number): MemoryRecords {
  const records = new Map<string, Entry>()
  let lastVersion = 0
  let tidied = 0

  const tidy = (time: number) => {
    if (Math.abs(time - tidied) < TIDY_MS) return
    tidied = time
    for (const [name, { expires }] of records) if (expires <= time) records.delete(name)
  }

  return {
    set: (app, key, expectedVersion, value, ttlMs) => {
      const time = now()
      tidy(time)
      const name = `${app}\0${key}`
      const known = records.get(name)
      const found = known !== undefined && known.expires > time ? known : undefined
      const version = found?.version ?? 0
      if (version !== expectedVersion) return { isWritten: false, version, value: found?.value }
      if (value === undefined) {
        records.delete(name)
        return { isWritten: true, version: 0, value }
      }
      lastVersion = Math.max(lastVersion + 1, time * 1000)
      const copy = Uint8Array.from(value)
      records.set(name, { version: lastVersion, value: copy, expires: time + ttlMs })
      return { isWritten: true, version: lastVersion, value: copy }
    },
  }
}
