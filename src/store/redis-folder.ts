import type { Window } from '../model/window.ts'
import { type PendingSum, addToPacked, sumPending } from './fold.ts'
import { dropOldSamples } from './lifetime.ts'
import { firstPending, packPending } from './packed-pending.ts'
import { deflatePackedAside, seriesIn } from './packed.ts'
import type { Packer } from './packer.ts'
import type { RedisClient } from './redis-client.ts'
import type { NewWindow, PendingLength, RedisCommands } from './redis-commands.ts'
import { LIFETIME_TTL_S, lifetimeKey, pendingKey, windowKey } from './redis-keys.ts'
import { COARSE_MS, FINE_KEPT_MS, FINE_MS, SAMPLES_KEPT_MS } from './store.ts'
import { type Turns, takeTurns } from './take-turns.ts'

/**
 * Folds pending windows. One that gets long is merged in its place, an entry for each fine window. One
 * that has waited is moved into the fine, the coarse and the lifetime windows. Whoever sees a pending
 * window, by a commit or by reading, and finds it begin with the same fine window for some time, moves
 * it: so one of those who are at work does it before the others, and what a receiver that died has
 * left is found.
 */
export interface Folder {
  /** To be told what is pending, and how many bytes of it were added just now. */
  note(prefix: string, pending: PendingLength, added: number): void
  /** Resolves when what is pending has been moved into its windows, or could not be. */
  readonly fold: (prefix: string) => Promise<void>
  close(): Promise<void>
}

/** So much is merged at once, by whoever passes a multiple of it, bytes. */
export const LONG_PENDING = 262_144
/** What is pending is moved after so long, and up to as long again, ms. */
const FOLD_MS = 15_000
/** Who has only read it waits so many times as long. */
const READER_PATIENCE = 8
/**
 * A fold is done in slices of this length with pauses in between, ms: a commit has several turns, and
 * is not to meet a slice in each.
 */
const SLICE_MS = 0.2
const PAUSE_MS = 1
/** Fine windows of one fold; there are more when lines come late. */
const MAX_WINDOWS = 64

export interface FolderOptions {
  readonly client: RedisClient
  readonly commands: RedisCommands
  readonly packer: Packer
  readonly now: () => number
  readonly retentionMs: number
  readonly maxSeries: number
  readonly foldMs?: number | undefined
  readonly warn: (details: object, text: string) => void
}

/** A window that a fold adds to. */
interface Target {
  readonly key: string
  readonly sums: readonly Window[]
  /** s since 1970. */
  readonly expires: number
  readonly isLifetime: boolean
}

export function createFolder(options: FolderOptions): Folder {
  const { client, commands, packer, now, retentionMs, maxSeries, warn } = options
  const { foldMs = FOLD_MS } = options
  /** By prefix: the first fine window that was pending, and when it is folded if it stays that. */
  const seen = new Map<string, { readonly first: number; at: number }>()
  /** By prefix: whether all is to be moved into its windows. */
  const queue = new Map<string, { isMoved: boolean; readonly done: Promise<void> }>()
  let last: Promise<void> = Promise.resolve()
  let isClosed = false
  /** Whether the last fold failed; said once. */
  let isFailing = false

  const packTarget = async (
    { key, sums, expires, isLifetime }: Target,
    before: Buffer | undefined,
    series: Iterable<string>,
    turns: Turns,
  ): Promise<NewWindow> => {
    const limits = { lifetime: isLifetime, maxSeries }
    const window = await addToPacked(before, sums, series, limits, turns)
    if (isLifetime) dropOldSamples(window, now() - SAMPLES_KEPT_MS)
    const packed = await deflatePackedAside(await packer.packInTurns(window, turns))
    return { key, before, packed, expires }
  }

  const foldOnce = async (prefix: string, isMoved: boolean): Promise<void> => {
    const key = pendingKey(prefix)
    const [pending, lifetime] = await client.mgetBuffer(key, lifetimeKey(prefix))
    if (!pending) {
      seen.delete(prefix)
      return
    }
    // Longer slices when much is pending, so that those who append don't overtake this for good.
    const slice = SLICE_MS * Math.max(1, pending.length / LONG_PENDING)
    const turns = takeTurns(slice, PAUSE_MS)
    const sum = await sumPending(pending, MAX_WINDOWS, turns)
    const head = pending.subarray(0, sum.length)
    // A lifetime window that gets full takes what comes first: then the order must stay.
    const mayMerge = !isMoved && sum.series.size + (lifetime ? seriesIn(lifetime) : 0) <= maxSeries
    if (mayMerge) {
      const merged = await packSum(sum, turns)
      // What is still long then would have to be merged again too soon.
      if (merged.length < LONG_PENDING / 2) {
        await commands.fold(key, head, merged, [])
        return
      }
    }
    const targets = targetsOf(prefix, sum.windows, now(), retentionMs)
    const before = await client.mgetBuffer(...targets.map((target) => target.key))
    const changed: NewWindow[] = []
    for (const [i, target] of targets.entries()) {
      changed.push(await packTarget(target, before[i] ?? undefined, sum.series, turns))
    }
    const isDone = await commands.fold(key, head, NOTHING, changed)
    if (isDone && !sum.isAll) await foldOnce(prefix, isMoved)
  }

  const packSum = async ({ windows }: PendingSum, turns: Turns): Promise<Buffer> => {
    const parts: { start: number; packed: Buffer }[] = []
    for (const [start, window] of windows) {
      parts.push({ start, packed: await packer.packInTurns(window, turns) })
    }
    return packPending(parts)
  }

  const run = async (prefix: string) => {
    const { isMoved } = queue.get(prefix)!
    queue.delete(prefix)
    if (isClosed) return
    try {
      await foldOnce(prefix, isMoved)
      isFailing = false
    } catch (error) {
      // It stays pending: right, only longer to read. It is tried again after some time.
      if (!isFailing) warn({ err: error }, 'what is pending can not be folded for now')
      isFailing = true
    }
  }

  const enqueue = async (prefix: string, isMoved: boolean): Promise<void> => {
    const queued = queue.get(prefix)
    if (queued !== undefined) {
      queued.isMoved ||= isMoved
      return queued.done
    }
    last = last.then(async () => run(prefix))
    queue.set(prefix, { isMoved, done: last })
    return last
  }

  const note = (prefix: string, { length, head }: PendingLength, added: number) => {
    const first = firstPending(head)
    if (first === undefined) {
      seen.delete(prefix)
      return
    }
    const time = now()
    const known = seen.get(prefix)
    // Who commits goes first, and who only reads waits whether nobody does.
    const wait = foldMs * (added > 0 ? 1 : READER_PATIENCE)
    if (first !== known?.first || known.at > time + 2 * wait) {
      seen.set(prefix, { first, at: time + wait * (1 + Math.random()) })
    }
    const steps = Math.floor(length / LONG_PENDING) - Math.floor((length - added) / LONG_PENDING)
    if (steps > 0) void enqueue(prefix, false)
  }

  const timer = setInterval(
    () => {
      const time = now()
      for (const [prefix, state] of seen) {
        if (state.at > time) continue
        state.at = time + foldMs * (1 + Math.random())
        void enqueue(prefix, true)
      }
    },
    Math.min(1000, foldMs),
  ).unref()

  return {
    note,
    fold: async (prefix) => enqueue(prefix, true),
    close: async () => {
      isClosed = true
      clearInterval(timer)
      await last
    },
  }
}

/** The windows that fine windows add to, but for those that are no longer kept. */
function targetsOf(
  prefix: string,
  windows: ReadonlyMap<number, Window>,
  time: number,
  retentionMs: number,
): Target[] {
  const minutes = new Map<number, Window[]>()
  const targets: Target[] = []
  const add = (
    width: typeof FINE_MS | typeof COARSE_MS,
    start: number,
    sums: readonly Window[],
    keptMs: number,
  ) => {
    const end = start + width + keptMs
    if (end <= time) return
    const key = windowKey(prefix, width, start)
    targets.push({ key, sums, expires: Math.ceil(end / 1000), isLifetime: false })
  }
  for (const [start, window] of windows) {
    add(FINE_MS, start, [window], FINE_KEPT_MS)
    const minute = start - (start % COARSE_MS)
    const sums = minutes.get(minute)
    if (sums === undefined) minutes.set(minute, [window])
    else sums.push(window)
  }
  for (const [start, sums] of minutes) add(COARSE_MS, start, sums, retentionMs)
  const expires = Math.floor(time / 1000) + LIFETIME_TTL_S
  const sums = [...windows.values()]
  targets.push({ key: lifetimeKey(prefix), sums, expires, isLifetime: true })
  return targets
}

const NOTHING = Buffer.alloc(0)
