import cluster, { type Worker } from 'node:cluster'
import type { FastifyBaseLogger } from 'fastify'
import { type Place, serveFleet } from './fleet.ts'
import { PROCESS_VARIABLE } from './self-metrics.ts'

/** A process that lived less long died young, ms. */
const YOUNG_MS = 10_000
/** So many young deaths of a place in a row are made good at once. */
const FREE_RESTARTS = 3
const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 30_000

/**
 * Keeps `count` processes of this program serving until a signal comes, then waits for all of them;
 * resolves with the exit code. A process that dies is replaced at once, and after longer and longer waits
 * when its successors die young as well; when one dies before any has listened, starting has failed and
 * all stop.
 */
export function superviseProcesses(options: {
  readonly count: number
  /** Signals that are for the processes and stop nothing. */
  readonly passOn: readonly NodeJS.Signals[]
  readonly log: FastifyBaseLogger
}): Promise<number> {
  const { count, passOn, log } = options
  const places: SupervisedPlace[] = Array.from({ length: count }, (_, i) => {
    return { process: `${i + 1}`, worker: undefined, restarts: 0, startedAt: 0, youngDeaths: 0 }
  })
  const timers = new Set<NodeJS.Timeout>()
  let hasListened = false
  let isStopping = false
  let code = 0

  const fork = (place: SupervisedPlace) => {
    place.startedAt = performance.now()
    place.worker = cluster.fork({ [PROCESS_VARIABLE]: place.process })
  }

  const replace = (place: SupervisedPlace, worker: Worker, how: string) => {
    const isYoung = performance.now() - place.startedAt < YOUNG_MS
    place.worker = undefined
    place.restarts += 1
    place.youngDeaths = isYoung ? place.youngDeaths + 1 : 0
    const waitMs = waitAfter(place.youngDeaths)
    log.error(
      { pid: worker.process.pid, process: place.process, how, waitMs },
      'A process died; another one is started',
    )
    const timer = setTimeout(() => {
      timers.delete(timer)
      fork(place)
    }, waitMs)
    timers.add(timer)
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
      } else {
        const place = places.find((one) => one.worker === worker)
        if (place !== undefined) replace(place, worker, how)
      }
      resolveWhenDone()
    })
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(signal))
    for (const signal of passOn) process.on(signal, () => signalAll(signal))
    log.info({ processes: count }, 'starting processes')
    serveFleet(places)
    for (const place of places) fork(place)
  })
}

interface SupervisedPlace extends Place {
  /** By performance.now(). */
  startedAt: number
  /** In a row. */
  youngDeaths: number
}

/** How long a place stays empty after so many young deaths, ms. */
export function waitAfter(youngDeaths: number): number {
  const more = youngDeaths - FREE_RESTARTS
  return more <= 0 ? 0 : Math.min(FIRST_WAIT_MS * 2 ** (more - 1), LONGEST_WAIT_MS)
}

/** By our own signal too: a process that is only starting hasn't learnt to stop. */
const GOOD_ENDS = new Set(['exit code 0', 'SIGTERM', 'SIGINT'])

function workers(): Worker[] {
  return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)
}

function signalAll(signal: NodeJS.Signals): void {
  for (const worker of workers()) worker.process.kill(signal)
}
