import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { HOUR_MS, WIDTH_1M } from '../src/model/window-reader.ts'
import { createDiskStore } from '../src/store/disk/disk-store.ts'
import { IDS_KEPT_MS, type Store } from '../src/store/store.ts'
import { freshBodies } from './day.ts'
import { median, quantileOf } from './median.ts'
import { playDay } from './play-day.ts'
import { postLoad } from './post-load.ts'
import { startBenchRedis } from './redis-process.ts'
import { SERVER_FLAGS, startServer } from './server-process.ts'

/*
 * One receiver with the store in memory, in a local Redis and on disk, in turn, each the median of `--starts` starts:
 * acknowledgements of 1 and 64 drains in a closed loop, and lines for each CPU second of the receiver and of Redis.
 * Then a day of one app (100 requests/s, 8 dynos, 50 routes, 100 bodies/s) on disk: bytes, how long a start takes,
 * and memory. `npm run bench:stores -- [--hours 24] [--seconds 5] [--starts 3] [--folder FOLDER] [--check]`
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    starts: { type: 'string', default: '3' },
    warm: { type: 'string', default: '10000' },
    hours: { type: 'string', default: '24' },
    folder: { type: 'string', default: tmpdir() },
    check: { type: 'boolean', default: false },
  },
})

const SERVE = join(import.meta.dirname, '../src/bin/serve.js')
const LINES = 100
const BODIES = 60
const DAY = { requests: 100, dynos: 8, routes: 50 }
const BODIES_PER_SECOND = 100
const MOST_MB = 60
const MOST_START_MS = 1000
const MB = 1e6
const APP = 'shop'
const CHECK_MS = 500
const KINDS = ['memory', 'Redis', 'disk'] as const

interface Figures {
  readonly bodies: number
  readonly p50: number
  readonly p99: number
  /** Lines for each CPU second. */
  readonly lines: number
}

const folders: string[] = []
try {
  await compareStores()
  if (Number(values.hours) > 0) await measureDay()
} finally {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
}

async function compareStores(): Promise<void> {
  process.stdout.write('drains  store   bodies/s  p50 ms  p99 ms  lines/CPU s  of memory\n')
  for (const drains of [1, 64]) {
    const found = new Map(KINDS.map((kind) => [kind, [] as Figures[]]))
    for (let i = 0; i < Number(values.starts); i += 1)
      for (const [kind, figures] of found) figures.push(await measureLoad(kind, drains))
    const middle = (kind: (typeof KINDS)[number], name: keyof Figures) =>
      median(found.get(kind)!.map((one) => one[name]))
    for (const kind of KINDS) {
      const lines = middle(kind, 'lines')
      process.stdout.write(
        [
          String(drains).padStart(6),
          kind.padEnd(6),
          middle(kind, 'bodies').toFixed(0).padStart(9),
          middle(kind, 'p50').toFixed(2).padStart(7),
          middle(kind, 'p99').toFixed(2).padStart(7),
          lines.toFixed(0).padStart(12),
          (lines / middle('memory', 'lines')).toFixed(2).padStart(10),
        ].join(' ') + '\n',
      )
    }
  }
}

async function measureLoad(kind: (typeof KINDS)[number], drains: number): Promise<Figures> {
  const redis = kind === 'Redis' ? await startBenchRedis() : undefined
  const own = kind === 'disk' ? { DATA_DIR: newFolder() } : undefined
  const env = { DRAIN_SECRETS: '', METRICS_TOKEN: '', REDIS_URL: redis?.url ?? '', ...own }
  const server = await startServer([...SERVER_FLAGS, SERVE], env)
  const cpu = () => server.cpuSeconds() + (redis?.cpuSeconds() ?? 0)
  let before = 0
  const nextBytes = freshBodies({ ...DAY, requests: LINES }, BODIES)
  const { posts, seconds, latencies } = await postLoad({
    port: server.port,
    nextBody: () => ({ app: '', bytes: nextBytes() }),
    connections: drains,
    seconds: Number(values.seconds),
    warmPosts: Number(values.warm),
    onWarm: () => (before = cpu()),
  })
  const used = cpu() - before
  await server.stop()
  await redis?.stop()
  return {
    bodies: posts / seconds,
    p50: quantileOf(latencies, 0.5),
    p99: quantileOf(latencies, 0.99),
    lines: (posts * LINES) / used,
  }
}

async function measureDay(): Promise<void> {
  const folder = newFolder()
  const end = Date.now()
  const start = end - Number(values.hours) * HOUR_MS
  let now = start
  const store = createDiskStore({
    folder,
    maxBytes: 2 ** 40,
    retentionMs: 24 * HOUR_MS,
    maxSeries: 10_000,
    now: () => now,
    warn: (details, text) => process.stderr.write(`${text} ${JSON.stringify(details)}\n`),
    collectMs: CHECK_MS,
    copyMs: 0,
  })
  await store.ready
  let most = 0
  const sizing = setInterval(() => (most = Math.max(most, bytesOf(folder))), CHECK_MS)
  const lines = await playDay([store], APP, DAY, start, end, (time) => (now = time))
  for (let time = end - IDS_KEPT_MS; time < end; time += 1000) {
    const ids = Array.from({ length: BODIES_PER_SECOND }, () => randomBytes(16).toString('hex'))
    now = time
    await store.commit(
      APP,
      ids.map((id) => ({ id, deltas: [] })),
    )
  }
  now = end
  await untilRolledUp(store, start, end, () => (now += 1000))
  clearInterval(sizing)
  await store.close()
  const bytes = bytesOf(folder)
  const empty = await measureStart(newFolder())
  const full = await measureStart(folder)
  process.stdout.write(
    `${lines} lines of ${values.hours} h: ${(bytes / MB).toFixed(1)} MB on disk, ` +
      `${(Math.max(most, bytes) / MB).toFixed(1)} MB at most (at most ${MOST_MB})\n` +
      `start: ${full.ms.toFixed(0)} ms, ${empty.ms.toFixed(0)} with an empty folder (at most ${MOST_START_MS})\n` +
      `memory of the receiver after it: ${full.memory.toFixed(0)} MB, ${empty.memory.toFixed(0)} with an empty folder\n`,
  )
  const isGood = Math.max(most, bytes) <= MOST_MB * MB && full.ms - empty.ms <= MOST_START_MS
  if (values.check && !isGood) process.exitCode = 1
}

/** Reads the day until hours that are over are rolled up. */
async function untilRolledUp(store: Store, from: number, to: number, tick: () => void) {
  for (;;) {
    let windows = 0
    const reader = {
      acceptsRollups: true,
      onHeader: () => void (windows += 1),
      seriesSink: () => [],
    }
    await store.read(APP, { width: WIDTH_1M, from, to }, [reader])
    if (windows <= Number(values.hours) + HOUR_MS / WIDTH_1M + 5) return
    tick()
    await sleep(CHECK_MS)
  }
}

/** ms until a server with a folder listens, and its memory, MB; medians. */
async function measureStart(folder: string): Promise<{ ms: number; memory: number }> {
  const found: { ms: number; memory: number }[] = []
  for (let i = 0; i < Number(values.starts); i += 1) {
    const began = performance.now()
    const env = { DRAIN_SECRETS: '', METRICS_TOKEN: '', REDIS_URL: '', DATA_DIR: folder }
    const server = await startServer([...SERVER_FLAGS, SERVE], env)
    const ms = performance.now() - began
    await sleep(CHECK_MS)
    found.push({ ms, memory: server.memory().now })
    await server.stop()
  }
  return {
    ms: median(found.map(({ ms }) => ms)),
    memory: median(found.map(({ memory }) => memory)),
  }
}

function newFolder(): string {
  const folder = mkdtempSync(join(values.folder, 'l2met-stores-'))
  folders.push(folder)
  return folder
}

function bytesOf(folder: string): number {
  let bytes = 0
  for (const name of readdirSync(folder))
    bytes += statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0
  return bytes
}
