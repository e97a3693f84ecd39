import { firstEntry } from '../../codec/append-log.ts'
import { type CompactionOptions, LONG_LOG, createCompaction } from './compaction.ts'

/**
 * Decides when append logs are compacted (compaction.ts): merged in place when they get long, moved
 * when they have waited. Whoever sees a log, by a commit or by reading, and finds it begin with the same
 * 10 s window for some time, moves it: one of the receivers does it before the others, and the log of a
 * receiver that died is found.
 */
export interface Compactor {
  /** Notes the log of an app, and how many bytes of it were appended just now. */
  note(prefix: string, log: AppendLogLength, added: number): void
  /** Resolves when the log has been moved into its windows, or could not be. */
  readonly compact: (prefix: string) => Promise<void>
  close(): Promise<void>
}

export interface AppendLogLength {
  /** Bytes. */
  readonly length: number
  /** The first of them, LOG_HEAD at least if there are as many. */
  readonly head: Buffer
}

/** A log is moved after so long, and up to as long again, ms. */
const FOLD_MS = 15_000
/** A receiver that has only read it waits so many times as long. */
const READER_PATIENCE = 8

export interface CompactorOptions extends CompactionOptions {
  readonly foldMs?: number | undefined
  readonly warn: (details: object, text: string) => void
}

export function createCompactor(options: CompactorOptions): Compactor {
  const { values, now, foldMs = FOLD_MS, warn } = options
  const compact = createCompaction(options)
  /** By prefix: the first window of its log, and when that is compacted if it stays the first. */
  const seen = new Map<string, { readonly first: number; at: number }>()
  /** By prefix: whether all is to be moved into its windows. */
  const queue = new Map<string, { isMoved: boolean; readonly done: Promise<void> }>()
  let last: Promise<void> = Promise.resolve()
  let isClosed = false
  /** Whether the last compaction failed; logged once. */
  let isFailing = false

  const run = async (prefix: string) => {
    const { isMoved } = queue.get(prefix)!
    queue.delete(prefix)
    if (isClosed) return
    try {
      if (!(await compact(prefix, isMoved))) seen.delete(prefix)
      isFailing = false
    } catch (error) {
      // The log stays: right, only longer to read. It is tried again after some time.
      if (!values.isReachable()) return
      if (!isFailing) warn({ err: error }, 'An append log can not be compacted for now')
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
    // A committer goes first; a reader waits whether nobody commits.
    const wait = foldMs * (added > 0 ? 1 : READER_PATIENCE)
    if (first !== known?.first || known.at > time + 2 * wait) {
      seen.set(prefix, { first, at: time + wait * (1 + Math.random()) })
    }
    const steps = Math.floor(length / LONG_LOG) - Math.floor((length - added) / LONG_LOG)
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
    note,
    compact: async (prefix) => enqueue(prefix, true),
    close: async () => {
      isClosed = true
      clearInterval(timer)
      await last
    },
  }
}
