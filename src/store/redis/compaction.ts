import type { Window } from '../../model/window.ts'
import { PackedError } from '../../codec/byte-reader.ts'
import { type AppendLogSum, addToPacked, sumAppendLog, windowsOf } from './append-log-merge.ts'
import { dropGoneSamples } from '../../codec/totals.ts'
import type { OwnDelta, OwnDeltaCache } from './own-delta-cache.ts'
import { packEntry, readableEntries } from '../../codec/append-log.ts'
import { areRecords, deflatePackedAside, seriesIn } from '../../codec/window.ts'
import type { Packer } from '../../codec/packer.ts'
import type { RedisClient } from './client.ts'
import type { NewWindow, RedisCommands } from './commands.ts'
import { LIFETIME_TTL_S, totalsKey, appendLogKey, windowKey } from './keys.ts'
import { WIDTH_1M, WIDTH_10S_KEPT_MS, WIDTH_10S } from '../../model/window-reader.ts'
import { type Yielder, createYielder } from '../../codec/event-loop.ts'

/**
 * Folds a pending window: merges it in its place, an entry for each fine window, or, when `isMoved` or
 * it would still be long, moves it into the fine, the coarse and the lifetime windows. Resolves with
 * false when nothing was pending. What another has changed in between stays as it is.
 */
export type Compaction = (prefix: string, isMoved: boolean) => Promise<boolean>

export interface CompactionOptions {
  readonly client: RedisClient
  readonly commands: RedisCommands
  readonly packer: Packer
  readonly ownDeltas: OwnDeltaCache
  readonly now: () => number
  readonly retentionMs: number
  readonly maxSeries: number
  readonly warn: (details: object, text: string) => void
}

/** So much is merged at once, by whoever passes a multiple of it, bytes. */
export const LONG_PENDING = 262_144
/**
 * A fold is done in slices of this length with pauses in between, ms: a commit has several yielder, and
 * is not to meet a slice in each.
 */
const SLICE_MS = 0.2
const PAUSE_MS = 1
/** Fine windows of one fold; there are more when lines come late. */
const MAX_WINDOWS = 64

export function createCompaction(options: CompactionOptions): Compaction {
  const { client, commands, packer, ownDeltas, now, retentionMs, maxSeries, warn } = options

  const fold: Compaction = async (prefix, isMoved) => {
    // Before what is pending is asked for: what is sent later may not be in the answer.
    const own = ownDeltas.take(prefix)
    const [pending, lifetime] = await client.mgetBuffer(appendLogKey(prefix), totalsKey(prefix))
    if (!pending) return false
    // Longer slices when much is pending, so that those who append don't overtake this for good.
    const slice = SLICE_MS * Math.max(1, pending.length / LONG_PENDING)
    const yielder = createYielder(slice, PAUSE_MS)
    let sum: AppendLogSum
    try {
      sum = await sumAppendLog(pending, MAX_WINDOWS, yielder, own)
    } catch (error) {
      if (!(error instanceof PackedError)) throw error
      return dropUnreadable(prefix, pending)
    }
    // A lifetime window that gets full takes what comes first: then the order must stay.
    const hasRoom =
      sum.series.size + (lifetime && areRecords(lifetime) ? seriesIn(lifetime) : 0) <= maxSeries
    if (!hasRoom && sum.own) sum = await sumAppendLog(pending, MAX_WINDOWS, yielder)
    const head = pending.subarray(0, sum.length)
    if (hasRoom && !isMoved && (await compactInPlace(prefix, head, sum, yielder))) return true
    const isDone = await move(prefix, head, sum, yielder)
    if (isDone && !sum.isAll) await fold(prefix, isMoved)
    return true
  }
  /** What nobody can read would stay pending for good, and all that comes behind it. */
  const dropUnreadable = async (prefix: string, pending: Buffer): Promise<boolean> => {
    const readable = readableEntries(pending)
    if (await commands.fold(appendLogKey(prefix), pending, readable, [])) {
      const bytes = pending.length - readable.length
      warn(
        { key: appendLogKey(prefix), bytes },
        'what was pending in Redis could not be read: lost',
      )
    }
    return true
  }

  /** Merges what is pending where it stands; false when it would still be long. */
  const compactInPlace = async (
    prefix: string,
    head: Buffer,
    sum: AppendLogSum,
    yielder: Yielder,
  ): Promise<boolean> => {
    const own = await packOwn(sum.own, yielder)
    const others = await packWindows(sum.windows, yielder)
    const merged = Buffer.concat([own, others])
    // It would have to be merged again too soon.
    if (merged.length > LONG_PENDING / 2) return false
    const isDone = await commands.fold(appendLogKey(prefix), head, merged, [])
    ownDeltas.keep(prefix)
    if (isDone && sum.own !== undefined) ownDeltas.putBack(prefix, sum.own, own)
    return true
  }

  /** Moves what is pending into its windows. */
  const move = async (
    prefix: string,
    head: Buffer,
    sum: AppendLogSum,
    yielder: Yielder,
  ): Promise<boolean> => {
    const windows = await windowsOf(sum, yielder)
    if (sum.own !== undefined) ownDeltas.release(prefix, sum.own)
    const targets = targetsOf(prefix, windows, now(), retentionMs)
    const before = await client.mgetBuffer(...targets.map(({ key }) => key))
    const changed: NewWindow[] = []
    for (const [i, target] of targets.entries()) {
      changed.push(await packTarget(target, before[i] ?? undefined, sum.series, yielder))
    }
    return commands.fold(appendLogKey(prefix), head, NOTHING, changed)
  }

  const packTarget = async (
    { key, sums, expires, isLifetime }: Target,
    before: Buffer | undefined,
    series: Iterable<string>,
    yielder: Yielder,
  ): Promise<NewWindow> => {
    const limits = { lifetime: isLifetime, maxSeries }
    const add = async (packed: Buffer | undefined) =>
      addToPacked(packed, sums, series, limits, yielder)
    const window = await add(before).catch(async (error: unknown) => {
      if (!(error instanceof PackedError)) throw error
      warn({ key, bytes: before?.length }, 'a window in Redis could not be read: it begins anew')
      return add(undefined)
    })
    if (isLifetime) dropGoneSamples(window, now())
    const packed = await deflatePackedAside(await packer.packInTurns(window, yielder))
    return { key, before, packed, expires }
  }

  const packWindows = async (
    windows: AppendLogSum['windows'],
    yielder: Yielder,
  ): Promise<Buffer> => {
    const parts: { start: number; packed: Buffer }[] = []
    for (const [start, window] of windows) {
      parts.push({ start, packed: await packer.packInTurns(window, yielder) })
    }
    return packEntry(parts)
  }

  const packOwn = async (own: OwnDelta | undefined, yielder: Yielder): Promise<Buffer> => {
    const parts: { start: number; packed: Buffer }[] = []
    for (const { start, acc } of own?.open ?? []) {
      if (yielder.isOver()) await yielder.next()
      parts.push({ start, packed: packer.packAccumulators([acc]) })
    }
    return packEntry(parts)
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
    width: typeof WIDTH_10S | typeof WIDTH_1M,
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
    add(WIDTH_10S, start, [window], WIDTH_10S_KEPT_MS)
    const minute = start - (start % WIDTH_1M)
    const sums = minutes.get(minute)
    if (sums === undefined) minutes.set(minute, [window])
    else sums.push(window)
  }
  for (const [start, sums] of minutes) add(WIDTH_1M, start, sums, retentionMs)
  const expires = Math.floor(time / 1000) + LIFETIME_TTL_S
  const sums = [...windows.values()]
  targets.push({ key: totalsKey(prefix), sums, expires, isLifetime: true })
  return targets
}

const NOTHING = Buffer.alloc(0)
