import { NewerFormatError } from '../../codec/record.ts'
import type { PackedError } from '../../codec/byte-reader.ts'

/** Logs each value that can't be read once, by its key. */
export interface ValueFaults {
  note(key: string, error: PackedError): void
  /** Logs bytes of an append log that could not be read and were removed. */
  noteLost(key: string, bytes: number): void
}

/** Keys that are remembered as logged. */
const MAX_KEYS = 1000

export function createValueFaults(warn: (details: object, text: string) => void): ValueFaults {
  const logged = new Set<string>()
  return {
    note: (key, error) => {
      if (logged.has(key)) return
      if (logged.size >= MAX_KEYS) logged.clear()
      logged.add(key)
      const effect =
        error instanceof NewerFormatError ? 'it is left as it is' : 'the rest is not affected'
      warn({ key, reason: error.message }, `A stored value can't be read; ${effect}`)
    },
    noteLost: (key, bytes) =>
      warn({ key, bytes }, 'Bytes of an append log were damaged and are lost; the rest is kept'),
  }
}
