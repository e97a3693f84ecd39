import type { Store } from '../../src/store/store.ts'

/** What the next commits do: work, fail before anything is written, or fail after it was. */
export type Mood = 'well' | 'away' | 'mute'

/** A store whose connection a test can take away. */
export interface FlakyStore extends Store {
  mood: Mood
  /** While set, commits wait for it before they do anything. */
  gate: Promise<void> | undefined
  /** How many frames each commit had. */
  readonly batches: number[]
}

export function createFlakyStore(store: Store): FlakyStore {
  const flaky: FlakyStore = {
    ...store,
    mood: 'well',
    gate: undefined,
    batches: [],
    commit: async (app, frames) => {
      flaky.batches.push(frames.length)
      // As the port says: the frames are read before the promise is returned.
      const written = flaky.mood === 'away' ? undefined : store.commit(app, frames)
      await flaky.gate
      if (written === undefined) throw new Error('no connection')
      const known = await written
      if (flaky.mood === 'mute') throw new Error('the connection was lost before the answer')
      return known
    },
  }
  return flaky
}
