import type { Entry } from './entry.ts'
import type { Random } from './random.ts'

/** One dyno of the modelled app. */
export interface DemoDyno {
  readonly name: string
  readonly type: 'web' | 'worker'
  /** How many times longer than the others it takes. */
  readonly slowness: number
  /** Second of each 20 in which its runtime metrics are written. */
  readonly phase: number
  /** Changes with every start, as on Heroku. */
  instance: string
  started: number
  isOverQuota: boolean
}

const COMMANDS = {
  web: 'bundle exec puma -C config/puma.rb',
  worker: 'bundle exec sidekiq -q default',
}
const QUOTA_MB = 512
const REPORT_SECONDS = 20
const MINUTE = 60_000

export function createDyno(
  name: string,
  options: { random: Random; now: number; phase: number; slowness: number },
): DemoDyno {
  return {
    name,
    type: name.startsWith('web') ? 'web' : 'worker',
    slowness: options.slowness,
    phase: options.phase,
    instance: instanceId(options.random),
    started: options.now,
    isOverQuota: false,
  }
}

/** A line of the dyno manager about a dyno. */
function dynoLine(dyno: DemoDyno, time: number, message: string, event?: string): Entry {
  return {
    time,
    app: 'heroku',
    proc: dyno.name,
    message,
    facts: [
      ['line', 'platform', 1],
      ...(event === undefined ? [] : ([['dynoEvent', `${dyno.type} ${event}`, 1]] as const)),
    ],
  }
}

/** The lines of a dyno that is stopped, started again and comes up: about four seconds. */
export function restartLines(dyno: DemoDyno, time: number, random: Random): Entry[] {
  return [
    dynoLine(dyno, time, 'Restarting'),
    dynoLine(dyno, time + 4, 'State changed from up to starting'),
    ...stopLines(dyno, time + 300),
    ...startLines(dyno, time + 1200, random, 'up'),
  ]
}

/** The lines of a dyno that is stopped. */
export function stopLines(dyno: DemoDyno, time: number): Entry[] {
  return [
    dynoLine(dyno, time, 'Stopping all processes with SIGTERM', 'stopping'),
    dynoLine(dyno, time + 500, 'Process exited with status 143', 'exited'),
  ]
}

/** The lines of a dyno that starts and then is up, or crashes. */
export function startLines(
  dyno: DemoDyno,
  time: number,
  random: Random,
  end: 'up' | 'crashed',
): Entry[] {
  dyno.instance = instanceId(random)
  dyno.started = time
  dyno.isOverQuota = false
  const starting = dynoLine(dyno, time, `Starting process with command \`${COMMANDS[dyno.type]}\``)
  if (end === 'up') {
    return [starting, dynoLine(dyno, time + 900, 'State changed from starting to up', 'up')]
  }
  return [
    starting,
    dynoLine(dyno, time + 250, 'Process exited with status 1', 'exited'),
    dynoLine(dyno, time + 260, 'State changed from starting to crashed', 'crashed'),
  ]
}

/** What log-runtime-metrics writes of a dyno: two lines each 20 seconds, none in the others. */
export function runtimeLines(dyno: DemoDyno, time: number, random: Random): Entry[] {
  if (Math.floor(time / 1000) % REPORT_SECONDS !== dyno.phase) return []
  const head = `source=${dyno.name} dyno=heroku.12345678.${dyno.instance}`
  const rss = dyno.isOverQuota ? 512 + random.next() * 20 : 220 + random.next() * 60
  const cache = 4 + random.next() * 8
  const swap = dyno.isOverQuota ? 20 + random.next() * 15 : 0
  const minutes = (time - dyno.started) / MINUTE
  const pages = Math.floor(minutes * 9000) + 120_000
  const memory = [
    `memory_total=${(rss + cache + swap).toFixed(2)}MB`,
    `memory_rss=${rss.toFixed(2)}MB`,
    `memory_cache=${cache.toFixed(2)}MB`,
    `memory_swap=${swap.toFixed(2)}MB`,
    `memory_pgpgin=${pages}pages`,
    `memory_pgpgout=${Math.floor(pages * 0.6)}pages`,
    `memory_quota=${QUOTA_MB}.00MB`,
  ]
  return [
    runtimeLine(dyno, time, `${head} ${samples(loads(minutes, dyno, random))}`),
    runtimeLine(dyno, time + 0.4, `${head} ${samples(memory)}`),
    ...(dyno.isOverQuota ? overQuotaLines(dyno, time + 90, random) : []),
  ]
}

/** R14 comes as a pair: how much memory, then the error. */
export function overQuotaLines(dyno: DemoDyno, time: number, random: Random): Entry[] {
  const used = random.between(536, 566)
  const percent = ((used / QUOTA_MB) * 100).toFixed(1)
  return [
    dynoLine(dyno, time, `Process running mem=${used}M(${percent}%)`),
    {
      ...dynoLine(dyno, time + 2, 'Error R14 (Memory quota exceeded)'),
      facts: [
        ['line', 'platform', 1],
        ['dynoError', `R14 ${dyno.name}`, 1],
      ],
    },
  ]
}

// The longer averages are missing in a dyno's first minutes.
function loads(minutes: number, dyno: DemoDyno, random: Random): string[] {
  const load = (0.3 + random.next() * 0.6) * dyno.slowness
  return [
    `load_avg_1m=${load.toFixed(2)}`,
    ...(minutes < 1 ? [] : [`load_avg_5m=${(load * 0.9).toFixed(2)}`]),
    ...(minutes < 5 ? [] : [`load_avg_15m=${(load * 0.8).toFixed(2)}`]),
  ]
}

function samples(pairs: readonly string[]): string {
  return pairs.map((pair) => `sample#${pair}`).join(' ')
}

function runtimeLine(dyno: DemoDyno, time: number, message: string): Entry {
  return { time, app: 'heroku', proc: dyno.name, message, facts: RUNTIME }
}

const RUNTIME = [['line', 'runtime', 1]] as const

function instanceId(random: Random): string {
  return random.uuid()
}
