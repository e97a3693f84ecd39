import { createOwnDeltaCache } from './own-delta-cache.ts'
import { firstEntry } from '../../codec/append-log.ts'
import type { AppendLogLength } from './commands.ts'
import { type CompactionOptions, LONG_PENDING, createCompaction } from './compaction.ts'
import type { CommitBody } from '../store.ts'

/**
 * Says when pending windows are folded (compaction.ts): merged in their place when they get long, moved
 * when they have waited. Whoever sees a pending window, by a commit or by reading, and finds it begin
 * with the same fine window for some time, moves it: so one of those who are at work does it before
 * the others, and what a receiver that died has left is found.
 */
export interface Compactor {
  /** To be told of a batch that is being sent, before its accumulators are given back. */
  readonly noteSent: (prefix: string, frames: readonly CommitBody[], packed: Buffer) => void
  /** To be told what is pending, and how many bytes of it were added just now. */
  note(prefix: string, pending: AppendLogLength, added: number): void
  /** Resolves when what is pending has been moved into its windows, or could not be. */
  readonly fold: (prefix: string) => Promise<void>
  close(): Promise<void>
}

/** What is pending is moved after so long, and up to as long again, ms. */
const FOLD_MS = 15_000
/** Who has only read it waits so many times as long. */
const READER_PATIENCE = 8
export interface CompactorOptions extends Omit<CompactionOptions, 'ownDeltas'> {
  readonly foldMs?: number | undefined
}

export function createCompactor(options: CompactorOptions): Compactor {
  const { client, now, foldMs = FOLD_MS, warn } = options
  const ownDeltas = createOwnDeltaCache(now)
  const fold = createCompaction({ ...options, ownDeltas })
  /** By prefix: the first fine window that was pending, and when it is folded if it stays that. */
  const seen = new Map<string, { readonly first: number; at: number }>()
  /** By prefix: whether all is to be moved into its windows. */
  const queue = new Map<string, { isMoved: boolean; readonly done: Promise<void> }>()
  let last: Promise<void> = Promise.resolve()
  let isClosed = false
  /** Whether the last fold failed; said once. */
  let isFailing = false

  const run = async (prefix: string) => {
    const { isMoved } = queue.get(prefix)!
    queue.delete(prefix)
    if (isClosed) return
    try {
      if (!(await fold(prefix, isMoved))) seen.delete(prefix)
      isFailing = false
    } catch (error) {
      // It stays pending: right, only longer to read. It is tried again after some time.
      // That there is no connection is said elsewhere.
      if (client.status !== 'ready') return
      if (!isFailing) warn({ err: error }, 'what is pending can not be folded for now')
      isFailing = true
    }
  }

  const enqueue = async (prefix: string, isMoved: boolean): Promise<void> => {
    const queued = queue.get(prefix)
    if (queued !== undefined) {
      queued.isMoved ||= isMoved
      return queued.done
    }
    last = last.then(async () => run(prefix))
    queue.set(prefix, { isMoved, done: last })
    return last
  }

  const note = (prefix: string, { length, head }: AppendLogLength, added: number) => {
    const first = firstEntry(head)
    if (first === undefined) {
      seen.delete(prefix)
      return
    }
    const time = now()
    const known = seen.get(prefix)
    // Who commits goes first, and who only reads waits whether nobody does.
    const wait = foldMs * (added > 0 ? 1 : READER_PATIENCE)
    if (first !== known?.first || known.at > time + 2 * wait) {
      seen.set(prefix, { first, at: time + wait * (1 + Math.random()) })
    }
    const steps = Math.floor(length / LONG_PENDING) - Math.floor((length - added) / LONG_PENDING)
    if (steps > 0) void enqueue(prefix, false)
  }

  const timer = setInterval(
    () => {
      const time = now()
      for (const [prefix, state] of seen) {
        if (state.at > time) continue
        state.at = time + foldMs * (1 + Math.random())
        void enqueue(prefix, true)
      }
    },
    Math.min(1000, foldMs),
  ).unref()

  return {
    noteSent: ownDeltas.add,
    note,
    fold: async (prefix) => enqueue(prefix, true),
    close: async () => {
      isClosed = true
      clearInterval(timer)
      await last
    },
  }
}
