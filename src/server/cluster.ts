import cluster, { type Worker } from 'node:cluster'
import type { FastifyBaseLogger } from 'fastify'

const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 30_000
/** A process that lived this long died of something new: the next wait is short again, ms. */
const STEADY_MS = 60_000

/**
 * Keeps `count` processes of this program serving until a signal comes, then waits for all of them;
 * resolves with the exit code. A process that dies is replaced, after longer and longer waits; when
 * one dies before any has listened, starting has failed and all stop.
 */
export function superviseProcesses(options: {
  readonly count: number
  /** Signals that are for the processes and stop nothing. */
  readonly passOn: readonly NodeJS.Signals[]
  readonly log: FastifyBaseLogger
}): Promise<number> {
  const { count, passOn, log } = options
  const started = new Map<number, number>()
  const timers = new Set<NodeJS.Timeout>()
  let wait = FIRST_WAIT_MS
  let hasListened = false
  let isStopping = false
  let code = 0

  const fork = () => {
    const worker = cluster.fork()
    started.set(worker.id, performance.now())
  }

  const replace = (worker: Worker, how: string) => {
    const lived = performance.now() - (started.get(worker.id) ?? 0)
    started.delete(worker.id)
    if (lived > STEADY_MS) wait = FIRST_WAIT_MS
    log.error({ pid: worker.process.pid, how, waitMs: wait }, 'a process died; starting another')
    const timer = setTimeout(() => {
      timers.delete(timer)
      fork()
    }, wait)
    timers.add(timer)
    wait = Math.min(wait * 2, LONGEST_WAIT_MS)
  }

  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals) => {
      isStopping = true
      for (const timer of timers) clearTimeout(timer)
      signalAll(signal)
      resolveWhenDone()
    }

    const resolveWhenDone = () => {
      if (isStopping && workers().length === 0) resolve(code)
    }

    cluster.on('listening', () => (hasListened = true))
    cluster.on('exit', (worker, exitCode, signal) => {
      const how = signal === null ? `exit code ${exitCode}` : signal
      if (isStopping || !hasListened) {
        if (!GOOD_ENDS.has(how)) code = 1
        if (!isStopping) stop('SIGTERM')
      } else replace(worker, how)
      resolveWhenDone()
    })
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(signal))
    for (const signal of passOn) process.on(signal, () => signalAll(signal))
    log.info({ processes: count }, 'starting processes')
    for (let i = 0; i < count; i += 1) fork()
  })
}

/** By our own signal too: a process that is only starting hasn't learnt to stop. */
const GOOD_ENDS = new Set(['exit code 0', 'SIGTERM', 'SIGINT'])

function workers(): Worker[] {
  return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)
}

function signalAll(signal: NodeJS.Signals): void {
  for (const worker of workers()) worker.process.kill(signal)
}
