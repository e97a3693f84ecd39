import { execFileSync, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { scanFrames } from '../src/frame/octets.ts'
import { bodiesOf } from './log-lines.ts'
import { median, quantileOf } from './median.ts'
import { inTurn, postLoad } from './post-load.ts'
import { type Ratios, tellRatios } from './ratios.ts'
import {
  SERVER_FLAGS,
  type ServerProcess,
  endWithUs,
  freePort,
  startServer,
} from './server-process.ts'

/**
 * The drain over HTTP on loopback: million lines per CPU second of the server, acknowledgement p99,
 * memory, beside a server that splits and uses regular expressions. Each row is the median of
 * `--starts` starts, because V8 may be slow in one start and fast in the next.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '6' },
    starts: { type: 'string', default: '5' },
    connections: { type: 'string', default: '8' },
    only: { type: 'string', default: '' },
    check: { type: 'boolean', default: false },
  },
})

const SERVE = join(import.meta.dirname, '../src/bin/serve.js')
const NAIVE = join(import.meta.dirname, 'peers/naive-server.js')
const SECRET = 'a secret of the bench that is long enough'
const APP = 'shop'
const LINES = 40_000
/** V8 takes some thousand posts to get fast. */
const WARM_POSTS = 3000

const token = createHmac('sha256', SECRET).update(`drain:${APP}`).digest('base64url')
const authorization = `Basic ${Buffer.from(`${APP}:${token}`).toString('base64')}`
const secrets = { DRAIN_SECRETS: SECRET, METRICS_TOKEN: SECRET }
const folder = mkdtempSync(join(tmpdir(), 'l2met-bench-'))

interface Case {
  readonly name: string
  readonly args: readonly string[]
  readonly env: Record<string, string>
  readonly lines: number
  readonly tls?: boolean
}

const certificate = makeCertificate()
const redis = await startRedis()
const cases: Case[] = [
  { name: 'memory, 100 lines', args: [...SERVER_FLAGS, SERVE], env: secrets, lines: 100 },
  { name: 'memory, 10 lines', args: [...SERVER_FLAGS, SERVE], env: secrets, lines: 10 },
  {
    name: 'memory, TLS, 100 lines',
    args: [...SERVER_FLAGS, SERVE],
    env: { ...secrets, ...certificate },
    lines: 100,
    tls: true,
  },
  {
    name: 'Redis, 100 lines',
    args: [...SERVER_FLAGS, SERVE],
    env: { ...secrets, REDIS_URL: redis.url },
    lines: 100,
  },
  { name: 'split + regex, 100 lines', args: [...SERVER_FLAGS, NAIVE], env: {}, lines: 100 },
].filter(({ name }) => name.includes(values.only))

const ratios: Ratios = {}
const speeds = new Map<string, number>()
console.log(
  '| drain | M lines / CPU s | lowest start | µs CPU / POST | p99 ms | worst start | RSS MB |',
)
console.log('|---|---:|---:|---:|---:|---:|---:|')
for (const one of cases) {
  const results = []
  for (let start = 0; start < Number(values.starts); start += 1) results.push(await measure(one))
  const speed = median(results.map(({ linesPerCpu }) => linesPerCpu))
  speeds.set(one.name, speed)
  const cells = [
    (speed / 1e6).toFixed(3),
    (Math.min(...results.map(({ linesPerCpu }) => linesPerCpu)) / 1e6).toFixed(3),
    ((one.lines / speed) * 1e6).toFixed(0),
    median(results.map(({ p99 }) => p99)).toFixed(2),
    Math.max(...results.map(({ p99 }) => p99)).toFixed(2),
    median(results.map(({ rss }) => rss)).toFixed(0),
  ]
  console.log(`| ${one.name} | ${cells.join(' | ')} |`)
}
const naive = speeds.get('split + regex, 100 lines') ?? NaN
for (const [name, speed] of speeds) {
  if (!name.startsWith('split')) ratios[`drain: ${name}, to split + regex`] = speed / naive
}
tellRatios(ratios, values.check)
await redis.stop()
rmSync(folder, { recursive: true })

async function measure({ args, env, lines, tls = false }: Case) {
  const server: ServerProcess = await startServer(args, env)
  let before = 0
  const { posts, latencies } = await postLoad({
    port: server.port,
    nextBody: inTurn(bodiesOfSize(lines)),
    connections: Number(values.connections),
    seconds: Number(values.seconds),
    authorization,
    tls,
    warmPosts: WARM_POSTS,
    onWarm: () => (before = server.cpuSeconds()),
  })
  const used = server.cpuSeconds() - before
  const { most } = server.memory()
  await server.stop()
  return { linesPerCpu: (posts * lines) / used, p99: quantileOf(latencies, 0.99), rss: most }
}

/** Bodies of the model's lines, with the times of now, so many lines in each. */
function bodiesOfSize(lines: number): Buffer[] {
  const messages: Buffer[] = []
  for (const { bytes } of bodiesOf({
    lines: LINES,
    start: Date.now() - 30_000,
    requestsPerSecond: 2000,
  })) {
    scanFrames(
      bytes,
      (start, end) => messages.push(bytes.subarray(start, end)),
      () => {},
    )
  }
  const bodies: Buffer[] = []
  for (let at = 0; at + lines <= messages.length; at += lines) {
    const parts = messages.slice(at, at + lines).flatMap((m) => [Buffer.from(`${m.length} `), m])
    bodies.push(Buffer.concat(parts))
  }
  return bodies
}

function makeCertificate(): Record<string, string> {
  const key = join(folder, 'key.pem')
  const cert = join(folder, 'cert.pem')
  const subject = ['-subj', '/CN=localhost', '-days', '2', '-nodes', '-newkey', 'rsa:2048']
  execFileSync('openssl', ['req', '-x509', ...subject, '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  })
  return { TLS_KEY_FILE: key, TLS_CERT_FILE: cert }
}

async function startRedis(): Promise<{ url: string; stop: () => Promise<void> }> {
  const port = await freePort()
  const options = ['--port', String(port), '--save', '', '--appendonly', 'no', '--dir', folder]
  const child = spawn('redis-server', options, { stdio: 'ignore' })
  endWithUs(child)
  await sleep(500)
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: async () => {
      child.kill()
      await once(child, 'exit')
    },
  }
}
