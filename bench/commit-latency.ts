import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { freshBodies } from './day.ts'
import { median, quantileOf } from './median.ts'
import { postLoad } from './post-load.ts'
import { startBenchRedis } from './redis-process.ts'
import { SERVER_FLAGS, startServer } from './server-process.ts'

/**
 * How long one receiver with a local Redis takes to acknowledge frames of the lines of now, under 64
 * drains and under one; and what Redis and the receiver use for it. Each drain has at most one
 * request in flight, as Logplex has: in a closed loop it sends the next as soon as it has its answer,
 * which is all that the machine can do; at a rate, as drains do, it sends so many frames a second.
 * Each row is the median of `--starts` starts. In each, a server that splits, uses a regular
 * expression for a line and waits for a PONG of Redis gets the same bodies: what a machine does to who
 * computes a little and waits a little, it does to both. `--case 64x10` runs one, `--routes` says how
 * many routes the lines are of, so how many series they have, `--node` gives the server flags of node.
 * What is measured begins after `--warm` posts: V8 compiles for some ten thousand commits.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '6' },
    starts: { type: 'string', default: '3' },
    case: { type: 'string', default: '' },
    routes: { type: 'string', default: '50' },
    warm: { type: 'string', default: '20000' },
    node: { type: 'string', default: SERVER_FLAGS.join(' ') },
    check: { type: 'boolean', default: false },
  },
})

interface Case {
  readonly drains: number
  readonly lines: number
  /** Frames a second of each drain; undefined for a closed loop. */
  readonly rate?: number
  /** What acknowledgements may take, p99. */
  readonly limitMs: number
}

const SERVE = join(import.meta.dirname, '../src/bin/serve.js')
const NAIVE = join(import.meta.dirname, 'peers/naive-server.js')
const BODIES = 60
const CASES: readonly Case[] = [
  { drains: 1, lines: 1, limitMs: 3 },
  { drains: 1, lines: 10, limitMs: 3 },
  { drains: 1, lines: 100, limitMs: 3 },
  { drains: 64, lines: 10, limitMs: 15 },
  { drains: 64, lines: 100, limitMs: 15 },
  { drains: 1, lines: 100, rate: 20, limitMs: 3 },
  { drains: 64, lines: 10, rate: 8, limitMs: 15 },
  { drains: 64, lines: 100, rate: 4, limitMs: 15 },
]

process.stdout.write(
  'drains  lines/frame  each frames/s  frames/s   lines/s  p50 ms  p99 ms  max ms  peer p50  peer p99  Redis ms  receiver ms (CPU per 1,000 lines)\n',
)
for (const one of CASES) {
  const { drains, lines, rate, limitMs } = one
  const name = `${drains}x${lines}${rate === undefined ? '' : `@${rate}`}`
  if (values.case !== '' && values.case !== name) continue
  const found: Figures[] = []
  const peer: Figures[] = []
  for (let i = 0; i < Number(values.starts); i += 1) {
    found.push(await measure(SERVE, one))
    peer.push(await measure(NAIVE, one))
  }
  const frames = middle(found, 'frames')
  const p99 = middle(found, 'p99')
  process.stdout.write(
    [
      String(drains).padStart(6),
      String(lines).padStart(12),
      (rate === undefined ? 'closed' : String(rate)).padStart(14),
      frames.toFixed(0).padStart(9),
      (frames * lines).toFixed(0).padStart(9),
      ...[middle(found, 'p50'), p99, middle(found, 'max')].map((ms) => ms.toFixed(2).padStart(7)),
      ...[middle(peer, 'p50'), middle(peer, 'p99')].map((ms) => ms.toFixed(2).padStart(9)),
      middle(found, 'redisMs').toFixed(2).padStart(9),
      middle(found, 'receiverMs').toFixed(2).padStart(12),
      p99 <= limitMs ? '' : `  p99 above ${limitMs} ms`,
    ].join(' ') + '\n',
  )
  if (values.check && p99 > limitMs) process.exitCode = 1
}

/** Of one start: frames a second, ms to an acknowledgement, CPU ms for 1,000 lines. */
interface Figures {
  readonly frames: number
  readonly p50: number
  readonly p99: number
  readonly max: number
  readonly redisMs: number
  readonly receiverMs: number
}

function middle(starts: readonly Figures[], name: keyof Figures): number {
  return median(starts.map((figures) => figures[name]))
}

async function measure(script: string, { drains, lines, rate }: Case): Promise<Figures> {
  const redis = await startBenchRedis()
  const env = { REDIS_URL: redis.url, DRAIN_SECRETS: '', METRICS_TOKEN: '' }
  const server = await startServer([...values.node.split(' ').filter(Boolean), script], env)
  let before = [0, 0]
  const day = { requests: lines, dynos: 8, routes: Number(values.routes) }
  const nextBytes = freshBodies(day, BODIES)
  const { posts, seconds, latencies } = await postLoad({
    port: server.port,
    nextBody: () => ({ app: '', bytes: nextBytes() }),
    connections: drains,
    seconds: Number(values.seconds),
    warmPosts: Number(values.warm),
    onWarm: () => (before = [redis.cpuSeconds(), server.cpuSeconds()]),
    rate,
  })
  const perThousand = (cpu: number) => (cpu * 1e6) / (posts * lines)
  const figures = {
    frames: posts / seconds,
    p50: quantileOf(latencies, 0.5),
    p99: quantileOf(latencies, 0.99),
    max: Math.max(...latencies),
    redisMs: perThousand(redis.cpuSeconds() - before[0]!),
    receiverMs: perThousand(server.cpuSeconds() - before[1]!),
  }
  await server.stop()
  await redis.stop()
  return figures
}
