import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { bodyOfSecond } from './day.ts'
import { median, quantileOf } from './median.ts'
import { postLoad } from './post-load.ts'
import { startBenchRedis } from './redis-process.ts'
import { startServer } from './server-process.ts'

/**
 * How long one receiver with a local Redis takes to acknowledge, under 64 drains and under one, each
 * with one request in flight as Logplex has; and what Redis and the receiver use for it. Each row is
 * the median of `--starts` starts.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '6' },
    starts: { type: 'string', default: '3' },
    case: { type: 'string', default: '' },
    node: { type: 'string', default: '' },
    check: { type: 'boolean', default: false },
  },
})

const SERVE = join(import.meta.dirname, '../src/bin/serve.js')
// V8 takes some thousand commits to get fast, and Node accepts one connection a turn.
const WARM_SECONDS = 10
const CASES = [
  { drains: 1, lines: 1, limitMs: 3 },
  { drains: 1, lines: 100, limitMs: 3 },
  { drains: 64, lines: 10, limitMs: 15 },
  { drains: 64, lines: 100, limitMs: 15 },
] as const

process.stdout.write(
  'drains  lines/frame  frames/s   lines/s  p50 ms  p99 ms  max ms  Redis ms  receiver ms (CPU per 1,000 lines)\n',
)
for (const { drains, lines, limitMs } of CASES) {
  if (values.case !== '' && values.case !== `${drains}x${lines}`) continue
  const rows: number[][] = []
  for (let i = 0; i < Number(values.starts); i += 1) rows.push(await measure(drains, lines))
  const row = rows[0]!.map((_, column) => median(rows.map((each) => each[column]!)))
  const [frames, p50, p99, max, redisMs, receiverMs] = row as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  process.stdout.write(
    [
      String(drains).padStart(6),
      String(lines).padStart(12),
      frames.toFixed(0).padStart(9),
      (frames * lines).toFixed(0).padStart(9),
      ...[p50, p99, max].map((ms) => ms.toFixed(2).padStart(7)),
      redisMs.toFixed(2).padStart(9),
      receiverMs.toFixed(2).padStart(12),
      p99 <= limitMs ? '' : `  p99 above ${limitMs} ms`,
    ].join(' ') + '\n',
  )
  if (values.check && p99 > limitMs) process.exitCode = 1
}

async function measure(drains: number, lines: number): Promise<number[]> {
  const redis = await startBenchRedis()
  const env = { REDIS_URL: redis.url, DRAIN_SECRETS: '', METRICS_TOKEN: '' }
  const server = await startServer(
    ['--max-semi-space-size=1', ...values.node.split(' ').filter(Boolean), SERVE],
    env,
  )
  const app = { requests: lines, dynos: 8, routes: 50 }
  const from = Date.now() - 60_000
  const bodies = Array.from({ length: 60 }, (_, i) => bodyOfSecond(app, from + i * 1000))
  let before = [0, 0]
  const { posts, seconds, latencies } = await postLoad({
    port: server.port,
    bodies,
    connections: drains,
    seconds: Number(values.seconds),
    warmSeconds: WARM_SECONDS,
    onWarm: () => (before = [redis.cpuSeconds(), server.cpuSeconds()]),
  })
  const perThousand = (cpu: number) => (cpu * 1e6) / (posts * lines)
  const row = [
    posts / seconds,
    quantileOf(latencies, 0.5),
    quantileOf(latencies, 0.99),
    Math.max(...latencies),
    perThousand(redis.cpuSeconds() - before[0]!),
    perThousand(server.cpuSeconds() - before[1]!),
  ]
  await server.stop()
  await redis.stop()
  return row
}
