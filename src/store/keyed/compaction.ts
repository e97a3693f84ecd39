import type { Window } from '../../model/window.ts'
import { PackedError } from '../../codec/byte-reader.ts'
import {
  type AppendLogSum,
  addToPacked,
  readableEntries,
  sumAppendLog,
} from './append-log-merge.ts'
import { dropGoneSamples, dropIdleSeries } from '../../codec/totals.ts'
import { NewerFormatError, recordsFault } from '../../codec/record.ts'
import { deflatePackedAsync, seriesIn } from '../../codec/window.ts'
import type { Packer } from '../../codec/packer.ts'
import type { KeyedValues, NewValue } from './keyed-values.ts'
import { TOTALS_TTL_S, appendLogKey, totalsKey, windowKey } from './keys.ts'
import { createKeyedReader } from './reader.ts'
import type { ValueFaults } from './value-faults.ts'
import { HOUR_MS, WIDTH_1M, WIDTH_10S_KEPT_MS, WIDTH_10S } from '../../model/window-reader.ts'
import { type Yielder, createYielder } from '../../codec/event-loop.ts'

/**
 * Compacts an append log: merges it in place, to one entry for each 10 s window, or, when `isMoved` or
 * when it would still be long, moves it into the 10 s and 1 m windows and the totals. Resolves with
 * false when the log was empty. When somebody else has changed one of them meanwhile, nothing is done.
 */
export type Compaction = (prefix: string, isMoved: boolean) => Promise<boolean>

export interface CompactionOptions {
  readonly values: KeyedValues
  readonly faults: ValueFaults
  readonly packer: Packer
  readonly now: () => number
  readonly retentionMs: number
  readonly maxSeries: number
}

/** Compaction threshold in bytes: the receiver whose append crosses a multiple of it compacts. */
export const LONG_LOG = 262_144
/**
 * A compaction is done in slices of this length with pauses in between, ms: a commit yields several
 * times, and is not to meet a slice each time.
 */
const SLICE_MS = 0.2
const PAUSE_MS = 1
/** 10 s windows of one compaction; there are more when lines come late. */
const MAX_WINDOWS = 64

/** All windows of an app are read for what is idle: not more often, ms. */
const IDLE_EVERY_MS = HOUR_MS

export function createCompaction(options: CompactionOptions): Compaction {
  const { values, faults, packer, now, retentionMs, maxSeries } = options
  const read = createKeyedReader({ ...options, onLog: () => {}, onHour: () => {} })
  /** By prefix: when full totals were last freed of idle series, ms since 1970. */
  const freed = new Map<string, number>()

  const compact: Compaction = async (prefix, isMoved) => {
    const logKey = appendLogKey(prefix)
    const [log, totals] = await values.get([logKey, totalsKey(prefix)])
    if (log === undefined || log.length === 0) return false
    // Longer slices when the log is long, so that those who append don't overtake this for good.
    const yielder = createYielder(SLICE_MS * Math.max(1, log.length / LONG_LOG), PAUSE_MS)
    try {
      const sum = await sumAppendLog(log, MAX_WINDOWS, yielder)
      // Totals that get full take what comes first: then the order has to stay.
      const series = totals && recordsFault(totals) === undefined ? seriesIn(totals) : 0
      const hasRoom = sum.series.size + series <= maxSeries
      const head = log.subarray(0, sum.length)
      const isDone =
        (hasRoom && !isMoved && (await compactInPlace(logKey, head, sum, yielder))) ||
        (await move(prefix, head, sum, yielder))
      if (isDone && sum.lost > 0) faults.noteLost(logKey, sum.lost)
      if (isDone && !sum.isAll) await compact(prefix, isMoved)
      return true
    } catch (error) {
      if (!(error instanceof PackedError)) throw error
      if (error instanceof NewerFormatError) faults.note(logKey, error)
      else await dropUnreadable(logKey, log)
      return true
    }
  }

  /** An entry that nobody can merge would stay in the log for good, with all that comes after it. */
  const dropUnreadable = async (key: string, log: Buffer) => {
    const readable = readableEntries(log)
    if (await values.compact(key, log, readable, []))
      faults.noteLost(key, log.length - readable.length)
  }

  /** Merges the log in place; false when it would still be long. */
  const compactInPlace = async (
    key: string,
    head: Buffer,
    { windows }: AppendLogSum,
    yielder: Yielder,
  ): Promise<boolean> => {
    const entries: Buffer[] = []
    for (const [start, window] of windows) {
      entries.push(await packer.packEntryInTurns(start, window, yielder))
    }
    const merged = Buffer.concat(entries)
    // It would have to be merged again too soon.
    if (merged.length > LONG_LOG / 2) return false
    await values.compact(key, head, merged, [])
    return true
  }

  /** Moves the log into its windows. */
  const move = async (
    prefix: string,
    head: Buffer,
    { windows, series }: AppendLogSum,
    yielder: Yielder,
  ): Promise<boolean> => {
    const targets = targetsOf(prefix, windows, now(), retentionMs)
    const before = await values.get(targets.map(({ key }) => key))
    const changed: NewValue[] = []
    for (const [i, target] of targets.entries()) {
      changed.push(await packTarget(prefix, target, before[i], series, yielder))
    }
    return values.compact(appendLogKey(prefix), head, NOTHING, changed)
  }

  /** Drops from totals what is gone, and from full ones what no window holds any more. */
  const dropGone = async (prefix: string, window: Window): Promise<void> => {
    const time = now()
    dropGoneSamples(window, time)
    const isDue = Math.abs(time - (freed.get(prefix) ?? 0)) >= IDLE_EVERY_MS
    if (window.cells.size < maxSeries || !isDue) return
    freed.set(prefix, time)
    const present = new Set<string>()
    const seriesSink = (key: string) => {
      present.add(key)
      return []
    }
    const range = { width: WIDTH_1M, from: time - retentionMs - HOUR_MS, to: Infinity } as const
    await read(prefix, range, [{ acceptsRollups: true, onHeader: () => {}, seriesSink }])
    dropIdleSeries(window, (key) => !present.has(key))
  }

  const packTarget = async (
    prefix: string,
    { key, sums, expires, isTotals }: Target,
    before: Buffer | undefined,
    series: Iterable<string>,
    yielder: Yielder,
  ): Promise<NewValue> => {
    const limits = { lifetime: isTotals, maxSeries }
    const add = async (packed: Buffer | undefined) =>
      addToPacked(packed, sums, series, limits, yielder)
    const window = await add(before).catch(async (error: unknown) => {
      if (!(error instanceof PackedError)) throw error
      faults.note(key, error)
      if (error instanceof NewerFormatError) throw error
      return add(undefined)
    })
    if (isTotals) await dropGone(prefix, window)
    const packed = await deflatePackedAsync(await packer.packInTurns(window, yielder))
    return { key, before, packed, expires }
  }

  return compact
}

/** A value that a compaction adds to. */
interface Target {
  readonly key: string
  readonly sums: readonly Window[]
  /** s since 1970. */
  readonly expires: number
  readonly isTotals: boolean
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
    targets.push({ key, sums, expires: Math.ceil(end / 1000), isTotals: false })
  }
  for (const [start, window] of windows) {
    add(WIDTH_10S, start, [window], WIDTH_10S_KEPT_MS)
    const minute = start - (start % WIDTH_1M)
    const sums = minutes.get(minute)
    if (sums === undefined) minutes.set(minute, [window])
    else sums.push(window)
  }
  for (const [start, sums] of minutes) add(WIDTH_1M, start, sums, retentionMs)
  const expires = Math.floor(time / 1000) + TOTALS_TTL_S
  const sums = [...windows.values()]
  targets.push({ key: totalsKey(prefix), sums, expires, isTotals: true })
  return targets
}

const NOTHING = Buffer.alloc(0)
