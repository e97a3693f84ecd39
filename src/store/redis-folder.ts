import type { Window } from '../model/window.ts'
import { addToPacked, sumPending } from './fold.ts'
import { dropOldSamples } from './lifetime.ts'
import { deflatePackedAside } from './packed.ts'
import type { Packer } from './packer.ts'
import type { RedisClient } from './redis-client.ts'
import type { NewWindow, RedisCommands } from './redis-commands.ts'
import { LIFETIME_TTL_S, lifetimeKey, pendingKey, windowKey } from './redis-keys.ts'
import { COARSE_MS, FINE_KEPT_MS, FINE_MS, SAMPLES_KEPT_MS } from './store.ts'
import { type Turns, takeTurns } from './take-turns.ts'

/**
 * Folds pending windows: merges what is pending of an app and puts it into its fine, coarse and
 * lifetime windows, in one step. Whoever sees a pending window, by a commit or by reading, and does not
 * see it get shorter for some time, folds it: so one of those who are at work does it before the
 * others, and what a receiver that died has left is found.
 */
export interface Folder {
  /** To be told how many bytes are pending, and how many of these were added just now. */
  note(prefix: string, length: number, added: number): void
  /** Resolves when what is pending has been folded, or could not be. */
  readonly fold: (prefix: string) => Promise<void>
  close(): Promise<void>
}

/** So much is folded at once, by whoever passes a multiple of it, bytes. */
export const LONG_PENDING = 262_144
/** What is pending is folded after this long, and up to as long again, ms. */
const FOLD_MS = 20_000
/** The same for who has only read it, in so many times that. */
const READER_PATIENCE = 8
/** A fold is done in slices of this length, ms: a commit has several turns, and may meet one in each. */
const SLICE_MS = 0.2
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
  /** By prefix: how many bytes were last seen, and when they are folded if they don't get fewer. */
  const seen = new Map<string, { length: number; at: number }>()
  const queue = new Map<string, Promise<void>>()
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
    const packed = await deflatePackedAside(packer.packWindow(window))
    return { key, before, packed, expires }
  }

  /** Gives how many bytes are still pending; undefined when someone else was faster. */
  const foldOnce = async (prefix: string): Promise<number | undefined> => {
    const key = pendingKey(prefix)
    const pending = await client.getBuffer(key)
    if (pending === null) return 0
    // Longer slices when much is pending, so that those who append don't overtake this for good.
    const turns = takeTurns(SLICE_MS * Math.max(1, pending.length / LONG_PENDING))
    const { windows, series, length, isAll } = await sumPending(pending, MAX_WINDOWS, turns)
    const targets = targetsOf(prefix, windows, now(), retentionMs)
    const before = await client.mgetBuffer(...targets.map((target) => target.key))
    const changed: NewWindow[] = []
    for (const [i, target] of targets.entries()) {
      changed.push(await packTarget(target, before[i] ?? undefined, series, turns))
    }
    const rest = await commands.fold(key, pending.subarray(0, length), changed)
    return isAll || rest === undefined ? rest : foldOnce(prefix)
  }

  const run = async (prefix: string) => {
    if (isClosed) return
    try {
      const rest = await foldOnce(prefix)
      isFailing = false
      if (rest === undefined) return
      note(prefix, rest, 0)
      if (rest >= LONG_PENDING) void fold(prefix)
    } catch (error) {
      // It stays pending: right, only longer to read. It is tried again after some time.
      if (!isFailing) warn({ err: error }, 'what is pending can not be folded for now')
      isFailing = true
    }
  }

  const fold = async (prefix: string): Promise<void> => {
    const queued = queue.get(prefix)
    if (queued !== undefined) return queued
    last = last.then(async () => {
      queue.delete(prefix)
      await run(prefix)
    })
    queue.set(prefix, last)
    return last
  }

  const note = (prefix: string, length: number, added: number) => {
    if (length === 0) {
      seen.delete(prefix)
      return
    }
    const time = now()
    const known = seen.get(prefix)
    const isShorter = known === undefined || length - added < known.length
    // Who commits goes first, and who only reads waits whether nobody does.
    const patience = foldMs * (added > 0 ? 1 : READER_PATIENCE)
    const isTooPatient = known !== undefined && known.at > time + 2 * patience
    const at = isShorter || isTooPatient ? time + patience * (1 + Math.random()) : known.at
    seen.set(prefix, { length, at })
    const steps = Math.floor(length / LONG_PENDING) - Math.floor((length - added) / LONG_PENDING)
    if (steps > 0) void fold(prefix)
  }

  const timer = setInterval(
    () => {
      const time = now()
      for (const [prefix, state] of seen) {
        if (state.at > time) continue
        state.at = time + foldMs * (1 + Math.random())
        void fold(prefix)
      }
    },
    Math.min(1000, foldMs),
  ).unref()

  return {
    note,
    fold,
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
