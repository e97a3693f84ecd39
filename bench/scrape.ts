import { createCollector } from '../src/export/prometheus/collect.ts'
import { OPENMETRICS, PROTOBUF, TEXT } from '../src/export/prometheus/negotiate.ts'
import { countValue, createAccumulator, measure, sample } from '../src/model/accumulator.ts'
import { createSeriesTable, internSeries } from '../src/model/series-table.ts'
import { createMemoryStore } from '../src/store/memory.ts'
import { median } from './median.ts'

// What a scrape costs: node dist-bench/bench/scrape.js. CPU of this process, without HTTP and gzip.

const RUNS = 40
const WARM_UP = 10
const MIXES = [
  { counters: 5000, gauges: 5000, distributions: 0 },
  { counters: 4000, gauges: 4000, distributions: 2000 },
]

for (const mix of MIXES) {
  const collector = await collectorOf(mix)
  for (const format of [TEXT, OPENMETRICS, PROTOBUF]) {
    const times: number[] = []
    let bytes = 0
    for (let run = 0; run < RUNS; run += 1) {
      const before = process.cpuUsage()
      const { families } = await collector.collect()
      bytes = 0
      for (const piece of format.render(families)) bytes += Buffer.from(piece).length
      const { user, system } = process.cpuUsage(before)
      if (run >= WARM_UP) times.push((user + system) / 1000)
    }
    const what = `${mix.counters} counters, ${mix.gauges} gauges, ${mix.distributions} distributions`
    const type = format.contentType.split(';')[0]
    process.stdout.write(`${what}: ${median(times).toFixed(1)} ms CPU, ${bytes} bytes (${type})\n`)
  }
}

async function collectorOf(mix: (typeof MIXES)[number]) {
  const now = Date.now()
  const store = createMemoryStore({ retentionMs: 3_600_000, maxSeries: 100_000, now: () => now })
  const table = createSeriesTable(100_000)
  const acc = createAccumulator(table)
  acc.first = acc.last = now
  for (let i = 0; i < mix.counters; i += 1) {
    const series = { kind: 'count', name: 'router/requests', unit: '', labels: labels(i) } as const
    countValue(acc, internSeries(table, series), i)
  }
  for (let i = 0; i < mix.gauges; i += 1) {
    const series = { kind: 'sample', name: 'app/queue.depth', unit: '', labels: labels(i) } as const
    sample(acc, internSeries(table, series), i, now)
  }
  for (let i = 0; i < mix.distributions; i += 1) {
    const series = { kind: 'measure', name: 'app/db.query', unit: 's', labels: labels(i) } as const
    const number = internSeries(table, series)
    for (let k = 1; k <= 20; k += 1) measure(acc, number, 0.001 * 1.5 ** k)
  }
  await store.commit('shop', [{ id: undefined, deltas: [{ start: now - (now % 10_000), acc }] }])
  return createCollector({ store, committer: { spilledLines: () => 0 }, version: '0' })
}

function labels(i: number) {
  return [
    ['dyno', `web.${i >> 4}`] as const,
    ['method', i % 2 === 0 ? 'GET' : 'POST'] as const,
    ['status', String(200 + ((i >> 1) & 7))] as const,
  ]
}
