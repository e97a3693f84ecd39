import { LATE_MS } from '../../aggregate/body.ts'
import { kindOf } from '../../model/series.ts'
import { type Unique, createUnique, mergeUnique } from '../../model/unique.ts'
import type { Window } from '../../model/window.ts'
import { windowsInto } from '../../store/read-windows.ts'
import { COARSE_MS, type Store, type WindowReader } from '../../store/store.ts'

/** What the unique series of one app saw in the last hour. */
export interface RecentUniques {
  /** Reads what may have changed since the last call, the last complete minute at least; `beside` is shown the same. */
  update(now: number, beside: WindowReader): Promise<void>
  /** The values of one series in all of the hour; undefined when there were none. */
  of(key: string): Unique | undefined
}

const HOUR_MS = 3_600_000
/** Windows that late lines may still come for are read again each minute, the last two each time. */
const REREAD_MS = COARSE_MS
const OPEN_MS = LATE_MS + COARSE_MS

/** Keeps what windows held that nothing comes for any more: sixty windows for each scrape are too many. */
export function createRecentUniques(store: Store, app: string): RecentUniques {
  const known = new Map<number, Map<string, Unique>>()
  let reread = -Infinity

  return {
    update: async (now, beside) => {
      let from = now - (now % COARSE_MS) - COARSE_MS
      if (now - reread >= REREAD_MS) {
        from = now - (now - reread > OPEN_MS ? HOUR_MS : OPEN_MS)
        reread = now
      }
      const windows = new Map<number, Window>()
      const range = { width: COARSE_MS, from, to: now + COARSE_MS } as const
      await store.read(app, range, [windowsInto(windows, isUnique), beside])
      for (const [start, window] of windows) known.set(start, uniquesOf(window))
      for (const start of known.keys()) if (start + COARSE_MS <= now - HOUR_MS) known.delete(start)
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

function isUnique(head: string): boolean {
  return kindOf(head) === 'unique'
}

function uniquesOf({ cells }: Window): Map<string, Unique> {
  const uniques = new Map<string, Unique>()
  for (const [key, cell] of cells) if (cell.kind === 'unique') uniques.set(key, cell)
  return uniques
}
