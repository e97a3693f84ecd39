import { LATE_MS } from '../../aggregate/body.ts'
import { kindOf } from '../../model/series.ts'
import { type Unique, createUnique, mergeUnique } from '../../model/unique.ts'
import { WIDTH_1M, type SeriesSink, type WindowReader } from '../../model/window-reader.ts'
import { type Store } from '../../store/store.ts'

/** What the unique series of one app saw in the last hour. */
export interface RecentUniques {
  /** Reads what may have changed since the last call, the last complete minute at least; `beside` is shown the same. */
  update(now: number, beside: WindowReader): Promise<void>
  /** The values of one series in all of the hour; undefined when there were none. */
  of(key: string): Unique | undefined
}

/** What the gauge of a unique series tells of, ms. */
export const UNIQUES_MS = 3_600_000
/** Windows that late lines may still come for are read again each minute, the last two each time. */
const REREAD_MS = WIDTH_1M
const OPEN_MS = LATE_MS + WIDTH_1M

/** Keeps what windows held that nothing comes for any more: sixty windows for each scrape are too many. */
export function createRecentUniques(store: Store, app: string): RecentUniques {
  const known = new Map<number, Map<string, Unique>>()
  /** When all that may have changed was last read, ms since 1970. */
  let reread = -Infinity

  return {
    update: async (now, beside) => {
      const isDue = now - reread >= REREAD_MS
      const lastMinute = now - (now % WIDTH_1M) - WIDTH_1M
      const from = isDue ? now - (now - reread > OPEN_MS ? UNIQUES_MS : OPEN_MS) : lastMinute
      const read = new Map<number, Map<string, Unique>>()
      const range = { width: WIDTH_1M, from, to: now + WIDTH_1M } as const
      await store.read(app, range, [uniquesInto(read), beside])
      // Only now: what could not be read, or is still being read, is read by the next scrape too.
      if (isDue) reread = now
      for (const [start, uniques] of read) known.set(start, uniques)
      for (const start of known.keys())
        if (start + WIDTH_1M <= now - UNIQUES_MS) known.delete(start)
    },
    of: (key) => {
      let sum: Unique | undefined
      for (const uniques of known.values()) {
        const unique = uniques.get(key)
        if (unique !== undefined) mergeUnique((sum ??= createUnique()), unique)
      }
      return sum
    },
  }
}

/** Adds up the unique series of windows by their starts and keys. */
function uniquesInto(windows: Map<number, Map<string, Unique>>): WindowReader {
  const windowAt = (start: number): Map<string, Unique> => {
    let window = windows.get(start)
    if (window === undefined) windows.set(start, (window = new Map()))
    return window
  }
  const uniqueAt = (start: number, key: string): Unique => {
    const window = windowAt(start)
    let unique = window.get(key)
    if (unique === undefined) window.set(key, (unique = createUnique()))
    return unique
  }
  return {
    acceptsRollups: false,
    onHeader: windowAt,
    seriesSink: (key) => [(start) => uniqueAt(start, key)],
    seriesSinkByPrefix: (head) => (kindOf(head) === 'unique' ? undefined : NOWHERE),
  }
}

const NOWHERE: readonly SeriesSink[] = []
