import { describe, expect, test, vi } from 'vitest'
import { createReadLog, toReadFault } from '../../src/receive/read-log.ts'
import { RequestError } from '../../src/receive/request-error.ts'
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
        const self = await app.server.inject('/metrics/process')
        expect(self.statusCode).toBe(200)
        expect(self.body).toContain('\nl2met_store_up{process="1"} 0\n')
        for (const url of [
          '/metrics',
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
      expect(told.map(({ level, msg }) => [level, msg])).toEqual([
        [40, "the store can't be read: until it can, readers get 503"],
      ])
      expect(app.logged.filter(({ level, err }) => level >= 50 || err !== undefined)).toEqual([])
      await redis.start()
      await vi.waitUntil(async () => (await statusOf('/api/apps')) === 200, PATIENCE)
    } finally {
      await app.stop()
      await redis.stop()
    }
  },
)

describe('what is told of readers', () => {
  test('once for each reason, whatever its numbers are', () => {
    const { told, readLog } = startLog(false)
    for (let lines = 9; lines > 0; lines -= 1)
      readLog(new Error(`${lines} lines are missing`), 'no numbers')
    expect(told).toEqual([[{ reason: 'Error: 9 lines are missing' }, 'no numbers']])
  })

  test('a bug with where it is', () => {
    const { told, readLog } = startLog(false)
    const err = new TypeError('of nothing')
    for (let i = 0; i < 3; i += 1) readLog(err, 'no numbers')
    expect(told).toEqual([[{ err }, 'no numbers']])
    expect(toReadFault(err)).toBe(err)
  })

  test('what the reader did wrong stays that', () => {
    const error = new RequestError(400, 'from has to be before to')
    expect(toReadFault(error)).toBe(error)
    expect(toReadFault(new Error('Command timed out'))).toMatchObject({ statusCode: 503 })
  })
})

function startLog(isAway: boolean) {
  const told: unknown[] = []
  const note = (details: unknown, text?: string) => void told.push([details, text])
  const log = { warn: note as never, error: note as never }
  return { told, readLog: createReadLog({ log, isStoreAway: () => isAway }) }
}
