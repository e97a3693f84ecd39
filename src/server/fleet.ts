import cluster, { type Worker } from 'node:cluster'
import type { ProcessState, SelfMetrics, Snapshot } from './self-metrics.ts'

/*
 * How the processes of one machine learn of each other: the one that is asked for metrics asks the
 * primary, which asks all of them.
 */

/** Slower processes are shown as down, ms. */
const ANSWER_MS = 1000
/** The primary gives up before the process that asked it does, ms. */
const GATHER_MS = 700

type Message =
  | { readonly l2met: 'ask-fleet' | 'ask-process'; readonly id: number }
  | { readonly l2met: 'process'; readonly id: number; readonly snapshot: Snapshot }
  | { readonly l2met: 'fleet'; readonly id: number; readonly states: readonly ProcessState[] }

/** Resolves with the processes of this machine; of this one alone when the primary doesn't answer. */
export async function askFleet(self: SelfMetrics): Promise<readonly ProcessState[]> {
  const own = async () => [{ process: self.process, restarts: 0, snapshot: await self.snapshot() }]
  if (!cluster.isWorker) return own()
  const id = nextId()
  const states = await new Promise<readonly ProcessState[] | undefined>((resolve) => {
    const end = (found?: readonly ProcessState[]) => {
      clearTimeout(timer)
      process.off('message', onMessage)
      resolve(found)
    }
    const timer = setTimeout(end, ANSWER_MS)
    const onMessage = (message: Message) => {
      if (message.l2met === 'fleet' && message.id === id) end(message.states)
    }
    process.on('message', onMessage)
    process.send?.({ l2met: 'ask-fleet', id } satisfies Message, () => {})
  })
  return states ?? own()
}

/** Answers the primary from now on. */
export function answerFleet(self: SelfMetrics): void {
  if (!cluster.isWorker) return
  process.on('message', (message: Message) => {
    if (message.l2met !== 'ask-process') return
    void self.snapshot().then((snapshot) => {
      process.send?.({ l2met: 'process', id: message.id, snapshot } satisfies Message, () => {})
    })
  })
}

/** A place for a process, which is filled again when the process dies. */
export interface Place {
  readonly process: string
  worker: Worker | undefined
  restarts: number
}

/** Lets the primary answer those that ask for all processes. */
export function serveFleet(places: readonly Place[]): void {
  cluster.on('message', (asker, message: Message) => {
    if (message.l2met !== 'ask-fleet') return
    void Promise.all(places.map(askPlace)).then((states) => {
      if (!asker.isConnected()) return
      asker.send({ l2met: 'fleet', id: message.id, states } satisfies Message, () => {})
    })
  })
}

async function askPlace({ process: name, restarts, worker }: Place): Promise<ProcessState> {
  const state = { process: name, restarts }
  if (worker?.isConnected() !== true) return { ...state, snapshot: undefined }
  const id = nextId()
  const snapshot = await new Promise<Snapshot | undefined>((resolve) => {
    const end = (found?: Snapshot) => {
      clearTimeout(timer)
      worker.off('message', onMessage)
      resolve(found)
    }
    const timer = setTimeout(end, GATHER_MS)
    const onMessage = (message: Message) => {
      if (message.l2met === 'process' && message.id === id) end(message.snapshot)
    }
    worker.on('message', onMessage)
    worker.send({ l2met: 'ask-process', id } satisfies Message, () => {})
  })
  return { ...state, snapshot }
}

let lastId = 0

function nextId(): number {
  lastId += 1
  return lastId
}
