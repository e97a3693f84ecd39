import type { Window } from '../../model/window.ts'
import { PackedError } from '../../codec/byte-reader.ts'
import { type PendingSum, addToPacked, sumPending, windowsOf } from './append-log-merge.ts'
import { dropOldSamples } from '../../codec/totals.ts'
import type { OwnSum, OwnSums } from './own-delta-cache.ts'
import { packPending, readablePending } from '../../codec/append-log.ts'
import { areRecords, deflatePackedAside, seriesIn } from '../../codec/window.ts'
import type { Packer } from '../../codec/packer.ts'
import type { RedisClient } from './client.ts'
import type { NewWindow, RedisCommands } from './commands.ts'
import { LIFETIME_TTL_S, lifetimeKey, pendingKey, windowKey } from './keys.ts'
import { COARSE_MS, FINE_KEPT_MS, FINE_MS, SAMPLES_KEPT_MS } from '../store.ts'
import { type Turns, takeTurns } from '../../codec/event-loop.ts'

/**
 * Folds a pending window: merges it in its place, an entry for each fine window, or, when `isMoved` or
 * it would still be long, moves it into the fine, the coarse and the lifetime windows. Resolves with
 * false when nothing was pending. What another has changed in between stays as it is.
 */
export type Fold = (prefix: string, isMoved: boolean) => Promise<boolean>

export interface FoldOptions {
  readonly client: RedisClient
  readonly commands: RedisCommands
  readonly packer: Packer
  readonly ownSums: OwnSums
  readonly now: () => number
  readonly retentionMs: number
  readonly maxSeries: number
  readonly warn: (details: object, text: string) => void
}

/** So much is merged at once, by whoever passes a multiple of it, bytes. */
export const LONG_PENDING = 262_144
/**
 * A fold is done in slices of this length with pauses in between, ms: a commit has several turns, and
 * is not to meet a slice in each.
 */
const SLICE_MS = 0.2
const PAUSE_MS = 1
/** Fine windows of one fold; there are more when lines come late. */
const MAX_WINDOWS = 64

export function createFold(options: FoldOptions): Fold {
  const { client, commands, packer, ownSums, now, retentionMs, maxSeries, warn } = options

  const fold: Fold = async (prefix, isMoved) => {
    // Before what is pending is asked for: what is sent later may not be in the answer.
    const own = ownSums.take(prefix)
    const [pending, lifetime] = await client.mgetBuffer(pendingKey(prefix), lifetimeKey(prefix))
    if (!pending) return false
    // Longer slices when much is pending, so that those who append don't overtake this for good.
    const slice = SLICE_MS * Math.max(1, pending.length / LONG_PENDING)
    const turns = takeTurns(slice, PAUSE_MS)
    let sum: PendingSum
    try {
      sum = await sumPending(pending, MAX_WINDOWS, turns, own)
    } catch (error) {
      if (!(error instanceof PackedError)) throw error
      return dropUnreadable(prefix, pending)
    }
    // A lifetime window that gets full takes what comes first: then the order must stay.
    const hasRoom =
      sum.series.size + (lifetime && areRecords(lifetime) ? seriesIn(lifetime) : 0) <= maxSeries
    if (!hasRoom && sum.own) sum = await sumPending(pending, MAX_WINDOWS, turns)
    const head = pending.subarray(0, sum.length)
    if (hasRoom && !isMoved && (await foldInPlace(prefix, head, sum, turns))) return true
    const isDone = await move(prefix, head, sum, turns)
    if (isDone && !sum.isAll) await fold(prefix, isMoved)
    return true
  }
  /** What nobody can read would stay pending for good, and all that comes behind it. */
  const dropUnreadable = async (prefix: string, pending: Buffer): Promise<boolean> => {
    const readable = readablePending(pending)
    if (await commands.fold(pendingKey(prefix), pending, readable, [])) {
      const bytes = pending.length - readable.length
      warn({ key: pendingKey(prefix), bytes }, 'what was pending in Redis could not be read: lost')
    }
    return true
  }

  /** Merges what is pending where it stands; false when it would still be long. */
  const foldInPlace = async (
    prefix: string,
    head: Buffer,
    sum: PendingSum,
    turns: Turns,
  ): Promise<boolean> => {
    const own = await packOwn(sum.own, turns)
    const others = await packWindows(sum.windows, turns)
    const merged = Buffer.concat([own, others])
    // It would have to be merged again too soon.
    if (merged.length > LONG_PENDING / 2) return false
    const isDone = await commands.fold(pendingKey(prefix), head, merged, [])
    ownSums.keep(prefix)
    if (isDone && sum.own !== undefined) ownSums.putBack(prefix, sum.own, own)
    return true
  }

  /** Moves what is pending into its windows. */
  const move = async (
    prefix: string,
    head: Buffer,
    sum: PendingSum,
    turns: Turns,
  ): Promise<boolean> => {
    const windows = await windowsOf(sum, turns)
    if (sum.own !== undefined) ownSums.release(prefix, sum.own)
    const targets = targetsOf(prefix, windows, now(), retentionMs)
    const before = await client.mgetBuffer(...targets.map(({ key }) => key))
    const changed: NewWindow[] = []
    for (const [i, target] of targets.entries()) {
      changed.push(await packTarget(target, before[i] ?? undefined, sum.series, turns))
    }
    return commands.fold(pendingKey(prefix), head, NOTHING, changed)
  }

  const packTarget = async (
    { key, sums, expires, isLifetime }: Target,
    before: Buffer | undefined,
    series: Iterable<string>,
    turns: Turns,
  ): Promise<NewWindow> => {
    const limits = { lifetime: isLifetime, maxSeries }
    const add = async (packed: Buffer | undefined) =>
      addToPacked(packed, sums, series, limits, turns)
    const window = await add(before).catch(async (error: unknown) => {
      if (!(error instanceof PackedError)) throw error
      warn({ key, bytes: before?.length }, 'a window in Redis could not be read: it begins anew')
      return add(undefined)
    })
    if (isLifetime) dropOldSamples(window, now() - SAMPLES_KEPT_MS)
    const packed = await deflatePackedAside(await packer.packInTurns(window, turns))
    return { key, before, packed, expires }
  }

  const packWindows = async (windows: PendingSum['windows'], turns: Turns): Promise<Buffer> => {
    const parts: { start: number; packed: Buffer }[] = []
    for (const [start, window] of windows) {
      parts.push({ start, packed: await packer.packInTurns(window, turns) })
    }
    return packPending(parts)
  }

  const packOwn = async (own: OwnSum | undefined, turns: Turns): Promise<Buffer> => {
    const parts: { start: number; packed: Buffer }[] = []
    for (const { start, acc } of own?.open ?? []) {
      if (turns.isOver()) await turns.next()
      parts.push({ start, packed: packer.packAccumulators([acc]) })
    }
    return packPending(parts)
  }

  return fold
}

/** A window that a fold adds to. */
interface Target {
  readonly key: string
  readonly sums: readonly Window[]
  /** s since 1970. */
  readonly expires: number
  readonly isLifetime: boolean
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
