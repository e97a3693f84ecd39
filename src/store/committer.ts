import type { Frame, Store } from './store.ts'

/** What became of a frame: a spilled one is held in memory and committed when the store is back. */
export type FrameResult = 'committed' | 'duplicate' | 'spilled'

/** Brings frames into the store. What `add` resolves may be acknowledged. */
export interface Committer {
  /** Rejects with RefusedError when the frame could be neither committed nor held. */
  add(app: string, frame: Frame): Promise<FrameResult>
  /** Lines held in memory because the store can't be reached. */
  spilledLines(): number
}

/** Neither committed nor held: the sender has to keep the frame. */
export class RefusedError extends Error {
  override name = 'RefusedError'
}

export function createCommitter(store: Store): Committer {
  return {
    add: async (app, frame) => {
      const known = await store.commit(app, [frame])
      return known.length === 0 ? 'committed' : 'duplicate'
    },
    spilledLines: () => 0,
  }
}
