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
import type { Random } from './random.ts'

export type StoreKind = 'redis' | 'cluster'

/** Two receivers before one store, and drains that send to either. */
export interface World {
  readonly kind: StoreKind
  readonly redis: RedisServer | undefined
  readonly cluster: RedisCluster | undefined
  readonly receivers: readonly ReceiverProcess[]
  readonly apps: readonly AppDrains[]
  /** Proxies before the receivers, and before Redis. */
  readonly proxies: readonly FaultProxy[]
  /** For a reader of the store. */
  readonly storeUrl: string
  /** Resolves when both receivers can use the store and hold nothing. */
  readonly untilQuiet: () => Promise<void>
  readonly stop: () => Promise<void>
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
  const storeUrl = redis?.url ?? cluster!.url
  const url = redisProxy === undefined ? storeUrl : `redis://127.0.0.1:${redisProxy.port}`
  const receivers = await Promise.all([startReceiverProcess(url), startReceiverProcess(url)])
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
    receivers,
    apps: drains,
    proxies: redisProxy === undefined ? fronts : [...fronts, redisProxy],
    storeUrl,
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
    },
  }
}

async function isQuiet(receiver: ReceiverProcess): Promise<boolean> {
  return (await receiver.isReady()) && (await receiver.held()) === 0
}

async function startReceiverProcess(
  url: string,
): Promise<ReceiverProcess & { readonly port: number }> {
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const env = { REDIS_URL: url, PORT: `${port}` }
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
