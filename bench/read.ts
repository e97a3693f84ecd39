import { setTimeout as sleep } from 'node:timers/promises'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import createFastify, { type FastifyInstance } from 'fastify'
import type { Browser } from 'playwright-core'
import { addLiveRoute } from '../src/server/api/live.ts'
import { addPageRoute } from '../src/server/api/page.ts'
import { addReportRoutes } from '../src/server/api/report.ts'
import { addSeriesRoute } from '../src/server/api/series.ts'
import { createMemoryStore } from '../src/store/memory/memory-store.ts'
import { createRedisStore } from '../src/store/redis/redis-store.ts'
import { WIDTH_1M } from '../src/model/window-reader.ts'
import { type Store } from '../src/store/store.ts'
import { startBrowser } from './page-server.ts'
import { playDay } from './play-day.ts'
import { startBenchRedis } from './redis-process.ts'

/*
 * What it takes to look at a day of one app (100 requests/s, 8 dynos, 50 routes), with the windows in
 * memory and in Redis: `npm run bench:read -- [--hours 24] [--requests 100] [--no-page]`.
 *   - `/api/report` and the charts' `/api/series` over all of it: wall and CPU ms of this process, the
 *     median of several, the first one apart because V8 hasn't compiled anything yet
 *   - the longest time that the process was held up by any of it
 *   - the page: ms from the address to the charts drawn, in a browser that has nothing cached
 * The day is played first, which takes a minute or two.
 */
const { values } = parseArgs({
  options: {
    hours: { type: 'string', default: '24' },
    requests: { type: 'string', default: '100' },
    runs: { type: 'string', default: '15' },
    'no-page': { type: 'boolean', default: false },
  },
})

const APP = 'shop'
const HOUR_MS = 3_600_000
const RETENTION_MS = 24 * HOUR_MS
const STEP_S = 180
const SETTLE_MS = 15_000
const runs = Number(values.runs)
const day = { requests: Number(values.requests), dynos: 8, routes: 50 }
const NAMES = [
  ['report', 'lines', 'events', 'health', 'requests', 'service', 'heat', 'connect', 'errors'],
  ['memory', 'load', 'measure:*', 'count:*', 'sample:*', 'unique:*', 'addon:*'],
]
  .flat()
  .join()

const end = Date.now()
const start = end - Number(values.hours) * HOUR_MS
let clock = () => end
const redis = await startBenchRedis()
const memoryStore = createMemoryStore({ retentionMs: RETENTION_MS, now: () => clock() })
const redisStore = createRedisStore({
  urls: [redis.url],
  retentionMs: RETENTION_MS,
  maxSeries: 10_000,
  trustSelfSigned: false,
  warn: (details, text) => print(`${text} ${JSON.stringify(details)}`),
})
await redisStore.ready
const stores = [
  ['memory', memoryStore],
  ['Redis', redisStore],
] as const
const browser = values['no-page'] ? undefined : await startBrowser()
try {
  const began = performance.now()
  const lines = await playDay([memoryStore, redisStore], APP, day, start, end, (now) => {
    clock = () => now
  })
  clock = Date.now
  print(
    `${lines} lines of ${values.hours} h in ${((performance.now() - began) / 1000).toFixed(0)} s`,
  )
  for (const [, store] of stores) await rolledUp(store)
  // Compactions of the last windows are not what is measured.
  await sleep(SETTLE_MS)
  for (const [name, store] of stores) await measure(name, store)
} finally {
  await browser?.close()
  await redisStore.close()
  await redis.stop()
}

async function measure(name: string, store: Store): Promise<void> {
  const server = createFastify({ forceCloseConnections: true }) as unknown as FastifyInstance
  addReportRoutes(server, { store })
  addSeriesRoute(server, { store })
  addLiveRoute(server, { store })
  await addPageRoute(server, { retentionMs: 86_400_000 })
  const address = await server.listen({ port: 0, host: '127.0.0.1' })
  const range = `app=${APP}&from=${start}&to=${end}`
  const charts = NAMES.replace('report,', '')
  await time(`${name}: /api/report`, `${address}/api/report?${range}`)
  await time(
    `${name}: /api/series, charts`,
    `${address}/api/series?${range}&step=${STEP_S}&name=${charts}`,
  )
  await time(
    `${name}: /api/series, all`,
    `${address}/api/series?${range}&step=${STEP_S}&name=${NAMES}`,
  )
  if (browser !== undefined) await paint(name, browser, address)
  await server.close()
}

/** Waits until hours that are over are rolled up. */
async function rolledUp(store: Store): Promise<void> {
  for (let tries = 0; tries < 120; tries += 1) {
    const starts: number[] = []
    const reader = {
      acceptsRollups: true,
      onHeader: (at: number) => void starts.push(at),
      seriesSink: () => [],
    }
    await store.read(APP, { width: WIDTH_1M, from: start, to: end }, [reader])
    const most = Number(values.hours) + HOUR_MS / WIDTH_1M + 5
    if (starts.length <= most) return print(`${starts.length} windows make up the range`)
    await sleep(1000)
  }
  throw new Error('the hours are not rolled up')
}

async function time(name: string, url: string): Promise<void> {
  const walls: number[] = []
  const cpus: number[] = []
  let held = 0
  let bytes = 0
  for (let run = 0; run <= runs; run += 1) {
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    const cpu = process.cpuUsage()
    const began = performance.now()
    const response = await fetch(url)
    const body = await response.text()
    walls.push(performance.now() - began)
    const { user, system } = process.cpuUsage(cpu)
    cpus.push((user + system) / 1000)
    delay.disable()
    if (run > 0) held = Math.max(held, delay.max / 1e6)
    bytes = body.length
    if (!response.ok) throw new Error(`${url} answered ${response.status}: ${body}`)
  }
  const [first, ...rest] = walls
  print(
    `${name.padEnd(32)} ${ms(median(rest))} ms wall (${ms(Math.min(...rest))} at best, ${ms(first!)} the first), ` +
      `${ms(median(cpus.slice(1)))} ms CPU, held up ${ms(held)} ms at most, ${(bytes / 1024).toFixed(0)} kB`,
  )
}

async function paint(name: string, browser: Browser, address: string): Promise<void> {
  const times: number[] = []
  for (let run = 0; run < 7; run += 1) {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    await page.goto(`${address}/?app=${APP}&range=24h&live=0`, { waitUntil: 'commit' })
    await page.waitForSelector('#main[data-state=ready] canvas')
    times.push(Number(await page.evaluate("performance.getEntriesByName('charts')[0].startTime")))
    await page.close()
  }
  print(
    `${`${name}: the page, 24 h`.padEnd(32)} ${ms(median(times))} ms to the charts ` +
      `(${times.map(ms).join(', ')})`,
  )
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!
}

function ms(value: number): string {
  return value.toFixed(0)
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
