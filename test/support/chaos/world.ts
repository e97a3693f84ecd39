import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BuiltServer, startBuiltServer } from '../built-server.ts'
import { type FaultProxy, startFaultProxy } from '../fault-proxy.ts'
import { routerLine } from '../app.ts'
import { type DrainLedger, type LogplexDrain, startLogplexDrain } from '../logplex.ts'
import {
  type RedisCluster,
  type RedisServer,
  freePort,
  startRedis,
  startRedisCluster,
} from '../redis.ts'
import { HOUR_MS } from '../../../src/model/window-reader.ts'
import { createDiskStore } from '../../../src/store/disk/disk-store.ts'
import type { Store } from '../../../src/store/store.ts'
import { type Mount, mountDisk, noMounts } from '../mounts.ts'
import { startReceiver } from '../receiver.ts'
import type { Random } from './random.ts'

export type StoreKind = 'redis' | 'cluster' | 'disk'

/** Two receivers before one store, or one with a folder, and drains that send to any. */
export interface World {
  readonly kind: StoreKind
  readonly redis: RedisServer | undefined
  readonly cluster: RedisCluster | undefined
  readonly disk: ChaosDisk | undefined
  readonly receivers: readonly ReceiverProcess[]
  readonly apps: readonly AppDrains[]
  /** Proxies before the receivers, and before Redis. */
  readonly proxies: readonly FaultProxy[]
  /** Opens the store for a reader; receivers that use a folder are stopped before. */
  readonly openStore: () => Promise<{ readonly store: Store; readonly stop: () => Promise<void> }>
  /** Resolves when both receivers can use the store and hold nothing. */
  readonly untilQuiet: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** The folder of a receiver that has one, and the file that sets its clock. */
export interface ChaosDisk {
  /** A disk of its own, where one can be mounted. */
  readonly mount: Mount | undefined
  readonly root: string
  readonly folder: string
  readonly clock: string
}

export interface ReceiverProcess {
  readonly kill: () => Promise<void>
  /** Stops it with SIGTERM; resolves with its exit code. */
  readonly terminate: () => Promise<number | null>
  readonly start: () => Promise<void>
  readonly freeze: (ms: number) => Promise<void>
  /** Lines that it holds now; undefined when it doesn't answer. */
  readonly held: () => Promise<number | undefined>
  /** Whether it can use the store, and has brought back what that forgot. */
  readonly isReady: () => Promise<boolean>
  readonly said: () => string
}

/** The drains of one app: those of two Logplex nodes, and one whose clock is wrong. */
export interface AppDrains {
  readonly app: string
  readonly timely: readonly LogplexDrain[]
  readonly late: LogplexDrain
  readonly future: LogplexDrain
}

const CLOCK_MODULE = join(import.meta.dirname, 'clock.mjs')
const POLL_MS = 100
const SCRAPE_MS = 10_000
const LATE_MS = 20 * 60_000
const FUTURE_MS = 5 * 60_000

export async function startWorld(kind: StoreKind, random: Random, apps: number): Promise<World> {
  const redis =
    kind === 'redis'
      ? await startRedis(['--appendonly', 'yes', '--appendfsync', 'everysec'])
      : undefined
  const cluster = kind === 'cluster' ? await startRedisCluster(1) : undefined
  const redisProxy = redis && (await startFaultProxy(redis.port))
  const disk = kind === 'disk' ? createChaosDisk() : undefined
  const storeUrl = redis?.url ?? cluster?.url
  const url = redisProxy === undefined ? storeUrl : `redis://127.0.0.1:${redisProxy.port}`
  const envs =
    disk === undefined
      ? [{ REDIS_URL: url! }, { REDIS_URL: url! }]
      : [
          {
            DATA_DIR: disk.folder,
            CHAOS_CLOCK: disk.clock,
            NODE_OPTIONS: `--import=${pathToFileURL(CLOCK_MODULE).href}`,
          },
        ]
  const receivers = await Promise.all(envs.map(startReceiverProcess))
  const fronts = await Promise.all(receivers.map(async ({ port }) => startFaultProxy(port)))
  const origin = () => `http://127.0.0.1:${random.pick(fronts).port}`
  const startDrain = (app: string, repeats = 0) =>
    startLogplexDrain({
      origin,
      path: `/logs?app=${app}`,
      tries: Infinity,
      repeats: () => random.next() < repeats,
    })
  const names = Array.from({ length: apps }, (_, i) => `app-${i}`)
  const drains = names.map((app) => ({
    app,
    timely: [startDrain(app, 0.02), startDrain(app)],
    late: startDrain(app),
    future: startDrain(app),
  }))
  return {
    kind,
    redis,
    cluster,
    disk,
    receivers,
    apps: drains,
    proxies: redisProxy === undefined ? fronts : [...fronts, redisProxy],
    openStore: async () => {
      if (disk === undefined) return startReceiver(storeUrl!)
      await Promise.all(receivers.map(async ({ terminate }) => terminate()))
      return openDiskStore(disk.folder)
    },
    untilQuiet: async () => {
      for (;;) {
        const quiet = await Promise.all(receivers.map(isQuiet))
        if (quiet.every(Boolean)) return
        await sleep(POLL_MS)
      }
    },
    stop: async () => {
      await Promise.all(receivers.map(async ({ kill }) => kill()))
      await Promise.all([...fronts, ...(redisProxy ? [redisProxy] : [])].map(async (p) => p.stop()))
      await redis?.stop()
      await cluster?.stop()
      disk?.mount?.stop()
      if (disk !== undefined) rmSync(disk.root, { recursive: true, force: true })
    },
  }
}

async function isQuiet(receiver: ReceiverProcess): Promise<boolean> {
  return (await receiver.isReady()) && (await receiver.held()) === 0
}

function createChaosDisk(): ChaosDisk {
  const mount = noMounts() === undefined ? mountDisk('128m') : undefined
  const root = mount?.path ?? mkdtempSync(join(tmpdir(), 'l2met-chaos-'))
  const clock = join(root, 'clock')
  writeFileSync(clock, '0')
  return { mount, root, folder: join(root, 'data'), clock }
}

async function openDiskStore(folder: string) {
  const store = createDiskStore({
    folder,
    maxBytes: 2 ** 40,
    retentionMs: 24 * HOUR_MS,
    maxSeries: 10_000,
    now: Date.now,
    warn: () => {},
  })
  await store.ready
  return { store, stop: async () => store.close() }
}

async function startReceiverProcess(
  settings: Readonly<Record<string, string>>,
): Promise<ReceiverProcess & { readonly port: number }> {
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const env = { ...settings, PORT: `${port}` }
  let server: BuiltServer = await startBuiltServer(env)
  let said = ''
  const get = async (path: string, limitMs = 2000): Promise<Response | undefined> =>
    fetch(origin + path, { signal: AbortSignal.timeout(limitMs) }).catch(() => undefined)

  return {
    port,
    kill: async () => server.kill(),
    terminate: async () => server.stop(),
    start: async () => {
      said += server.said()
      server = await startBuiltServer(env)
    },
    freeze: async (ms) => {
      server.signal('SIGSTOP')
      await sleep(ms)
      server.signal('SIGCONT')
    },
    held: async () => {
      const text = await (await get('/metrics/process'))?.text().catch(() => undefined)
      const match = /^l2met_spill_lines\{.*\} (\d+)$/m.exec(text ?? '')
      return match === null ? undefined : Number(match[1])
    },
    isReady: async () =>
      (await get('/readyz'))?.status === 200 && (await get('/metrics', SCRAPE_MS))?.status === 200,
    said: () => said + server.said(),
  }
}

/** Writes lines to all drains, as time passes, until it is stopped. */
export function writeAll({ apps }: World, perSecond: number): { readonly stop: () => void } {
  const share = Math.max(1, Math.floor(perSecond / 100 / apps.length / 2))
  let turn = 0
  const timer = setInterval(() => {
    turn += 1
    const now = Date.now()
    const lines = Array<string>(share).fill(routerLine(200, now))
    for (const { timely, late, future } of apps) {
      for (const drain of timely) drain.write(lines)
      if (turn % 10 === 0) late.write([routerLine(200, now - LATE_MS)])
      if (turn % 10 === 5) future.write([routerLine(200, now + FUTURE_MS)])
    }
  }, 10)
  return { stop: () => clearInterval(timer) }
}

/** Sends what is still in the buffers; rejects when that doesn't end. */
export async function endDrains({ apps }: World, limitMs: number): Promise<void> {
  const all = apps.flatMap(({ timely, late, future }) => [...timely, late, future])
  await Promise.all(all.map(async (drain) => drain.end(limitMs)))
}

export function sumOf(
  ledgers: readonly DrainLedger[],
  name: 'acknowledged' | 'frames' | 'displaced',
): number {
  return ledgers.reduce((sum, ledger) => sum + ledger[name], 0)
}
