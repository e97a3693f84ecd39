import { areRecords } from '../../codec/window.ts'
import type { Packer } from '../../codec/packer.ts'
import type { Batch } from './batch.ts'
import type { RedisClient } from './client.ts'
import { sha1 } from './commands.ts'
import { hourKeys, windowKey } from './keys.ts'
import { isWorthRollingUp, rollUp, rollUpTime } from '../../codec/roll-up.ts'
import { WIDTH_1M, HOUR_MS } from '../../model/window-reader.ts'

/** Rolls up the coarse windows of hours that are over. */
export interface Roller {
  noteBatch(batch: Batch): void
  /** To be told of an hour that was read: whether it was rolled up, and how many windows lie beside that. */
  found(prefix: string, hour: number, isRolled: boolean, windows: number): void
  close(): Promise<void>
}

/**
 * Puts a rolled up hour in the place of its coarse windows and of what was rolled up before, when all
 * are still what it was made of. No reader can see an hour twice or not at all, and of two that roll it
 * up one does nothing.
 *
 * KEYS: the sum, the minutes, the coarse windows.
 * ARGV: when the hour expires (s since 1970), the sum, the minutes, the SHA-1 in hex of the minutes
 *   before and of each coarse window.
 * Returns 1 when it was done.
 */
const ROLL_UP_SCRIPT = `
for i = 2, #KEYS do
  local before = redis.pcall('GET', KEYS[i])
  if type(before) ~= 'string' then before = '' end
  if redis.sha1hex(before) ~= ARGV[i + 2] then return 0 end
end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('EXPIREAT', KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], ARGV[3])
redis.call('EXPIREAT', KEYS[2], ARGV[1])
for i = 3, #KEYS do redis.call('DEL', KEYS[i]) end
return 1
`

const TICK_MS = 5000
/** Receivers wait for different times, so that one does it and the others find it done. */
const SPREAD_MS = 60_000

interface Hour {
  readonly prefix: string
  readonly hour: number
}

interface Scripts {
  l2metRollUp(keys: number, ...args: (string | Buffer)[]): Promise<unknown>
}

export function createRoller(options: {
  readonly client: RedisClient
  readonly packer: Packer
  readonly now: () => number
  readonly retentionMs: number
  readonly maxSeries: number
  /** Puts what is pending into its windows. */
  readonly fold: (prefix: string) => Promise<void>
  readonly warn: (details: object, text: string) => void
}): Roller {
  const { client, packer, now, retentionMs, maxSeries, fold, warn } = options
  client.defineCommand('l2metRollUp', { lua: ROLL_UP_SCRIPT })
  const scripts = client as unknown as Scripts
  const due = new Map<string, Hour & { readonly at: number }>()
  const queue = new Map<string, Hour>()
  let running: Promise<void> | undefined
  let isClosed = false
  /** Whether the last roll-up failed; said once. */
  let isFailing = false

  const rollUpHour = async ({ prefix, hour }: Hour) => {
    await fold(prefix)
    const names = hourKeys(prefix, hour)
    const starts = Array.from({ length: HOUR_MS / WIDTH_1M }, (_, i) => hour + i * WIDTH_1M)
    const windowKeys = starts.map((start) => windowKey(prefix, WIDTH_1M, start))
    const [before, ...values] = await client.mgetBuffer(names.minutes, ...windowKeys)
    const found = starts.flatMap((start, i) => {
      const packed = values[i]
      return packed && areRecords(packed) ? [{ start, packed, key: windowKeys[i]! }] : []
    })
    if (!isWorthRollingUp(found.length)) return
    const rolled = await rollUp(hour, found, { packer, maxSeries }, before ?? undefined)
    const expires = Math.ceil((hour + HOUR_MS + retentionMs) / 1000)
    const keys = [names.total, names.minutes, ...found.map(({ key }) => key)]
    const digests = [before ?? NOTHING, ...found.map(({ packed }) => packed)].map(sha1)
    const args = [`${expires}`, rolled.total, rolled.minutes, ...digests]
    await scripts.l2metRollUp(keys.length, ...keys, ...args)
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
        // That there is no connection is said elsewhere.
        if (client.status !== 'ready') continue
        if (!isFailing) warn({ err: error, hour: one.hour }, 'an hour could not be rolled up')
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
