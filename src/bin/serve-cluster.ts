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
export function superviseProcesses(count: number, log: FastifyBaseLogger): Promise<number> {
  let wait = FIRST_WAIT_MS
  let hasListened = false
  let isStopping = false
  let code = 0
  const started = new Map<number, number>()
  const timers = new Set<NodeJS.Timeout>()

  const fork = () => {
    const worker = cluster.fork()
    started.set(worker.id, performance.now())
  }

  const stop = (signal: NodeJS.Signals) => {
    isStopping = true
    for (const timer of timers) clearTimeout(timer)
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill(signal)
  }

  const replace = (worker: Worker, how: string) => {
    const lived = performance.now() - (started.get(worker.id) ?? 0)
    started.delete(worker.id)
    wait = lived > STEADY_MS ? FIRST_WAIT_MS : Math.min(wait * 2, LONGEST_WAIT_MS)
    log.error({ pid: worker.process.pid, how, waitMs: wait }, 'a process died; starting another')
    const timer = setTimeout(() => {
      timers.delete(timer)
      fork()
    }, wait)
    timers.add(timer)
  }

  return new Promise((resolve) => {
    cluster.on('listening', () => (hasListened = true))
    cluster.on('exit', (worker, exitCode, signal) => {
      if (exitCode !== 0 && (isStopping || !hasListened)) code = 1
      if (!isStopping && hasListened) replace(worker, signal ?? `exit code ${exitCode}`)
      else if (!isStopping) stop('SIGTERM')
      if (isStopping && Object.keys(cluster.workers ?? {}).length === 0) resolve(code)
    })
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(signal))
    log.info({ processes: count }, 'starting processes')
    for (let i = 0; i < count; i += 1) fork()
  })
}
