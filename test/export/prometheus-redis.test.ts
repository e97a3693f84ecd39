import * as fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Collector, createCollector } from '../../src/export/prometheus/collect.ts'
import { OPENMETRICS, PROTOBUF, TEXT, renderBody } from '../../src/export/prometheus/negotiate.ts'
import { createSeriesTable } from '../../src/model/series-table.ts'
import { appPrefix } from '../../src/store/redis/keys.ts'
import { type RedisStore, createRedisStore } from '../../src/store/redis/redis-store.ts'
import { WIDTH_1M, WIDTH_10S, HOUR_MS } from '../../src/model/window-reader.ts'
import { openCompactor } from '../support/compactor.ts'
import { type RedisServer, noRedis, startRedis } from '../support/redis.ts'
import { type Act, accumulatorOf } from '../support/windows.ts'

const FORMATS = [TEXT, OPENMETRICS, PROTOBUF]
const MAX_SERIES = 8

/** What replicas do, one after the other; of `series` a value each, of so many minutes ago. */
type Step =
  | {
      readonly step: 'commit'
      readonly by: number
      readonly app: number
      readonly series: readonly (readonly [name: string, label: string])[]
      readonly value: number
      readonly minutesAgo: number
    }
  | { readonly step: 'fold'; readonly app: number }
  | { readonly step: 'scrape'; readonly by: number }

const NAMES = ['c router/requests', 'm router/service', 'm app/x', 's app/y', 'c app/z', 'u app/u']

const arbitraryStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      step: fc.constant('commit' as const),
      by: fc.nat(1),
      app: fc.nat(1),
      series: fc.array(fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom('a', 'b', 'c')), {
        maxLength: 6,
      }),
      value: fc.constantFrom(0.25, 1, 3, 1e6),
      // Samples of more than an hour ago are forgotten by the next fold.
      minutesAgo: fc.constantFrom(0, 1, 1, 50, 70),
    }),
  },
  { weight: 3, arbitrary: fc.record({ step: fc.constant('fold' as const), app: fc.nat(1) }) },
  { weight: 3, arbitrary: fc.record({ step: fc.constant('scrape' as const), by: fc.nat(1) }) },
)

function actsOf({ series, value }: Extract<Step, { step: 'commit' }>, time: number): Act[] {
  const kinds = { c: 'count', m: 'measure', s: 'sample', u: 'unique' } as const
  const line: Act = { act: 'line', time, result: 0, kind: 0 }
  const values = series.map(([text, label]): Act => {
    const kind = kinds[text[0] as keyof typeof kinds]
    const unit = kind === 'measure' ? 's' : ''
    const labels = [['dyno', label] as const]
    return { act: 'value', series: { kind, name: text.slice(2), unit, labels }, value, time }
  })
  return [line, ...values]
}

describe.skipIf(noRedis)('scrapes of replicas over one Redis', () => {
  let server: RedisServer
  let redis: Redis
  const stores: RedisStore[] = []
  beforeAll(async () => {
    server = await startRedis()
    redis = new Redis(server.url)
    for (let i = 0; i < 3; i += 1) {
      const store = createRedisStore({
        urls: [server.url],
        retentionMs: 24 * HOUR_MS,
        maxSeries: MAX_SERIES,
        trustSelfSigned: false,
        foldMs: 1e9,
        warn: () => {},
      })
      await store.ready
      stores.push(store)
    }
  })
  afterAll(async () => {
    for (const store of stores) await store.close()
    redis.disconnect()
    await server.stop()
  })

  test('are the same bytes, whatever was committed, folded and scraped before', async () => {
    const { compact: fold } = await openCompactor(server.url, MAX_SERIES)
    const table = createSeriesTable(1000)
    let runs = 0
    const perform = async (step: Step, apps: readonly string[], collectors: Collector[]) => {
      if (step.step === 'scrape') await bodies(collectors[step.by]!)
      else if (step.step === 'fold') await fold(appPrefix(apps[step.app]!))
      else {
        const store = stores[step.by]!
        const time = store.clock() - step.minutesAgo * WIDTH_1M
        const acc = accumulatorOf(actsOf(step, time), table)
        const deltas = [{ start: time - (time % WIDTH_10S), acc }]
        await store.commit(apps[step.app]!, [{ id: undefined, deltas }])
      }
    }
    await fc.assert(
      fc.asyncProperty(fc.array(arbitraryStep, { minLength: 5, maxLength: 25 }), async (steps) => {
        runs += 1
        const apps = [`a${runs}`, `b${runs}`]
        const collectors = stores.map((store) => collectorOf(store))
        for (const step of steps) {
          await perform(step, apps, collectors)
          if (step.step !== 'scrape') continue
          await expectSame(redis, collectors)
        }
        await expectSame(redis, collectors)
      }),
      { numRuns: 25 },
    )
  })
})

function collectorOf(store: RedisStore): Collector {
  return createCollector({ store, version: '1.2.3' })
}

async function bodies(collector: Collector): Promise<string[]> {
  const { families } = await collector.collect()
  const all: string[] = []
  for (const format of FORMATS) {
    all.push(Buffer.concat(await renderBody(format, families)).toString('latin1'))
  }
  return all
}

/**
 * They are scraped again when in between another minute was complete, or Redis was written to: hours
 * that are over are rolled up after some time, and a fold forgets old samples.
 */
async function expectSame(redis: Redis, collectors: readonly Collector[]): Promise<void> {
  const before = await momentOf(redis)
  const all = await Promise.all(collectors.map(bodies))
  if ((await momentOf(redis)) !== before) return expectSame(redis, collectors)
  for (const one of all) expect(one).toEqual(all[0])
  return undefined
}

/** The minute, and how often Redis has been written to. */
async function momentOf(redis: Redis): Promise<string> {
  const info = await redis.info('persistence')
  const writes = /^rdb_changes_since_last_save:(\d+)/m.exec(info)?.[1]
  expect(writes).toBeDefined()
  return `${Math.floor(Date.now() / WIDTH_1M)} ${writes}`
}
