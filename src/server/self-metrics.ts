import { AggregatorRegistry, Counter, Gauge, Histogram, Registry } from 'prom-client'

/** What a process reports of itself, whether or not it can reach its store. */
export interface SelfMetrics {
  /** Number of the process on its machine, from 1. */
  readonly process: string
  readonly noteCommit: (seconds: number) => void
  readonly snapshot: () => Promise<Snapshot>
}

/** Metrics as prom-client passes them between processes. */
export type Snapshot = Awaited<ReturnType<Registry['getMetricsAsJSON']>>

export interface SelfState {
  readonly isStoreUp: () => boolean
  readonly spilledLines: () => number
  /** Of the store's clock against that of this machine, s. */
  readonly clockOffset: () => number
}

const COMMIT_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
/** The number of a process of a fleet, in its environment. */
export const PROCESS_VARIABLE = 'L2MET_PROCESS'
export const SELF_CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE

export function createSelfMetrics(state: SelfState): SelfMetrics {
  const name = process.env[PROCESS_VARIABLE] ?? '1'
  const registry = new Registry()
  const common = { registers: [registry], labelNames: ['process'] }
  const labels = { process: name }

  const gauge = (metric: string, help: string, read: () => number) => {
    const one: Gauge = new Gauge({
      ...common,
      name: metric,
      help,
      collect: () => one.set(labels, read()),
    })
  }

  gauge('l2met_store_up', '1 while the process can use its store, else 0.', () =>
    state.isStoreUp() ? 1 : 0,
  )
  gauge(
    'l2met_spill_lines',
    'Lines that are acknowledged and wait in the memory of the process until the store takes them.',
    state.spilledLines,
  )
  gauge(
    'l2met_clock_offset_seconds',
    'Time of the store minus time of this machine, in seconds, by the sample with the shortest round trip.',
    state.clockOffset,
  )
  gauge(
    'l2met_process_start_time_seconds',
    'When the process started, in seconds since 1970.',
    () => performance.timeOrigin / 1000,
  )
  gauge('l2met_process_resident_memory_bytes', 'Resident memory of the process, in bytes.', () =>
    process.memoryUsage.rss(),
  )
  const cpu: Counter = new Counter({
    ...common,
    name: 'l2met_process_cpu_seconds_total',
    help: 'CPU time of the process, in seconds.',
    collect: () => {
      const { user, system } = process.cpuUsage()
      cpu.reset()
      cpu.inc(labels, (user + system) / 1e6)
    },
  })
  const commits = new Histogram({
    ...common,
    name: 'l2met_commit_seconds',
    help: 'Time that a commit of the process to the store took, in seconds.',
    buckets: COMMIT_BUCKETS,
  })
  commits.zero(labels)

  return {
    process: name,
    noteCommit: (seconds) => commits.observe(labels, seconds),
    snapshot: async () => registry.getMetricsAsJSON(),
  }
}

/** What is known of one process of the machine. */
export interface ProcessState {
  readonly process: string
  readonly restarts: number
  /** undefined when it didn't answer: it is dead, or busy for too long. */
  readonly snapshot: Snapshot | undefined
}

/** Renders the metrics of all processes. */
export async function joinSnapshots(states: readonly ProcessState[]): Promise<string> {
  const registry = new Registry()
  const common = { registers: [registry], labelNames: ['process'] }
  const up = new Gauge({
    ...common,
    name: 'l2met_process_up',
    help: '1 while the process answers, else 0.',
  })
  const restarts = new Counter({
    ...common,
    name: 'l2met_process_restarts_total',
    help: 'How often the process died and was replaced since the first was started.',
  })
  for (const { process: name, restarts: n, snapshot } of states) {
    up.set({ process: name }, snapshot === undefined ? 0 : 1)
    restarts.inc({ process: name }, n)
  }
  const snapshots = states.flatMap(({ snapshot }) => snapshot ?? [])
  const metrics = [await registry.getMetricsAsJSON()]
  for (const { snapshot } of states) if (snapshot !== undefined) metrics.push(snapshot)
  return snapshots.length === 0
    ? registry.metrics()
    : AggregatorRegistry.aggregate(metrics).metrics()
}
