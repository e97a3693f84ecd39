import { readAppendLog } from '../../codec/append-log.ts'
import { NewerFormatError, recordsFault } from '../../codec/record.ts'
import type { KeyedValues } from './keyed-values.ts'
import type { ValueFaults } from './value-faults.ts'
import { hourKeys, appendLogKey, windowKey } from './keys.ts'
import { type Span, type SpanContent, readSpans, spansOf } from '../spans.ts'
import {
  WIDTH_10S_KEPT_MS,
  WIDTH_10S,
  type ReadRange,
  type Width,
  type WindowReader,
} from '../../model/window-reader.ts'

/** Shows readers the windows of the app with this prefix, as Store.read does. */
export type ReadKeyed = (
  prefix: string,
  range: ReadRange,
  readers: readonly WindowReader[],
) => Promise<void>

/** Hours that are fetched at once, so that a long range doesn't hold up everything else. */
const HOURS_AT_ONCE = 6
/** Lines may be this far ahead of the clock, ms. */
const AHEAD_MS = 120_000

export function createKeyedReader(options: {
  readonly values: KeyedValues
  readonly faults: ValueFaults
  readonly now: () => number
  readonly retentionMs: number
  readonly maxSeries: number
  readonly onLog: (prefix: string, log: Buffer) => void
  /** Takes each hour: whether it is rolled up, and how many windows it has in addition. */
  readonly onHour: (prefix: string, hour: number, isRolled: boolean, windows: number) => void
}): ReadKeyed {
  const { values, faults, now, retentionMs, maxSeries, onLog, onHour } = options

  /** The entries of the log by window. */
  const entriesByStart = (key: string, log: Buffer, width: Width): Map<number, Buffer[]> => {
    const byStart = new Map<number, Buffer[]>()
    for (const { start, packed } of readLog(key, log)) {
      const window = start - (start % width)
      const all = byStart.get(window)
      if (all === undefined) byStart.set(window, [packed])
      else all.push(packed)
    }
    return byStart
  }

  const readLog = (key: string, log: Buffer) => {
    try {
      return readAppendLog(log).entries
    } catch (error) {
      if (!(error instanceof NewerFormatError)) throw error
      faults.note(key, error)
      return []
    }
  }

  const fetch = async (
    prefix: string,
    { width }: ReadRange,
    spans: readonly Span[],
  ): Promise<SpanContent[]> => {
    const keys = spans.flatMap(({ hour, starts, usesTotal, usesMinutes }) => {
      const { total, minutes } = hourKeys(prefix, hour)
      const windows = starts.map((start) => windowKey(prefix, width, start))
      return [...(usesTotal ? [total] : []), ...(usesMinutes ? [minutes] : []), ...windows]
    })
    const logKey = appendLogKey(prefix)
    // All of one moment: a compaction or a roll-up moves lines from some of these to others.
    const [log = NOTHING, ...found] = await values.get([logKey, ...keys])
    onLog(prefix, log)
    const byStart = entriesByStart(logKey, log, width)
    let at = 0
    const next = () => {
      const packed = found[at]
      const key = keys[at]!
      at += 1
      const fault = packed && recordsFault(packed)
      if (fault === undefined) return packed
      faults.note(key, fault)
      return undefined
    }
    return spans.map(({ hour, starts, usesTotal, usesMinutes }) => {
      const total = usesTotal ? next() : undefined
      const minutes = usesMinutes ? next() : undefined
      const windows = starts.map((start) => join(next(), byStart.get(start)))
      if (width !== WIDTH_10S) {
        const isRolled = total !== undefined || minutes !== undefined
        onHour(prefix, hour, isRolled, windows.filter((packed) => packed !== undefined).length)
      }
      return { total, minutes, windows }
    })
  }

  return async (prefix, range, readers) => {
    const { width } = range
    const kept = width === WIDTH_10S ? WIDTH_10S_KEPT_MS : retentionMs
    const to = Math.min(range.to, now() + AHEAD_MS)
    const spans = spansOf({ ...range, to }, now() - kept - width, readers)
    const fetchSome = async (some: readonly Span[]) => fetch(prefix, range, some)
    await readSpans(spans, fetchSome, readers, { maxSeries, atOnce: HOURS_AT_ONCE })
  }
}

/** Packed records one after another are their sum (window.ts). */
function join(packed: Buffer | undefined, pending: readonly Buffer[] | undefined) {
  if (pending === undefined) return packed
  return Buffer.concat(packed === undefined ? pending : [packed, ...pending])
}

const NOTHING = Buffer.alloc(0)
