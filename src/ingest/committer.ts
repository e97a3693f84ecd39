import { randomBytes } from 'node:crypto'
import { createCommitTimes, type BodyResult } from './self-metrics.ts'
import {
  type Entry,
  type CommitQueue,
  type QueuedBody,
  type Waiter,
  enqueue,
  createCommitQueue,
} from './commit-queue.ts'
import { createPacker } from '../codec/packer.ts'
import { createRecentIds } from '../store/recent-ids.ts'
import { type CommitWork, runCommits } from './commit-worker.ts'
import { spillBody } from './spill.ts'
import type { Store } from '../store/store.ts'

/** Brings bodies into the store. What `add` resolves may be acknowledged. */
export interface Committer {
  /**
   * Resolves when the body is committed, or held after the store was away for too long; it isn't
   * counted again then. Rejects with RefusedError when the body could be neither committed nor held.
   */
  add(app: string, body: QueuedBody): Promise<BodyResult>
  /** Lines held in memory because the store can't be reached. */
  spilledLines(): number
  /** Commits what is held, for at most `limitMs`; resolves with what was acknowledged and is lost. */
  stop(limitMs: number): Promise<Lost>
}

export interface Lost {
  readonly bodies: number
  readonly lines: number
}

/** Neither committed nor held: the sender has to keep the body. */
export class RefusedError extends Error {
  override name = 'RefusedError'
}

export interface CommitterOptions {
  /** A sender waits this long for the store before its body is held, ms. */
  readonly holdMs: number
  /** What may be held, bytes. */
  readonly spillBytes: number
}

/** A sender waits this long at most, ms: Logplex gives up after five seconds. */
const REFUSE_MS = 4000
const TICK_MS = 50
const STOP_TICK_MS = 20
const DUPLICATE = Promise.resolve<BodyResult>('duplicate')

export function createCommitter(store: Store, options: CommitterOptions): Committer {
  const { holdMs, spillBytes } = options
  const packer = createPacker()
  // Of this process: most duplicates need not reach the store.
  const committed = createRecentIds()
  const queues = new Map<string, CommitQueue>()
  const ownPrefix = randomBytes(8).toString('base64url')
  let ownIds = 0
  let heldBytes = 0
  let heldLines = 0
  let isStopped = false
  let ticker: NodeJS.Timeout | undefined

  const queueOf = (app: string): CommitQueue => {
    let queue = queues.get(app)
    if (queue === undefined) queues.set(app, (queue = createCommitQueue(app)))
    return queue
  }

  const finish = (queue: CommitQueue, entry: Entry): Waiter[] => {
    entry.isDone = true
    queue.pending.delete(entry.id)
    // What a Map has held may look alive to the garbage collector for some time: not its body too.
    entry.body = undefined
    if (entry.spilled !== undefined) {
      heldBytes -= entry.spilled.size
      heldLines -= entry.spilled.lines
    }
    return takeWaiters(entry)
  }

  const refuse = (queue: CommitQueue, entry: Entry, fault: unknown) => {
    const error = new RefusedError('the store could not take a body, nor could it be held', {
      cause: fault,
    })
    for (const { reject } of finish(queue, entry)) reject(error)
  }

  const work: CommitWork = {
    store,
    times: createCommitTimes(),
    isStopped: () => isStopped,
    pauses: new Set(),
    settle: (queue, entry, result) => {
      if (entry.isDone) return
      answer(finish(queue, entry), result)
      if (!entry.id.startsWith(ownPrefix)) committed.add(queue.app, entry.id, performance.now())
    },
    fail: (queue, entry, fault) => {
      for (const { reject } of finish(queue, entry)) reject(fault)
    },
    refuseAll: (queue, fault) => {
      for (const entry of queue.waiting) if (!entry.isDone) refuse(queue, entry, fault)
    },
  }

  /** Holds a body in memory if there is room for it, and answers its sender. */
  const hold = (queue: CommitQueue, entry: Entry): boolean => {
    if (heldBytes >= spillBytes) return false
    const spilled = spillBody(entry.body!, packer)
    if (heldBytes + spilled.size > spillBytes) return false
    entry.spilled = spilled
    entry.body = undefined
    heldBytes += spilled.size
    heldLines += spilled.lines
    queue.spilled.push(entry)
    answer(takeWaiters(entry), 'spilled')
    return true
  }

  const tick = () => {
    const now = performance.now()
    let isBusy = false
    for (const queue of queues.values()) {
      for (const entry of queue.waiting) {
        if (entry.isDone || entry.spilled !== undefined) continue
        isBusy = true
        if (now - entry.since < holdMs || hold(queue, entry)) continue
        if (now - entry.since >= REFUSE_MS) refuse(queue, entry, queue.fault)
      }
      queue.waiting = queue.waiting.filter(
        ({ isDone, spilled }) => !isDone && spilled === undefined,
      )
    }
    if (isBusy) return
    clearInterval(ticker)
    ticker = undefined
  }

  // No async function: what it would keep for each body is old garbage by the time of the answer.
  const add = (app: string, body: QueuedBody): Promise<BodyResult> => {
    // An id of our own for a body that has none, so that at least our own attempts are recognised.
    const id = body.id ?? `${ownPrefix}${(ownIds += 1)}`
    const since = performance.now()
    if (committed.has(app, id, since)) return DUPLICATE
    if (isStopped) return Promise.reject(new RefusedError('the server has stopped'))
    const queue = queueOf(app)
    const known = queue.pending.get(id)
    if (known?.spilled !== undefined) return DUPLICATE
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject }
      if (known !== undefined) {
        known.waiters.push(waiter)
        return
      }
      enqueue(queue, {
        id,
        since,
        body,
        spilled: undefined,
        waiters: [waiter],
        wasTried: false,
        isDone: false,
      })
      void runCommits(queue, work)
      ticker ??= setInterval(tick, TICK_MS).unref()
    })
  }

  const stop = async (limitMs: number): Promise<Lost> => {
    const end = performance.now() + limitMs
    while (
      performance.now() < end &&
      [...queues.values()].some(({ pending }) => pending.size > 0)
    ) {
      await new Promise((resolve) => setTimeout(resolve, STOP_TICK_MS))
    }
    isStopped = true
    clearInterval(ticker)
    const lost = { bodies: 0, lines: 0 }
    for (const queue of queues.values()) {
      for (const entry of queue.pending.values()) {
        if (entry.spilled === undefined) refuse(queue, entry, queue.fault)
        else {
          lost.bodies += 1
          lost.lines += entry.spilled.lines
        }
      }
    }
    return lost
  }

  return { add, spilledLines: () => heldLines, stop }
}

function takeWaiters(entry: Entry): Waiter[] {
  const { waiters } = entry
  entry.waiters = []
  return waiters
}

/** The first waiter brought the body; the others brought copies of it. */
function answer(waiters: readonly Waiter[], result: BodyResult): void {
  for (const [i, { resolve }] of waiters.entries()) resolve(i === 0 ? result : 'duplicate')
}
