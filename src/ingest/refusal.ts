import type { CommitQueue, Entry } from './commit-queue.ts'
import type { Store } from '../store/store.ts'

/** Neither committed nor held: the sender has to keep the body. */
export class RefusedError extends Error {
  override name = 'RefusedError'
  /** Resolves when the store can be asked, with whether it took the body nevertheless. */
  readonly wasCommitted: Promise<boolean>

  constructor(message: string, wasCommitted: Promise<boolean>, options?: ErrorOptions) {
    super(message, options)
    this.wasCommitted = wasCommitted
  }
}

export interface Refusal {
  /** Whether an attempt may have been written. */
  isSent: boolean
  /** One for each time that the body was refused. */
  readonly onKnown: ((wasCommitted: boolean) => void)[]
}

/** Refusals of an app that are looked up; more of them count as refused. */
const MAX_REFUSED = 1000
/** How many refused bodies are looked up at once. */
const MAX_LOOKED_UP = 64

/**
 * Asks the store which of the refused bodies it took nevertheless. `witness` is an id that it knows, so
 * that this batch is not written.
 */
export async function lookUpRefused(
  queue: CommitQueue,
  witness: string,
  store: Store,
): Promise<void> {
  const sent = [...queue.refused].filter(([, { isSent }]) => isSent).slice(0, MAX_LOOKED_UP)
  const ids = [witness, ...sent.map(([id]) => id)]
  const known = await store.commit(
    queue.app,
    ids.map((id) => ({ id, deltas: [] })),
  )
  const committed = new Set(known.map((i) => ids[i]))
  const settled = [...queue.refused].filter(([id, { isSent }]) => !isSent || ids.includes(id))
  for (const [id] of settled) settleRefusal(queue, id, committed.has(id))
}

/** Resolves when it is known whether a refused body was committed. */
export async function noteRefused({ refused }: CommitQueue, entry: Entry): Promise<boolean> {
  const { id, isSent } = entry
  const known = refused.get(id)
  if (known === undefined && refused.size >= MAX_REFUSED) return false
  const refusal = known ?? { isSent: false, onKnown: [] }
  refusal.isSent ||= isSent
  refused.set(id, refusal)
  return new Promise((resolve) => refusal.onKnown.push(resolve))
}

/** Reports what became of a refused body; of several refusals of one body only the first can have been written. */
export function settleRefusal(queue: CommitQueue, id: string, wasCommitted: boolean): void {
  const refusal = queue.refused.get(id)
  if (refusal === undefined) return
  queue.refused.delete(id)
  for (const [i, onKnown] of refusal.onKnown.entries()) onKnown(wasCommitted && i === 0)
}
