import { execFileSync, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { median, quantileOf } from './median.ts'
import { inTurn, postLoad } from './post-load.ts'
import { PROFILES, type Profile, profileBodies } from './profiles.ts'
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
 * memory, beside a server that splits and uses regular expressions, and beside bare ones, which throw
 * bodies away: what HTTP, TLS and a round trip to Redis take on this machine. Each row is the median of
 * `--starts` starts, because V8 may be slow in one start and fast in the next; all take turns, because
 * so may the machine. Each is measured after `--warm` posts: V8 compiles all the while before.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '6' },
    starts: { type: 'string', default: '5' },
    connections: { type: 'string', default: '8' },
    profile: { type: 'string', default: 'small' },
    warm: { type: 'string', default: '20000' },
    only: { type: 'string', default: '' },
    check: { type: 'boolean', default: false },
  },
})

const SERVE = join(import.meta.dirname, '../src/bin/serve.js')
const NAIVE = join(import.meta.dirname, 'peers/naive-server.js')
const BARE = join(import.meta.dirname, 'peers/bare-server.js')
const SECRET = 'a secret of the bench that is long enough'
const LINES = 40_000

const profile = values.profile as Profile
if (!PROFILES.includes(profile)) throw new Error(`--profile is one of ${PROFILES.join(', ')}`)

function authorization(app: string): string {
  const token = createHmac('sha256', SECRET).update(`drain:${app}`).digest('base64url')
  return `Basic ${Buffer.from(`${app}:${token}`).toString('base64')}`
}

const secrets = { DRAIN_SECRETS: SECRET, METRICS_TOKEN: SECRET }
const SPLIT = 'split + regex, 100 lines'
const folder = mkdtempSync(join(tmpdir(), 'l2met-bench-'))

interface Case {
  readonly name: string
  readonly args: readonly string[]
  readonly env: Record<string, string>
  readonly lines: number
  readonly tls?: boolean
  /** The name of the case that does the least that this one has to do. */
  readonly bare?: string
}

interface Result {
  /** Of the server's CPU for a body. */
  readonly micros: number
  readonly p99: number
  /** At most, MB. */
  readonly rss: number
}

const certificate = makeCertificate()
const redis = await startRedis()
const l2met = [...SERVER_FLAGS, SERVE]
const bare = [...SERVER_FLAGS, BARE]
const withRedis = { REDIS_URL: redis.url }
const withTls = { ...secrets, ...certificate }
const cases: Case[] = [
  { name: 'memory, 100 lines', args: l2met, env: secrets, lines: 100, bare: 'bare, 100 lines' },
  { name: 'memory, 10 lines', args: l2met, env: secrets, lines: 10, bare: 'bare, 10 lines' },
  {
    name: 'memory, TLS, 100 lines',
    args: l2met,
    env: withTls,
    lines: 100,
    tls: true,
    bare: 'bare, TLS, 100 lines',
  },
  {
    name: 'Redis, 100 lines',
    args: l2met,
    env: { ...secrets, ...withRedis },
    lines: 100,
    bare: 'bare, PING, 100 lines',
  },
  {
    name: SPLIT,
    args: [...SERVER_FLAGS, NAIVE],
    env: {},
    lines: 100,
    bare: 'bare, 100 lines',
  },
  { name: 'bare, 100 lines', args: bare, env: {}, lines: 100 },
  { name: 'bare, 10 lines', args: bare, env: {}, lines: 10 },
  { name: 'bare, TLS, 100 lines', args: bare, env: withTls, lines: 100, tls: true },
  { name: 'bare, PING, 100 lines', args: bare, env: withRedis, lines: 100 },
].filter(({ name }) => name.includes(values.only))

const results = new Map<string, Result[]>(cases.map(({ name }) => [name, []]))
for (let start = 0; start < Number(values.starts); start += 1) {
  for (const one of cases) results.get(one.name)!.push(await measure(one))
}

const all = (name: string, value: (result: Result) => number) =>
  (results.get(name) ?? []).map(value)
const microsOf = (name: string) => all(name, ({ micros }) => micros)
/** How many times the CPU of a peer a case took, by starts that followed each other. */
const timesOf = (name: string, peer: string) => {
  const peers = microsOf(peer)
  return median(
    microsOf(name).flatMap((micros, i) => (peers[i] === undefined ? [] : micros / peers[i])),
  )
}

console.log(
  '| drain | M lines / CPU s | lowest start | µs CPU / POST | times bare | p99 ms | worst start | RSS MB |',
)
console.log('|---|---:|---:|---:|---:|---:|---:|---:|')
for (const { name, lines, bare: peer } of cases) {
  const micros = median(microsOf(name))
  const cells = [
    (lines / micros).toFixed(3),
    (lines / Math.max(...microsOf(name))).toFixed(3),
    micros.toFixed(0),
    peer === undefined ? '' : timesOf(name, peer).toFixed(1),
    median(all(name, ({ p99 }) => p99)).toFixed(2),
    Math.max(...all(name, ({ p99 }) => p99)).toFixed(2),
    median(all(name, ({ rss }) => rss)).toFixed(0),
  ]
  console.log(`| ${name} | ${cells.join(' | ')} |`)
}
const ratios: Ratios = {}
for (const { name, lines } of cases) {
  if (name === SPLIT || name.startsWith('bare')) continue
  const kind = profile === 'small' ? 'drain' : `drain ${profile}`
  ratios[`${kind}: ${name}, to split + regex`] = lines / 100 / timesOf(name, SPLIT)
}
tellRatios(ratios, values.check)
await redis.stop()
rmSync(folder, { recursive: true })

async function measure({ args, env, lines, tls = false }: Case): Promise<Result> {
  const server: ServerProcess = await startServer(args, env)
  let before = 0
  const { posts, latencies } = await postLoad({
    port: server.port,
    nextBody: inTurn(bodiesOfSize(lines)),
    connections: Number(values.connections),
    seconds: Number(values.seconds),
    authorization,
    tls,
    warmPosts: Number(values.warm),
    onWarm: () => (before = server.cpuSeconds()),
  })
  const used = server.cpuSeconds() - before
  const { most } = server.memory()
  await server.stop()
  return { micros: (used / posts) * 1e6, p99: quantileOf(latencies, 0.99), rss: most }
}

/** Bodies of a profile's lines, with the times of now, so many lines in each. */
function bodiesOfSize(size: number) {
  const start = Date.now() - 30_000
  return [...profileBodies(profile, { lines: LINES, start, requestsPerSecond: 2000 }, size)]
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
