import { expect, test, vi } from 'vitest'
import { createReadLog } from '../../src/export/read-log.ts'
import { testApp } from '../support/app.ts'
import { noRedis, startRedis } from '../support/redis.ts'

const PATIENCE = { timeout: 60_000 }

test.skipIf(noRedis !== undefined)(
  'while Redis is away readers hear of it, and the log is calm',
  async () => {
    const redis = await startRedis()
    const app = testApp({ REDIS_URL: redis.url })
    await app.start()
    const statusOf = async (url: string) => (await app.server.inject(url)).statusCode
    try {
      expect(await statusOf('/api/apps')).toBe(200)
      await redis.kill()
      await vi.waitUntil(async () => (await statusOf('/readyz')) === 503, PATIENCE)
      for (let i = 0; i < 5; i += 1) {
        const metrics = await app.server.inject('/metrics')
        expect(metrics.body).toContain('\nl2met_store_up 0\n')
        for (const url of [
          '/api/apps',
          '/api/report?app=shop',
          '/api/series?app=shop&name=lines',
        ]) {
          const answer = await app.server.inject(url)
          expect([answer.statusCode, answer.json()]).toEqual([
            503,
            { error: "the store can't be read now; /readyz says why" },
          ])
        }
      }
      const told = app.logged.filter(({ msg }) => msg.startsWith("the store can't be read"))
      expect(told).toMatchObject([{ level: 40 }])
      expect(app.logged.filter(({ level, err }) => level >= 50 || err !== undefined)).toEqual([])
      await redis.start()
      await vi.waitUntil(async () => (await statusOf('/api/apps')) === 200, PATIENCE)
    } finally {
      await app.stop()
      await redis.stop()
    }
  },
)

test('what went wrong elsewhere is told with where it did, once until it is good again', () => {
  const told: (readonly [string, object])[] = []
  const log = {
    warn: () => {},
    error: (details: object, text?: string) => void told.push([text!, details]),
  }
  const readLog = createReadLog({ log, isStoreAway: () => false })
  const err = new TypeError('of nothing')
  for (let i = 0; i < 3; i += 1) readLog.noteFault(err, 'no numbers')
  expect(told).toEqual([['no numbers', { err }]])
  readLog.noteGood()
  readLog.noteFault(err, 'no numbers')
  expect(told).toHaveLength(2)
})
