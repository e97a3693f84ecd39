import { areRecords } from '../../codec/window.ts'
import { readPending } from '../../codec/append-log.ts'
import type { RedisClient } from './client.ts'
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
export type ReadFromRedis = (
  prefix: string,
  range: ReadRange,
  readers: readonly WindowReader[],
) => Promise<void>

/** Hours that are fetched at once, so that a long range doesn't hold up everything else. */
const HOURS_AT_ONCE = 6
/** Lines may be this far ahead of the clock, ms. */
const AHEAD_MS = 120_000

export function createRedisReader(options: {
  readonly client: RedisClient
  readonly now: () => number
  readonly retentionMs: number
  readonly maxSeries: number
  /** Is told what is pending. */
  readonly onPending: (prefix: string, pending: Buffer) => void
  /** Is told of hours: whether they are rolled up, and how many windows lie beside that. */
  readonly onHour: (prefix: string, hour: number, isRolled: boolean, windows: number) => void
}): ReadFromRedis {
  const { client, now, retentionMs, maxSeries, onPending, onHour } = options

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
    // All at one moment: a fold or a roll-up moves lines from some of these to others.
    const values = await client.mgetBuffer(appendLogKey(prefix), ...keys)
    const pending = values[0] ?? NOTHING
    onPending(prefix, pending)
    const byStart = appendLogByStart(pending, width)
    let at = 1
    const next = () => values[at++] ?? undefined
    // What somebody else put there is not there; a fold or its end takes it away.
    const nextWindow = () => {
      const packed = next()
      return packed !== undefined && areRecords(packed) ? packed : undefined
    }
    return spans.map(({ hour, starts, usesTotal, usesMinutes }) => {
      const total = usesTotal ? nextWindow() : undefined
      const minutes = usesMinutes ? next() : undefined
      const windows = starts.map((start) => join(nextWindow(), byStart.get(start)))
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

/** What is pending of each window. */
function appendLogByStart(pending: Buffer, width: Width): Map<number, Buffer[]> {
  const byStart = new Map<number, Buffer[]>()
  for (const { start, packed } of readPending(pending)) {
    const window = start - (start % width)
    const all = byStart.get(window)
    if (all === undefined) byStart.set(window, [packed])
    else all.push(packed)
  }
  return byStart
}

/** Packed records one after another are their sum (window.ts). */
function join(packed: Buffer | undefined, pending: readonly Buffer[] | undefined) {
  if (pending === undefined) return packed
  return Buffer.concat(packed === undefined ? pending : [packed, ...pending])
}

const NOTHING = Buffer.alloc(0)
