import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import { createCollector } from '../src/export/prometheus/collect.ts'
import { OPENMETRICS, PROTOBUF, TEXT, renderBody } from '../src/export/prometheus/negotiate.ts'
import {
  type Accumulator,
  contentsOf,
  countValue,
  createAccumulator,
  measure,
  noteTime,
  sample,
} from '../src/model/accumulator.ts'
import { type SeriesTable, createSeriesTable, internSeries } from '../src/model/series-table.ts'
import { createMemoryStore } from '../src/store/memory/memory-store.ts'
import { createRedisStore } from '../src/store/redis/redis-store.ts'
import { WIDTH_1M, WIDTH_10S } from '../src/model/window-reader.ts'
import { type Store } from '../src/store/store.ts'
import { median } from './median.ts'
import { startBenchRedis } from './redis-process.ts'

/*
 * What a scrape of 10,000 series costs: `npm run bench:scrape`. CPU ms
 * of this process, medians; without HTTP. "store" is the part of the collecting that reads the
 * lifetime windows; gzip runs on another thread. All series had values in the last complete minute,
 * and something comes to a fiftieth of them between two scrapes: then nothing that is kept from
 * scrape to scrape is all that is shown. In Redis that is pending until it is folded.
 */
const RUNS = 60
const WARM_UP = 20
const SERIES = 100_000
const RETENTION_MS = 3_600_000
const APP = 'shop'
/** Of so many series one gets a value between two scrapes. */
const LIVELY = 50
const MIXES = [
  { counters: 5000, gauges: 5000, distributions: 0 },
  { counters: 4000, gauges: 4000, distributions: 2000 },
]
const compress = promisify(gzip)

for (const mix of MIXES) {
  const { counters, gauges, distributions } = mix
  print(`${counters} counters, ${gauges} gauges, ${distributions} distributions`)
  const now = Date.now()
  const minute = now - (now % WIDTH_1M)
  const memory = createMemoryStore({
    retentionMs: RETENTION_MS,
    maxSeries: SERIES,
    now: Date.now,
  })
  await measureScrapes('memory', memory, mix, minute)
  const server = await startBenchRedis()
  const redis = createRedisStore({
    urls: [server.url],
    retentionMs: RETENTION_MS,
    maxSeries: SERIES,
    trustSelfSigned: false,
    warn: (details, text) => print(`${text} ${JSON.stringify(details)}`),
  })
  await redis.ready
  await measureScrapes('Redis', redis, mix, minute)
  await redis.close()
  await server.stop()
}

async function measureScrapes(
  name: string,
  store: Store,
  mix: (typeof MIXES)[number],
  minute: number,
): Promise<void> {
  const table = createSeriesTable(SERIES)
  const commit = async (acc: Accumulator) => {
    const { last } = contentsOf(acc)
    const start = last - (last % WIDTH_10S)
    await store.commit(APP, [{ id: undefined, deltas: [{ start, acc }] }])
  }
  // The last complete minute, this one and those that it is going to take.
  for (let i = -1; i < 3; i += 1) await commit(fill(table, mix, minute + i * WIDTH_1M))
  const collector = createCollector({ store, version: '0' })
  const reading: number[] = []
  const collecting: number[] = []
  for (const format of [TEXT, OPENMETRICS, PROTOBUF]) {
    const rendering: number[] = []
    const all: number[] = []
    const packing: number[] = []
    let bytes = 0
    let packed = 0
    for (let run = 0; run < RUNS; run += 1) {
      await commit(fill(table, mix, Date.now(), LIVELY, run))
      const [read] = await cpuOf(async () => store.totals())
      const [collect, { families }] = await cpuOf(async () => collector.collect())
      const [render, blocks] = await cpuOf(async () => renderBody(format, families))
      const body = Buffer.concat(blocks)
      const [pack, small] = await cpuOf(async () =>
        compress(body, { level: constants.Z_BEST_SPEED }),
      )
      bytes = body.length
      packed = small.length
      if (run < WARM_UP) continue
      reading.push(read)
      collecting.push(collect)
      rendering.push(render)
      all.push(collect + render)
      packing.push(pack)
    }
    const type = format.contentType.split(';')[0]
    print(
      `  ${name}: ${ms(all)} ms (collect ${ms(collecting)}, of it store ${ms(reading)}; render ${ms(rendering)}), ` +
        `${bytes} bytes (${type}); gzip ${ms(packing)} ms, ${packed} bytes`,
    )
  }
}

async function cpuOf<T>(work: () => Promise<T>): Promise<[ms: number, result: T]> {
  const before = process.cpuUsage()
  const result = await work()
  const { user, system } = process.cpuUsage(before)
  return [(user + system) / 1000, result]
}

/** A value for each series, or for each one of so many. */
function fill(
  table: SeriesTable,
  mix: (typeof MIXES)[number],
  now: number,
  step = 1,
  first = 0,
): Accumulator {
  const acc = createAccumulator(table)
  noteTime(acc, now)
  for (let i = first % step; i < mix.counters; i += step) {
    const series = { kind: 'count', name: 'router/requests', unit: '', labels: labels(i) } as const
    countValue(acc, internSeries(table, series), i)
  }
  for (let i = first % step; i < mix.gauges; i += step) {
    const series = { kind: 'sample', name: 'app/queue.depth', unit: '', labels: labels(i) } as const
    sample(acc, internSeries(table, series), i, now)
  }
  for (let i = first % step; i < mix.distributions; i += step) {
    const series = { kind: 'measure', name: 'app/db.query', unit: 's', labels: labels(i) } as const
    const number = internSeries(table, series)
    for (let k = 1; k <= 20; k += 1) measure(acc, number, 0.001 * 1.5 ** k)
  }
  return acc
}

function labels(i: number) {
  return [
    ['dyno', `web.${i >> 4}`] as const,
    ['method', i % 2 === 0 ? 'GET' : 'POST'] as const,
    ['status', String(200 + ((i >> 1) & 7))] as const,
  ]
}

function ms(times: readonly number[]): string {
  return median(times).toFixed(1)
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
