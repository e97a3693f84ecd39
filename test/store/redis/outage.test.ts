import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createAccumulator } from '../../../src/model/accumulator.ts'
import { createSeriesTable } from '../../../src/model/series-table.ts'
import { createRedisStore } from '../../../src/store/redis/redis-store.ts'
import { WIDTH_10S } from '../../../src/model/window-reader.ts'
import { type CommitBody } from '../../../src/store/store.ts'
import { noRedis, startRedis } from '../../support/redis.ts'

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

async function startServer() {
  const server = await startRedis()
  stops.push(server.stop)
  return server
}

/** A store that has reached its Redis, and a connection to that Redis besides the store's. */
async function openWithAdmin() {
  const { url } = await startServer()
  const admin = new Redis(url)
  stops.push(async () => admin.disconnect())
  const { store, told } = openStore([url])
  await store.ready
  return { admin, store, told }
}

/** One line, under an id of its own. */
function frameOfNow(now: number): CommitBody {
  const acc = createAccumulator(createSeriesTable(10))
  acc.results[0] = 1
  return { id: randomUUID(), deltas: [{ start: now - (now % WIDTH_10S), acc }] }
}

describe.skipIf(noRedis !== undefined)("what is said while Redis can't be used", () => {
  test('why, once, and that it can be used again', async () => {
    const server = await startServer()
    const { store, told } = openStore([server.url])
    await store.ready
    expect(told).toEqual([])
    await server.kill()
    await vi.waitUntil(
      () => told.some(({ details }) => JSON.stringify(details).includes('ECONNREFUSED')),
      PATIENCE,
    )
    const before = told.length
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(told).toHaveLength(before)
    expect(told[0]!.text).toBe("Redis can't be used; it is tried again all the time")
    await server.start()
    await vi.waitUntil(() => store.fault() === undefined, PATIENCE)
    expect(told.at(-1)!.text).toBe('Redis can be used again')
  })

  test.each([
    ['full', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0'], 'OOM'],
    ['a replica', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE'], 'READONLY'],
    [
      'strict',
      ['ACL', 'SETUSER', 'default', '-@scripting'],
      ['ACL', 'SETUSER', 'default', '+@all'],
      'NOPERM',
    ],
  ])('that it answers and takes nothing, because it is %s', async (_, breaks, mends, reason) => {
    const { admin, store, told } = await openWithAdmin()
    const commit = async () => store.commit('shop', [frameOfNow(store.clock())])
    await commit()
    await admin.call(breaks[0]!, ...breaks.slice(1))
    await vi.waitUntil(async () => {
      await commit().catch(() => {})
      return store.fault()?.includes(reason) === true && told.length > 0
    }, PATIENCE)
    expect(told).toHaveLength(1)
    expect(told[0]!.details).toMatchObject({ reason: expect.stringContaining(reason) })
    expect(told[0]!.details).toHaveProperty('advice')
    await admin.call(mends[0]!, ...mends.slice(1))
    await vi.waitUntil(async () => {
      await commit().catch(() => {})
      return store.fault() === undefined
    }, PATIENCE)
    expect(told.map(({ text }) => text).slice(1)).toEqual(['Redis can be used again'])
  })

  test('not that a command came too late or a connection was cut, when it is good again at once', async () => {
    const { admin, store, told } = await openWithAdmin()
    for (let i = 0; i < 5; i += 1) {
      await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      await vi.waitUntil(
        async () =>
          store.commit('shop', [frameOfNow(store.clock())]).then(
            () => true,
            () => false,
          ),
        PATIENCE,
      )
    }
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(told).toEqual([])
  })

  test('what is brought back after Redis lost everything is read, though no line comes any more', async () => {
    const server = await startServer()
    const { store } = openStore([server.url])
    await store.ready
    await store.commit('quiet', [frameOfNow(store.clock())])
    await server.kill()
    await server.start()
    const apps = async () => [...(await store.totals().catch(() => new Map())).keys()]
    await expect.poll(apps, PATIENCE).toEqual(['quiet'])
  })

  test.each([
    ['one that wants a password', '', 'NOAUTH'],
    ['one that has another password', ':hunter2@', 'WRONGPASS'],
  ])('%s', async (_, credentials, reason) => {
    const server = await startServer()
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
