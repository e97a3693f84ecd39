import { numberOfId } from './frame-id.ts'
import { IDS_KEPT_MS } from './store.ts'

/** The ids of committed frames, kept for IDS_KEPT_MS at least. */
export interface RecentIds {
  has(app: string, id: string, now: number): boolean
  add(app: string, id: string, now: number): void
}

// Whole generations are forgotten, so that forgetting costs nothing.
const GENERATIONS = 3
const GENERATION_MS = IDS_KEPT_MS / (GENERATIONS - 1)

export function createRecentIds(): RecentIds {
  const generations = Array.from({ length: GENERATIONS }, () => new Set<number>())
  let current = 0

  const turnTo = (now: number): Set<number> => {
    const generation = Math.floor(now / GENERATION_MS)
    for (let i = Math.max(current, generation - GENERATIONS); i < generation; i += 1) {
      generations[(i + 1) % GENERATIONS] = new Set()
    }
    current = Math.max(current, generation)
    return generations[current % GENERATIONS]!
  }

  // An id is looked up just before it is added.
  let last = { app: '', id: '', number: 0 }
  const numberOf = (app: string, id: string): number => {
    if (last.id !== id || last.app !== app) last = { app, id, number: numberOfId(app, id) }
    return last.number
  }

  return {
    has: (app, id, now) => {
      turnTo(now)
      const number = numberOf(app, id)
      return generations.some((generation) => generation.has(number))
    },
    add: (app, id, now) => {
      turnTo(now).add(numberOf(app, id))
    },
  }
}
