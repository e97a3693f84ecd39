import { PackedError, createByteReader } from '../../codec/byte-reader.ts'
import { NewerFormatError, RECORD, nextRecord, sealRecord } from '../../codec/record.ts'
import type { ValueFaults } from './value-faults.ts'

/** The value of `Store.record` as it is kept. */
export function sealStoredValue(value: Uint8Array | undefined): Buffer | undefined {
  return value && sealRecord(RECORD.value, [value])
}

/** The value again; a damaged one is logged and is none. Throws NewerFormatError. */
export function openStoredValue(
  key: string,
  packed: Buffer | undefined,
  faults: ValueFaults,
): Buffer | undefined {
  if (packed === undefined) return undefined
  try {
    const { content } = nextRecord(createByteReader(packed))
    return content.bytes.subarray(content.at, content.end)
  } catch (error) {
    if (!(error instanceof PackedError)) throw error
    faults.note(key, error)
    if (error instanceof NewerFormatError) throw error
    return undefined
  }
}
