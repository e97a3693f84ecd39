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
import { RefusedError, noteRefused, settleRefusal } from './refusal.ts'
import { spillBody } from './spill.ts'
import { FAILED_MS, createStoreOutage } from './store-outage.ts'
import { type Store, UnsafeStoreError } from '../store/store.ts'

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

export interface CommitterOptions {
  /** Bodies are held from this long after the oldest unanswered command was sent, ms. */
  readonly holdMs: number
  /** A store that is slow, and has not failed, is waited for this long, ms: what is held is not in it. */
  readonly slowMs?: number
  /** What may be held, bytes. */
  readonly spillBytes: number
  /** Called with the time that each commit took, s. */
  readonly noteCommit?: (seconds: number) => void
}

/** A sender waits this long at most, ms: Logplex gives up after five seconds. */
const REFUSE_MS = 4000
/** A body is held after this long though the store answers, ms: it can't keep up. */
const BACKLOG_MS = 1000
const TICK_MS = 25
const STOP_TICK_MS = 20
const DUPLICATE = Promise.resolve<BodyResult>('duplicate')

export function createCommitter(store: Store, options: CommitterOptions): Committer {
  const { holdMs, slowMs = 0, spillBytes } = options
  const packer = createPacker()
  // Of this process: most duplicates need not reach the store.
  const committed = createRecentIds()
  const queues = new Map<string, CommitQueue>()
  /** Those with bodies. */
  const active = new Set<CommitQueue>()
  const outage = createStoreOutage()
  const heldAfterMs = Math.max(holdMs, FAILED_MS)
  const backlogMs = Math.max(holdMs, slowMs, BACKLOG_MS)
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
    if (queue.pending.size === 0) active.delete(queue)
    // What a Map has held may look alive to the garbage collector for some time: not its body too.
    entry.body = undefined
    if (entry.spilled !== undefined) {
      heldBytes -= entry.spilled.size
      heldLines -= entry.spilled.lines
    }
    return takeWaiters(entry)
  }

  const refuse = (queue: CommitQueue, entry: Entry, fault: unknown) => {
    for (const { reject } of finish(queue, entry)) {
      const wasCommitted = noteRefused(queue, entry)
      reject(new RefusedError(NEITHER, wasCommitted, { cause: fault }))
    }
    // Its refusal is to be counted as soon as the store is back, though the app may send nothing more.
    if (queue.pending.size === 0 && !isStopped) start(queue, newEntry(ownId(), Infinity, NOTHING))
  }

  const work: CommitWork = {
    store,
    times: createCommitTimes(options.noteCommit),
    outage,
    isStopped: () => isStopped,
    pauses: new Set(),
    settle: (queue, entry, result) => {
      settleRefusal(queue, entry.id, entry.isDone ? result === 'committed' : result === 'duplicate')
      if (entry.isDone) return
      if (result === 'duplicate' && entry.spilled !== undefined) entry.onLateDuplicate?.()
      answer(finish(queue, entry), result)
      if (!entry.id.startsWith(ownPrefix)) committed.add(queue.app, entry.id, performance.now())
    },
    fail: (queue, entry, fault) => {
      for (const { reject } of finish(queue, entry)) reject(fault)
    },
    refuseAll: (queue, fault) => {
      const waiting = queue.waiting.filter(({ isDone, since }) => !isDone && since !== Infinity)
      for (const entry of waiting) refuse(queue, entry, fault)
    },
  }

  /** Holds a body in memory if there is room for it, and answers its sender. */
  const isHeld = (queue: CommitQueue, entry: Entry): boolean => {
    if (entry.since === Infinity || heldBytes >= spillBytes) return false
    // It would be acknowledged, and then not be kept.
    if (queue.fault instanceof UnsafeStoreError) return false
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
    for (const queue of active) {
      const since = outage.since(queue) ?? Infinity
      const limitMs = queue.fault === undefined ? Math.max(heldAfterMs, slowMs) : heldAfterMs
      const hasFailed = now - since >= limitMs
      for (const entry of queue.waiting) {
        if (entry.isDone || entry.spilled !== undefined) continue
        const age = now - entry.since
        if ((hasFailed || age >= backlogMs) && isHeld(queue, entry)) continue
        if (age >= REFUSE_MS) refuse(queue, entry, queue.fault)
      }
    }
    if (active.size > 0) return
    clearInterval(ticker)
    ticker = undefined
  }

  const ownId = (): string => `${ownPrefix}${(ownIds += 1)}`

  const start = (queue: CommitQueue, entry: Entry) => {
    active.add(queue)
    enqueue(queue, entry)
    void runCommits(queue, work)
    ticker ??= setInterval(tick, TICK_MS).unref()
  }

  // No async function: what it would keep for each body is old garbage by the time of the answer.
  const add = (app: string, body: QueuedBody): Promise<BodyResult> => {
    // An id of our own for a body that has none, so that at least our own attempts are recognised.
    const id = body.id ?? ownId()
    const since = performance.now()
    if (committed.has(app, id, since)) return DUPLICATE
    if (isStopped) {
      const wasCommitted = new Promise<boolean>(() => {})
      return Promise.reject(new RefusedError('the server has stopped', wasCommitted))
    }
    const queue = queueOf(app)
    const known = queue.pending.get(id)
    if (known?.spilled !== undefined) return DUPLICATE
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject }
      if (known !== undefined) {
        known.waiters.push(waiter)
        return
      }
      const entry = newEntry(id, since, body)
      entry.waiters.push(waiter)
      start(queue, entry)
    })
  }

  const stop = async (limitMs: number): Promise<Lost> => {
    const end = performance.now() + limitMs
    // Refusals that were settled at last are still to be counted: they come in the next turn.
    do await new Promise((resolve) => setTimeout(resolve, STOP_TICK_MS))
    while (performance.now() < end && [...active].some(hasBodies))
    isStopped = true
    clearInterval(ticker)
    const lost = { bodies: 0, lines: 0 }
    for (const queue of active) {
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

const NEITHER = 'the store could not take a body, nor could it be held'
const NOTHING: QueuedBody = { id: undefined, size: 0, count: () => {} }

function newEntry(id: string, since: number, body: QueuedBody): Entry {
  return {
    id,
    since,
    body,
    spilled: undefined,
    waiters: [],
    isSent: false,
    wasTried: false,
    isDone: false,
    onLateDuplicate: body.onLateDuplicate,
  }
}

function hasBodies({ pending }: CommitQueue): boolean {
  return [...pending.values()].some(({ since }) => since !== Infinity)
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
