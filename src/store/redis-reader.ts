import type { RedisClient } from './redis-client.ts'
import { hourKeys, windowKey } from './redis-keys.ts'
import { type Span, type SpanContent, readSpans, spansOf } from './read-spans.ts'
import { FINE_KEPT_MS, FINE_MS, type ReadRange, type WindowReader } from './store.ts'

export interface ReadFromRedis {
  (prefix: string, range: ReadRange, readers: readonly WindowReader[]): Promise<void>
}

/** Hours that are fetched at once, so that a long range doesn't hold up everything else. */
const HOURS_AT_ONCE = 6
/** Lines may be this far ahead of the clock, ms. */
const AHEAD_MS = 120_000

export function createRedisReader(options: {
  readonly client: RedisClient
  readonly now: () => number
  readonly retentionMs: number
  readonly maxSeries: number
  /** Is told of each window that was found, and when it ends. */
  readonly onWindow: (key: string, end: number, packed: Buffer) => void
  /** Is told of hours: whether they are rolled up, and how many windows lie beside that. */
  readonly onHour: (prefix: string, hour: number, isRolled: boolean, windows: number) => void
}): ReadFromRedis {
  const { client, now, retentionMs, maxSeries, onWindow, onHour } = options

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
    // All at one moment: an hour and its windows must not be seen before and after a roll-up.
    const values = await client.mgetBuffer(...keys)
    let at = 0
    const next = () => values[at++] ?? undefined
    return spans.map(({ hour, starts, usesTotal, usesMinutes }) => {
      const total = usesTotal ? next() : undefined
      const minutes = usesMinutes ? next() : undefined
      const windows = starts.map((start) => {
        const key = keys[at]!
        const packed = next()
        if (packed !== undefined) onWindow(key, start + width, packed)
        return packed
      })
      if (width !== FINE_MS) {
        const isRolled = total !== undefined || minutes !== undefined
        onHour(prefix, hour, isRolled, windows.filter((packed) => packed !== undefined).length)
      }
      return { total, minutes, windows }
    })
  }

  return async (prefix, range, readers) => {
    const { width } = range
    const kept = width === FINE_MS ? FINE_KEPT_MS : retentionMs
    const to = Math.min(range.to, now() + AHEAD_MS)
    const spans = spansOf({ ...range, to }, now() - kept - width, readers)
    const fetchSome = async (some: readonly Span[]) => fetch(prefix, range, some)
    await readSpans(spans, fetchSome, readers, { maxSeries, atOnce: HOURS_AT_ONCE })
  }
}
