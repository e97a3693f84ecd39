import { Redis } from 'ioredis'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createAccumulator } from '../../src/model/accumulator.ts'
import { createSeriesTable } from '../../src/model/series-table.ts'
import { createRedisStore } from '../../src/store/redis.ts'
import { FINE_MS } from '../../src/store/store.ts'
import { noRedis, startRedis } from '../support/redis.ts'

const PATIENCE = { timeout: 60_000 }
const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

function openStore(urls: readonly string[]) {
  const told: { text: string; details: object }[] = []
  const store = createRedisStore({
    urls,
    retentionMs: 86_400_000,
    maxSeries: 100,
    trustSelfSigned: false,
    warn: (details, text) => told.push({ text, details }),
  })
  stops.push(async () => store.close())
  return { store, told }
}

describe.skipIf(noRedis !== undefined)("what is said while Redis can't be used", () => {
  test('why, once, and that it can be used again', async () => {
    const server = await startRedis()
    stops.push(server.stop)
    const { store, told } = openStore([server.url])
    await store.ready
    expect(told).toEqual([])
    await server.kill()
    await vi.waitUntil(() =>
      told.some(({ details }) => JSON.stringify(details).includes('ECONNREFUSED')),
    )
    const before = told.length
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(told).toHaveLength(before)
    expect(told[0]!.text).toBe("Redis can't be used; it is tried again all the time")
    await server.start()
    await vi.waitUntil(() => store.fault() === undefined, PATIENCE)
    expect(told.at(-1)!.text).toBe('Redis can be used again')
  })

  test('what is brought back after Redis lost everything is read, though no line comes any more', async () => {
    const server = await startRedis()
    stops.push(server.stop)
    const { store } = openStore([server.url])
    await store.ready
    const acc = createAccumulator(createSeriesTable(10))
    acc.results[0] = 1
    const start = store.clock() - (store.clock() % FINE_MS)
    await store.commit('quiet', [{ id: 'a', deltas: [{ start, acc }] }])
    await server.kill()
    await server.start()
    const apps = async () => [...(await store.lifetime().catch(() => new Map())).keys()]
    await expect.poll(apps, PATIENCE).toEqual(['quiet'])
  })

  test.each([
    ['one that wants a password', '', 'NOAUTH'],
    ['one that has another password', ':hunter2@', 'WRONGPASS'],
  ])('%s', async (_, credentials, reason) => {
    const server = await startRedis()
    stops.push(server.stop)
    const admin = new Redis(server.url)
    await admin.config('SET', 'requirepass', 'right')
    admin.disconnect()
    const { told } = openStore([server.url.replace('//', `//${credentials}`)])
    await vi.waitUntil(() => told.length > 0, PATIENCE)
    expect(JSON.stringify(told)).toContain(reason)
    expect(JSON.stringify(told)).not.toContain('hunter2')
  })

  test('a Cluster of which no node answers', async () => {
    const { told } = openStore(['redis://127.0.0.1:1', 'redis://127.0.0.1:2'])
    await vi.waitUntil(() => told.length > 0, PATIENCE)
    expect(told[0]!.details).toMatchObject({ redis: ['127.0.0.1:1', '127.0.0.1:2'] })
  })
})
