import { setTimeout as sleep } from 'node:timers/promises'
import { type Batch, sizeOf } from './batch.ts'
import type { CommitReply } from './commands.ts'
import { COUNTER_TTL_S } from './keys.ts'

/**
 * Brings back what Redis forgot. A fail-over or a restart can take away the last moments of what
 * was acknowledged; the ids went with the values, so that committing the last seconds again is safe.
 * How it is noticed: each process counts its batches in Redis, and its count only ever grows.
 */
export interface Replay {
  /** To be asked before a command is sent whose answer holds the count of this process. */
  expect(app: string): Expected
  /** Whether something of the app is being brought back. */
  isRunning(app: string): boolean
  /** Resolves when that is done; rejects when it takes longer than `limitMs`. */
  settled(app: string, limitMs: number): Promise<void>
  /** Asks for the counts of apps that fell silent while there was something to bring back. */
  check(): Promise<void>
}

export interface Expected {
  /** Less than this means that Redis went back in time. */
  readonly least: number
  /** Takes the count that came back, and the batch if it was written. */
  readonly note: (counter: number, batch: Batch | undefined) => void
}

/** What was acknowledged longer ago is taken for safe: replicas and disks don't lag so far. ms. */
const KEPT_MS = 10_000
/** What goes at a time is at least one in so many. */
const PARTS = 16
/** All that is kept, bytes; beyond, the oldest goes first. */
const MAX_BYTES = 16 * 2 ** 20

interface RecentBatches {
  /** The highest count that was seen. */
  seen: number
  /** Whether something could not be brought back: an answer after that starts again. */
  isDue: boolean
  confirmedAt: number
  entries: { readonly batch: Batch; readonly at: number; readonly size: number }[]
  running: Promise<void> | undefined
}

export function createReplay(options: {
  readonly now: () => number
  readonly send: (batch: Batch) => Promise<CommitReply>
  readonly readCounter: (app: string) => Promise<number>
  /** Is called when an app's count went back. */
  readonly onLoss: (app: string) => void
  readonly warn: (details: object, text: string) => void
}): Replay {
  const { now, send, readCounter, onLoss, warn } = options
  const states = new Map<string, RecentBatches>()
  let bytes = 0

  const drop = (state: RecentBatches, count: number) => {
    for (const { size } of state.entries.splice(0, count)) bytes -= size
  }

  // Many at a time, because each time moves all that stay.
  const dropBefore = (state: RecentBatches, time: number) => {
    const { entries } = state
    const least = Math.ceil(entries.length / PARTS)
    if (least === 0 || entries[least - 1]!.at >= time) return
    let count = least
    while (count < entries.length && entries[count]!.at < time) count += 1
    drop(state, count)
  }

  // Of all apps at a time, because each time looks at all.
  const dropOldest = (time: number) => {
    for (;;) {
      if (bytes <= MAX_BYTES) return
      let oldest = Infinity
      for (const { entries } of states.values()) oldest = Math.min(oldest, entries[0]?.at ?? oldest)
      // The clock may have gone back: the oldest goes in any case.
      const end = oldest + Math.max(0, time - oldest) / PARTS
      for (const state of states.values()) {
        const count = state.entries.findIndex(({ at }) => at > end)
        drop(state, count < 0 ? state.entries.length : count)
      }
    }
  }

  const bringBack = async (app: string, entries: readonly { readonly batch: Batch }[]) => {
    let frames = 0
    let refused = 0
    for (const { batch } of entries) {
      const { known } = await send(batch)
      if (known.length === 0) frames += batch.ids.length
      else if (known.length < batch.ids.length) refused += batch.ids.length - known.length
    }
    // Nothing of it was missing when an answer only came late.
    if (frames + refused === 0) return
    warn({ app, frames, refused }, 'Redis went back in time; its last moments were brought back')
  }

  const start = (app: string, state: RecentBatches) => {
    // What went back while it was brought back is brought back again.
    state.isDue = state.running !== undefined
    if (state.entries.length === 0 || state.running !== undefined) return
    const entries = [...state.entries]
    state.running = bringBack(app, entries)
      .catch((error: unknown) => {
        state.isDue = true
        warn({ app, err: error }, 'Redis went back in time, and went away again')
      })
      .finally(() => (state.running = undefined))
  }

  const note = (app: string, least: number, counter: number, batch: Batch | undefined) => {
    const at = now()
    let state = states.get(app)
    if (state === undefined) {
      if (batch === undefined) return
      state = { seen: 0, isDue: false, confirmedAt: at, entries: [], running: undefined }
      states.set(app, state)
    }
    // Answers that come at once are heard in any order: only what was known when the command was
    // sent has to be in its answer.
    const isBack = counter < Math.min(least, state.seen)
    state.seen = isBack ? counter : Math.max(state.seen, counter)
    if (isBack) onLoss(app)
    if (isBack || state.isDue) start(app, state)
    else if (state.running === undefined) dropBefore(state, at - KEPT_MS)
    state.confirmedAt = at
    if (batch === undefined) return
    const size = sizeOf(batch)
    state.entries.push({ batch, at, size })
    bytes += size
    dropOldest(at)
  }

  const expect = (app: string): Expected => {
    const least = states.get(app)?.seen ?? 0
    return { least, note: (counter, batch) => note(app, least, counter, batch) }
  }

  return {
    expect,
    isRunning: (app) => states.get(app)?.running !== undefined,
    settled: async (app, limitMs) => {
      const limit = new AbortController()
      const late = sleep(limitMs, true, { signal: limit.signal, ref: false }).catch(() => false)
      const isLate = await Promise.race([states.get(app)?.running, late])
      limit.abort()
      if (isLate === true) throw new Error('Redis went back in time and is not yet caught up')
    },
    check: async () => {
      const at = now()
      for (const [app, { entries, confirmedAt }] of states) {
        // Its count in Redis is about to expire, which must not look like a loss.
        if (entries.length === 0 && at - confirmedAt > COUNTER_TTL_S * 500) states.delete(app)
      }
      const silent = [...states].filter(
        ([, { entries, confirmedAt }]) => entries.length > 0 && at - confirmedAt > KEPT_MS / 4,
      )
      await Promise.all(
        silent.map(async ([app]) => {
          const expected = expect(app)
          expected.note(await readCounter(app), undefined)
        }),
      )
    },
  }
}
