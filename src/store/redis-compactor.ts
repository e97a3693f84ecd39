import { setImmediate as turn } from 'node:timers/promises'
import { type Window, createWindow } from '../model/window.ts'
import {
  DEFLATED,
  type MergeOptions,
  createMerge,
  deflatePackedAside,
  firstRecordLength,
  recordLength,
} from './packed.ts'
import type { Packer } from './packer.ts'
import type { Batch } from './redis-batch.ts'
import type { RedisClient } from './redis-client.ts'
import type { LongWindow, RedisCommands } from './redis-commands.ts'
import { lifetimeKey } from './redis-keys.ts'
import { LONG_WINDOW } from './redis-scripts.ts'
import { SAMPLES_KEPT_MS } from './store.ts'
import { dropOldSamples } from './lifetime.ts'

/** Makes one record of windows that have grown long, and of windows that have ended. */
export interface Compactor {
  /** To be told of what a batch has added, and which windows grew long by it. */
  noteBatch(batch: Batch, long: readonly LongWindow[]): void
  /** To be told of a window that was read and found longer than it need be. */
  found(key: string, end: number, packed: Buffer): void
  close(): Promise<void>
}

/** A window that has ended is compacted this long after, and up to as long again, ms. */
const SETTLE_MS = 5000
const TICK_MS = 1000
/** A long window is merged in slices of this length, ms: a commit has several turns, and may meet one in each. */
const SLICE_MS = 0.2
/** A rest that isn't worth a compaction, bytes. */
const SMALL_REST = 64

export function createCompactor(options: {
  readonly client: RedisClient
  readonly commands: RedisCommands
  readonly packer: Packer
  readonly now: () => number
  readonly maxSeries: number
  readonly warn: (details: object, text: string) => void
}): Compactor {
  const { client, commands, packer, now, maxSeries, warn } = options
  /** When windows that will end are to be compacted. */
  const due = new Map<string, number>()
  const queue = new Map<string, { readonly isLifetime: boolean }>()
  let running: Promise<void> | undefined
  let isClosed = false
  /** Whether the last compaction failed; said once. */
  let isFailing = false

  const compact = async (key: string, isLifetime: boolean) => {
    const packed = await client.getBuffer(key)
    if (packed === null || isCompact(packed)) return
    const window = await merge(packed, { lifetime: isLifetime, maxSeries })
    if (isLifetime) dropOldSamples(window, now() - SAMPLES_KEPT_MS)
    const record = await deflatePackedAside(packer.packWindow(window))
    if (record.length < packed.length) await commands.replaceHead(key, packed, record)
  }

  const runQueue = async () => {
    for (const [key, { isLifetime }] of queue) {
      if (isClosed) return
      queue.delete(key)
      try {
        await compact(key, isLifetime)
        isFailing = false
      } catch (error) {
        // The window stays as it is: right, only longer. The next append or reader tries again.
        if (!isFailing) warn({ err: error, key }, 'windows can not be compacted for now')
        isFailing = true
      }
    }
  }

  const enqueue = (key: string, isLifetime: boolean) => {
    queue.set(key, { isLifetime })
    running ??= runQueue().finally(() => (running = undefined))
  }

  const awaitEnd = (key: string, end: number) => {
    // Receivers wait for different times, so that one does it and the others find it done.
    if (!due.has(key)) due.set(key, Math.max(end, now()) + SETTLE_MS * (1 + Math.random()))
  }

  const timer = setInterval(() => {
    const time = now()
    for (const [key, at] of due) {
      if (at > time) continue
      due.delete(key)
      enqueue(key, false)
    }
  }, TICK_MS).unref()

  return {
    noteBatch: ({ prefix, parts }, long) => {
      for (const { fine, coarse } of parts) {
        awaitEnd(fine.key, fine.end)
        awaitEnd(coarse.key, coarse.end)
      }
      for (const { part, kind, length, head } of long) {
        const { packed, ...windows } = parts[part]!
        // The next step is as much as there is: what is compacted often is short, what is long seldom.
        // Of all who append, only the one that passes a whole number of steps compacts.
        const base = recordLength(head)
        const step = Math.max(LONG_WINDOW, base)
        const passed = (at: number) => Math.floor((at - base) / step)
        if (passed(length) === passed(length - packed.length)) continue
        if (kind === 'lifetime') enqueue(lifetimeKey(prefix), true)
        else enqueue(windows[kind].key, false)
      }
    },
    found: (key, end, packed) => {
      if (packed.length > firstRecordLength(packed) + SMALL_REST) awaitEnd(key, end)
    },
    close: async () => {
      isClosed = true
      clearInterval(timer)
      await running
    },
  }
}

/**
 * Merges all records, and lets others have their turn in between; less often when the window has
 * grown far beyond what is long, so that those who append don't overtake this for good.
 */
async function merge(packed: Buffer, options: MergeOptions): Promise<Window> {
  const window = createWindow()
  const mergeNext = createMerge(window, packed, options)
  const slice = SLICE_MS * Math.max(1, packed.length / LONG_WINDOW)
  let since = performance.now()
  while (mergeNext()) {
    if (performance.now() - since < slice) continue
    await turn()
    since = performance.now()
  }
  return window
}

function isCompact(packed: Buffer): boolean {
  return packed[0] === DEFLATED && firstRecordLength(packed) === packed.length
}
