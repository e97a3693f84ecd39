import { measureCommit, type BodyResult } from './self-metrics.ts'
import type { Committer } from './committer.ts'
import { MAX_BATCH_BYTES, type QueuedBody } from './commit-queue.ts'
import type { MemoryStore } from '../store/memory/memory-store.ts'

/**
 * Brings bodies into a store of this process: there is nothing to hold or to lose. What comes in one
 * turn of the event loop is counted one after the other, while the cells are in the cache, and then
 * answered: each answer wakes its sender, which is dear while there is more to count.
 */
export function createMemoryCommitter(
  store: MemoryStore,
  noteCommit: (seconds: number) => void = () => {},
): Committer {
  let waiting: Waiting[] = []

  const countOne = ({ app, body, resolve, reject }: Waiting) => {
    const since = performance.now()
    try {
      const isNew = store.countOnce(app, body.id, (open) => {
        body.count(open)
        const seconds = (performance.now() - since) / 1000
        measureCommit(open[0]!.acc, seconds)
        noteCommit(seconds)
      })
      resolve(isNew ? 'committed' : 'duplicate')
    } catch (error) {
      reject(error)
    }
  }

  const countBatch = () => {
    let bytes = 0
    const end = waiting.findIndex(({ body }) => (bytes += body.size) >= MAX_BATCH_BYTES)
    const batch = waiting.splice(0, end < 0 ? waiting.length : end + 1)
    if (waiting.length > 0) setImmediate(countBatch)
    for (const one of batch) countOne(one)
  }

  return {
    add: (app, body) =>
      new Promise((resolve, reject) => {
        if (waiting.length === 0) setImmediate(countBatch)
        waiting.push({ app, body, resolve, reject })
      }),
    spilledLines: () => 0,
    stop: async () => ({ bodies: 0, lines: 0 }),
  }
}

interface Waiting {
  readonly app: string
  readonly body: QueuedBody
  readonly resolve: (result: BodyResult) => void
  readonly reject: (error: unknown) => void
}
