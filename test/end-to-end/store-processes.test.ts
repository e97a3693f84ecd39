import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type BuiltServer, startBuiltServer } from '../support/built-server.ts'
import { countedBy, postTo, startDrains } from '../support/drains.ts'
import { startReceiver } from '../support/receiver.ts'
import { noRedis, startRedis } from '../support/redis.ts'
import { withoutRedisMemory } from '../support/scrape.ts'

const APP = 'shop'
/** Two of four receivers die in each round. */
const ROUNDS = 10
const PAUSE_MS = 10

describe.skipIf(noRedis !== undefined)('processes over one Redis', () => {
  test('are killed twenty times under load: sent = counted, to the line', async () => {
    const redis = await startRedis()
    onTestFinished(redis.stop)
    const start = async () => startBuiltServer({ REDIS_URL: redis.url })
    const servers: BuiltServer[] = await Promise.all([start(), start(), start(), start()])
    onTestFinished(async () => {
      await Promise.all(servers.map(async (server) => server.stop()))
    })
    const drains = startDrains(
      8,
      postTo(APP, () => servers.map(({ origin }) => origin)),
      PAUSE_MS,
    )
    const killAndStart = async (i: number) => {
      await sleep(Math.random() * 200)
      await servers[i]!.kill()
      servers[i] = await start()
    }
    for (let round = 0; round < ROUNDS; round += 1) {
      await Promise.all([killAndStart(round % 4), killAndStart((round + 1) % 4)])
    }
    await drains.stop()
    const reader = await startReceiver(redis.url)
    onTestFinished(reader.stop)
    const { frames, lines } = drains.sent()
    const exact = { counted: lines }
    const counted = await countedBy(reader.store, APP)
    expect(counted).toMatchObject({ lifetime: exact, fine: exact, coarse: exact })
    expect(counted.frames['committed']).toBe(frames)
  })

  test('are stopped under load and lose nothing; replicas show the same bytes', async () => {
    const redis = await startRedis()
    onTestFinished(redis.stop)
    const start = async (env = {}) => startBuiltServer({ REDIS_URL: redis.url, ...env })
    const servers: BuiltServer[] = [await start({ WEB_CONCURRENCY: '2' }), await start()]
    onTestFinished(async () => {
      await Promise.all(servers.map(async (server) => server.stop()))
    })
    const drains = startDrains(
      6,
      postTo(APP, () => servers.map(({ origin }) => origin)),
      PAUSE_MS,
    )
    for (let i = 0; i < 4; i += 1) {
      await sleep(300)
      expect(await servers[1]!.stop()).toBe(0)
      servers[1] = await start()
    }
    await drains.stop()
    const [a, b] = await Promise.all(servers.map(({ origin }) => sharedFamilies(origin)))
    expect(a).toContain(`l2met_lines_total{app="${APP}",result="counted"} ${drains.sent().lines}\n`)
    expect(withoutRedisMemory(a!)).toBe(withoutRedisMemory(b!))
  })
})

/** The page of /metrics without what is one process's own. */
async function sharedFamilies(origin: string): Promise<string> {
  const answer = await fetch(`${origin}/metrics`)
  expect(answer.status).toBe(200)
  return (await answer.text()).replaceAll(/^l2met_build_info.*\n/gm, '')
}
