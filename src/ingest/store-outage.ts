import type { CommitQueue } from './commit-queue.ts'

/** The store has failed when its oldest unanswered command is this old, ms. */
export const FAILED_MS = 250

/** Tracks since when the store has not answered, for one app and for all of them together. */
export interface StoreOutage {
  /** A command for the app is about to be sent. */
  noteSent(queue: CommitQueue): void
  /** A command for the app was answered. */
  noteAnswer(queue: CommitQueue): void
  /**
   * When the oldest command that the app has to wait for was sent, by performance.now(); undefined
   * while commands are answered. An app waits for the commands of all apps while none of them is
   * answered, and else for its own: one node of a Cluster may be away, or one key be of no use.
   */
  since(queue: CommitQueue): number | undefined
}

export function createStoreOutage(): StoreOutage {
  /** Apps with a command that was not answered yet, or failed. The one that waits longest comes first. */
  const unanswered = new Set<CommitQueue>()
  let lastAnswer = -Infinity

  const sinceOfAll = (): number | undefined => {
    const [oldest] = unanswered
    return oldest && Math.max(oldest.unansweredSince!, lastAnswer)
  }

  return {
    noteSent: (queue) => {
      if (queue.unansweredSince !== undefined) return
      queue.unansweredSince = performance.now()
      unanswered.add(queue)
    },
    noteAnswer: (queue) => {
      lastAnswer = performance.now()
      queue.unansweredSince = undefined
      unanswered.delete(queue)
    },
    since: (queue) => {
      const ofAll = sinceOfAll()
      const own = queue.unansweredSince
      return ofAll === undefined || own === undefined ? (own ?? ofAll) : Math.min(own, ofAll)
    },
  }
}
