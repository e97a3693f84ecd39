import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSeriesTable } from '../../../src/model/series-table.ts'
import { HOUR_MS, WIDTH_10S } from '../../../src/model/window-reader.ts'
import { appPrefix } from '../../../src/store/redis/keys.ts'
import { forgetInRedis } from '../../../src/store/redis/forget.ts'
import { type RedisStore, createRedisStore } from '../../../src/store/redis/redis-store.ts'
import { runBuiltServer } from '../../support/built-server.ts'
import { type RedisServer, noRedis, startRedis } from '../../support/redis.ts'
import { accumulatorOf } from '../../support/windows.ts'

describe.skipIf(noRedis !== undefined)('an app that is forgotten in Redis', () => {
  let server: RedisServer
  let store: RedisStore
  const said: string[] = []

  beforeAll(async () => {
    server = await startRedis()
    store = createRedisStore({
      urls: [server.url],
      retentionMs: 24 * HOUR_MS,
      maxSeries: 100,
      trustSelfSigned: false,
      foldMs: 20,
      warn: (_, text) => said.push(text),
    })
    await store.ready
  })
  afterAll(async () => {
    await store.close()
    await server.stop()
  })

  const commit = async (app: string, id: string) => {
    const time = store.clock()
    const acc = accumulatorOf([{ act: 'line', time, result: 0, kind: 0 }], createSeriesTable(10))
    return store.commit(app, [{ id, deltas: [{ start: time - (time % WIDTH_10S), acc }] }])
  }
  const lines = async () =>
    Object.fromEntries([...(await store.totals())].map(([app, { results }]) => [app, results[0]]))

  test('is gone, other apps are not, and a receiver that runs brings nothing back', async () => {
    for (const app of ['shop', 'shop-2', '*']) {
      for (let i = 0; i < 3; i += 1) expect(await commit(app, `${i}`)).toEqual([])
      await store.record(app, 'lease', 0, Buffer.from('x'), HOUR_MS)
    }
    const redis = new Redis(server.url)
    // Until windows, totals and the log have all been written.
    await expect.poll(async () => (await redis.keys('*:f:*')).length, { timeout: 20_000 }).toBe(3)
    await commit('shop', 'later')
    const { code, stdout, stderr } = await runBuiltServer(['forget', 'shop'], {
      REDIS_URL: server.url,
    })
    expect([code, stderr]).toEqual([0, ''])
    const removed = Number(/^Removed (\d+) values of shop\.$/m.exec(stdout)?.[1])
    expect(removed).toBeGreaterThanOrEqual(4)
    const left = await redis.keys(`${appPrefix('shop')}*`)
    expect(left.filter((key) => !/:[ijr]:[^:]*(:[^:]*)?$/.test(key))).toEqual([])
    redis.disconnect()
    expect(await lines()).toEqual({ 'shop-2': 3, '*': 3 })
    expect(await store.record('shop', 'lease', 0, Buffer.from('y'), HOUR_MS)).toMatchObject({
      isWritten: true,
    })
    expect(await commit('shop', 'again')).toEqual([])
    expect(await commit('shop', 'later')).toEqual([0])
    // For ten seconds a reader that has seen more takes it for a Redis that lost its last moments.
    await expect.poll(lines, { timeout: 30_000 }).toEqual({ shop: 1, 'shop-2': 3, '*': 3 })
    expect(said).toEqual([])
  })

  test('says so when there is nothing, or no Redis', async () => {
    const env = { REDIS_URL: server.url }
    expect(await runBuiltServer(['forget', 'nobody'], env)).toMatchObject({
      code: 1,
      stderr: 'l2met: nothing is kept of "nobody"\n',
    })
    const away = { urls: ['redis://127.0.0.1:1'], trustSelfSigned: false }
    await expect(forgetInRedis(away, 'shop')).rejects.toThrow('ECONNREFUSED')
    expect((await runBuiltServer(['forget', 'shop'])).stderr).toMatch(/set DATA_DIR or REDIS_URL/)
  })
})
