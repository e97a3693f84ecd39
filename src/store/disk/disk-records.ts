import { recordKey } from '../keyed/keys.ts'
import { openStoredValue, sealStoredValue } from '../keyed/stored-record.ts'
import type { ValueFaults } from '../keyed/value-faults.ts'
import type { Store } from '../store.ts'
import type { DiskValues } from './disk-values.ts'
import { prefixOf } from './value-index.ts'

/** Version, then ms since 1970 when it expires: 8 bytes each; then the value. */
const NUMBER_BYTES = 8

/** `Store.record` over the values of a folder. */
export function createDiskRecords(options: {
  /** Throws when they can't be used. */
  readonly usable: () => DiskValues
  readonly now: () => number
  readonly faults: ValueFaults
}): Store['record'] {
  const { usable, now, faults } = options
  let lastVersion = 0

  return async (app, key, expectedVersion, value, ttlMs) => {
    const values = usable()
    const time = now()
    const name = recordKey(prefixOf(app), key)
    // No wait between reading and writing: two callers would both find it free.
    const content = openStoredValue(name, values.index.get(name, time / 1000), faults)
    const expiresMs = content?.readDoubleLE(NUMBER_BYTES) ?? 0
    const found = expiresMs > time ? content : undefined
    const version = found?.readDoubleLE(0) ?? 0
    if (version !== expectedVersion) {
      await values.synced()
      return { isWritten: false, version, value: found?.subarray(2 * NUMBER_BYTES) }
    }
    if (value === undefined) {
      await values.write([{ op: 'delete', key: name }])
      return { isWritten: true, version: 0, value: undefined }
    }
    lastVersion = Math.max(lastVersion + 1, version + 1, time * 1000)
    const written = lastVersion
    const head = Buffer.alloc(2 * NUMBER_BYTES)
    head.writeDoubleLE(written, 0)
    head.writeDoubleLE(time + ttlMs, NUMBER_BYTES)
    const packed = sealStoredValue(Buffer.concat([head, value]))!
    const expires = Math.ceil((time + ttlMs) / 1000)
    await values.write([{ op: 'put', key: name, expires, value: packed }])
    return { isWritten: true, version: written, value: Buffer.from(value) }
  }
}
