import { NewerFormatError, recordsFault } from '../../codec/record.ts'
import type { Packer } from '../../codec/packer.ts'
import type { KeyedValues } from './keyed-values.ts'
import type { ValueFaults } from './value-faults.ts'
import { hourKeys, windowKey } from './keys.ts'
import { isWorthRollingUp, rollUp, rollUpTime } from '../../codec/roll-up.ts'
import { WIDTH_1M, HOUR_MS } from '../../model/window-reader.ts'

/** Rolls up the coarse windows of hours that are over. */
export interface Roller {
  /** Notes a batch by the starts of its 10 s windows, ms since 1970. */
  noteBatch(batch: { readonly prefix: string; readonly starts: readonly number[] }): void
  /** Notes an hour that was read: whether it is rolled up, and how many windows it has in addition. */
  found(prefix: string, hour: number, isRolled: boolean, windows: number): void
  close(): Promise<void>
}

const TICK_MS = 5000
/** Receivers wait for different times, so that one does it and the others find it done. */
const SPREAD_MS = 60_000

interface Hour {
  readonly prefix: string
  readonly hour: number
}

export function createRoller(options: {
  readonly values: KeyedValues
  readonly faults: ValueFaults
  readonly packer: Packer
  readonly now: () => number
  readonly retentionMs: number
  readonly maxSeries: number
  /** Moves the append log into its windows. */
  readonly compact: (prefix: string) => Promise<void>
  readonly warn: (details: object, text: string) => void
}): Roller {
  const { values, faults, packer, now, retentionMs, maxSeries, compact, warn } = options
  const due = new Map<string, Hour & { readonly at: number }>()
  const queue = new Map<string, Hour>()
  let running: Promise<void> | undefined
  let isClosed = false
  /** Whether the last roll-up failed; logged once. */
  let isFailing = false

  const rollUpHour = async ({ prefix, hour }: Hour) => {
    await compact(prefix)
    const names = hourKeys(prefix, hour)
    const starts = Array.from({ length: HOUR_MS / WIDTH_1M }, (_, i) => hour + i * WIDTH_1M)
    const windowKeys = starts.map((start) => windowKey(prefix, WIDTH_1M, start))
    const [before, ...packed] = await values.get([names.minutes, ...windowKeys])
    const windows = starts.flatMap((start, i) => {
      const one = { start, packed: packed[i] ?? NOTHING, key: windowKeys[i]! }
      return isReadable(one.key, one.packed) ? [one] : []
    })
    if (!isWorthRollingUp(windows.length)) return
    const minutesBefore = before && isReadable(names.minutes, before) ? before : undefined
    const rolled = await rollUp(hour, windows, { packer, maxSeries }, minutesBefore)
    const expires = Math.ceil((hour + HOUR_MS + retentionMs) / 1000)
    await values.rollUp({
      total: { key: names.total, packed: rolled.total, expires },
      minutes: { key: names.minutes, before, packed: rolled.minutes, expires },
      windows,
    })
  }

  /** Throws NewerFormatError, so that nothing is put in the place of what a later version wrote. */
  const isReadable = (key: string, packed: Buffer): boolean => {
    const fault = packed.length === 0 ? undefined : recordsFault(packed)
    if (fault === undefined) return packed.length > 0
    faults.note(key, fault)
    if (fault instanceof NewerFormatError) throw fault
    return false
  }

  const runQueue = async () => {
    for (const [name, one] of queue) {
      if (isClosed) return
      queue.delete(name)
      try {
        await rollUpHour(one)
        isFailing = false
      } catch (error) {
        // The windows stay as they are: right, only slower to read.
        due.set(name, { ...one, at: now() + SPREAD_MS * (1 + Math.random()) })
        if (!values.isReachable() || error instanceof NewerFormatError) continue
        if (!isFailing) warn({ err: error, hour: one.hour }, 'An hour could not be rolled up')
        isFailing = true
      }
    }
  }

  const enqueue = (name: string, one: Hour) => {
    queue.set(name, one)
    running ??= runQueue().finally(() => (running = undefined))
  }

  const timer = setInterval(() => {
    const time = now()
    for (const [name, one] of due) {
      if (one.at > time) continue
      due.delete(name)
      enqueue(name, one)
    }
  }, TICK_MS).unref()

  return {
    noteBatch: ({ prefix, starts }) => {
      for (const start of starts) {
        const hour = start - (start % HOUR_MS)
        const name = prefix + hour
        if (due.has(name)) continue
        const time = now()
        const isLate = time > rollUpTime(hour, false)
        const at = Math.max(rollUpTime(hour, isLate), time) + Math.random() * SPREAD_MS
        due.set(name, { prefix, hour, at })
      }
    },
    found: (prefix, hour, isRolled, windows) => {
      if (!isWorthRollingUp(windows) || rollUpTime(hour, isRolled) > now()) return
      enqueue(prefix + hour, { prefix, hour })
    },
    close: async () => {
      isClosed = true
      clearInterval(timer)
      await running
    },
  }
}

const NOTHING = Buffer.alloc(0)
