import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { appPrefix } from '../../src/store/redis/keys.ts'
import { appendLogKey } from '../../src/store/keyed/keys.ts'
import { SECRETS, routerBody, testApp } from '../support/app.ts'
import { startLogplexDrain, writeLines } from '../support/logplex.ts'
import {
  type RedisServer,
  noRedis,
  startRedis,
  startRedisCluster,
  withRedis,
} from '../support/redis.ts'

const PATIENCE = { timeout: 60_000 }
const stops: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop()
})

async function startAll(env: Record<string, string> = {}) {
  const redis = await startRedis()
  stops.push(redis.stop)
  const app = testApp({ REDIS_URL: redis.url, ...env })
  stops.push(async () => app.stop())
  const origin = (await app.start()).replace('[::]', '127.0.0.1')
  return { redis, app, origin }
}

/** Stops it as a machine does that hangs: connections stay, and nothing is answered. */
function freeze({ process }: RedisServer): { readonly thaw: () => void } {
  process().kill('SIGSTOP')
  return { thaw: () => void process().kill('SIGCONT') }
}

async function post(
  origin: string,
  app: string,
  id: string,
  bytes = routerBody(),
): Promise<number> {
  const headers = { 'content-type': 'application/logplex-1', 'logplex-frame-id': id }
  const init = { method: 'POST', headers, body: new Uint8Array(bytes) }
  return (await fetch(`${origin}/logs?app=${app}`, init)).status
}

async function metric(origin: string, name: string, path = '/metrics'): Promise<number> {
  return valueOf(await scraped(origin, path).catch(() => ''), name)
}

describe.skipIf(noRedis !== undefined)('an outage of Redis', () => {
  test('of 4 of 8 s costs a drain of 2,000 lines/s nothing', async () => {
    const { redis, origin } = await startAll()
    const drain = startLogplexDrain({ origin: () => origin, path: '/logs?app=shop' })
    const lines = writeLines([drain], 2000)
    await sleep(2000)
    const { thaw } = freeze(redis)
    await sleep(4000)
    expect(await metric(origin, 'l2met_store_up{process="1"}', '/metrics/process')).toBe(0)
    expect(
      await metric(origin, 'l2met_spill_lines{process="1"}', '/metrics/process'),
    ).toBeGreaterThan(0)
    thaw()
    await sleep(2000)
    lines.stop()
    await drain.end(20_000)
    expect(drain.ledger).toMatchObject({ displaced: 0, givenUp: 0 })
    expect(drain.ledger.acknowledged).toBe(drain.ledger.written)
    await vi.waitUntil(
      async () =>
        (await metric(origin, 'l2met_spill_lines{process="1"}', '/metrics/process')) === 0,
      PATIENCE,
    )
    const text = await scraped(origin)
    const requests = [...text.matchAll(/^heroku_router_requests_total\{.*\} (\d+)$/gm)]
    expect(requests.reduce((sum, [, n]) => sum + Number(n), 0)).toBe(drain.ledger.written)
  })

  test('that ends after a frame was refused counts it once, as what became of it', async () => {
    const { redis, origin } = await startAll({ SPILL_BYTES: '0' })
    expect(await post(origin, 'shop', 'before')).toBe(204)
    const { thaw } = freeze(redis)
    // Redis has both commands, and will run them.
    const refused = await Promise.all([post(origin, 'shop', 'a'), post(origin, 'other', 'b')])
    expect(refused).toEqual([503, 503])
    thaw()
    const committed = async (app: string) =>
      metric(origin, `l2met_bodies_total{app="${app}",result="committed"}`)
    await vi.waitUntil(async () => (await committed('other')) === 1, PATIENCE)
    await vi.waitUntil(async () => (await committed('shop')) === 2, PATIENCE)
    expect(await post(origin, 'shop', 'a')).toBe(204)
    expect(await bodies(origin, 'shop')).toEqual({
      committed: 2,
      duplicate: 1,
      refused: 0,
      spilled: 0,
    })
    expect(await bodies(origin, 'other')).toEqual({
      committed: 1,
      duplicate: 0,
      refused: 0,
      spilled: 0,
    })
  })

  test('in which frames were refused before Redis heard of them counts them as refused', async () => {
    const { redis, origin } = await startAll({ SPILL_BYTES: '0' })
    expect(await post(origin, 'shop', 'before')).toBe(204)
    await redis.kill()
    const ids = ['a', 'b', 'c']
    expect(await Promise.all(ids.map((id) => post(origin, 'shop', id)))).toEqual([503, 503, 503])
    await redis.start()
    const name = 'l2met_drain_refusals_total{app="shop",reason="store"}'
    await vi.waitUntil(async () => (await metric(origin, name)) === 3, PATIENCE)
    expect(await post(origin, 'shop', 'a')).toBe(204)
    expect(await bodies(origin, 'shop')).toMatchObject({ duplicate: 0, refused: 3, spilled: 0 })
  })
})

describe.skipIf(noRedis !== undefined)('what is wrong with one app', () => {
  test('a key of another type costs itself, is named and moved, and nobody else notices', async () => {
    const { redis, app, origin } = await startAll()
    const key = appendLogKey(appPrefix('shop'))
    await withRedis(redis.port, async (client) => {
      await client.lpush(key, 'not ours')
      await client.set('l2met:1:apps', 'not ours either')
    })
    expect(await Promise.all(['shop', 'other'].map((name) => post(origin, name, 'a')))).toEqual([
      204, 204,
    ])
    expect((await fetch(`${origin}/readyz`)).status).toBe(200)
    expect(await bodies(origin, 'shop')).toMatchObject({ committed: 1 })
    const moved = app.logged.filter(({ movedTo }) => movedTo !== undefined)
    expect(
      moved
        .map((entry) => ['key', 'type', 'expected'].map((name) => entry[name]).join(' '))
        .toSorted(),
    ).toEqual(['l2met:1:apps string zset', `${key} list string`])
    await withRedis(redis.port, async (client) => {
      expect(await client.lrange(`${key}:quarantine`, 0, -1)).toEqual(['not ours'])
      expect(await client.ttl(`${key}:quarantine`)).toBeGreaterThan(86_400)
    })
  })

  test('a master of a Cluster that is away costs its own apps time, and no others', async () => {
    const cluster = await startRedisCluster()
    stops.push(cluster.stop)
    const app = testApp({ REDIS_URL: cluster.url })
    stops.push(async () => app.stop())
    const origin = await app.start()
    const names = Array.from({ length: 40 }, (_, i) => `app-${i}`)
    await Promise.all(names.map((name) => post(origin, name, 'first')))
    const [node] = cluster.nodes
    const isOnNode = await Promise.all(names.map(async (name) => has(node!, name)))
    const away = names.filter((_, i) => isOnNode[i])
    const here = names.filter((_, i) => !isOnNode[i])
    expect(Math.min(away.length, here.length)).toBeGreaterThan(0)
    await Promise.all(
      cluster.nodes.map(async ({ port }) =>
        withRedis(port, async (client) =>
          client.config('SET', 'cluster-require-full-coverage', 'no'),
        ),
      ),
    )
    const { thaw } = freeze(node!)
    for (let round = 0; round < 12; round += 1) {
      const answers = await Promise.all(names.map((name) => post(origin, name, `${round}`)))
      expect(new Set(answers)).toEqual(new Set([204]))
      expect((await fetch(`${origin}/readyz`)).status).toBe(200)
      await sleep(200)
    }
    thaw()
    await vi.waitUntil(async () => {
      const counted = await Promise.all(
        names.map((name) => bodies(origin, name).catch(() => undefined)),
      )
      return counted.every((one) => one !== undefined && one.committed + one.spilled === 13)
    }, PATIENCE)
    for (const name of here) expect((await bodies(origin, name)).committed).toBe(13)
    for (const name of away) expect((await bodies(origin, name)).spilled).toBeGreaterThan(0)
  })
})

test('refused requests are counted in the store, and the next scrape shows them', async () => {
  const app = testApp(SECRETS)
  stops.push(async () => app.stop())
  const origin = (await app.start()).replace('[::]', '127.0.0.1')
  const headers = { authorization: `Bearer ${SECRETS.METRICS_TOKEN}` }
  for (let i = 0; i < 3; i += 1) expect(await post(origin, 'shop', 'a')).toBe(401)
  const text = await (await fetch(`${origin}/metrics`, { headers })).text()
  expect(text).toContain('l2met_drain_refusals_total{app="(unknown)",reason="credentials"} 3\n')
  expect(text).not.toContain('heroku_')
  expect(await (await fetch(`${origin}/api/apps`, { headers })).text()).toBe('[]')
})

async function bodies(origin: string, app: string) {
  const text = await scraped(origin)
  const of = (result: string) =>
    valueOf(text, `l2met_bodies_total{app="${app}",result="${result}"}`)
  return {
    committed: of('committed'),
    duplicate: of('duplicate'),
    refused: of('refused'),
    spilled: of('spilled'),
  }
}

async function scraped(origin: string, path = '/metrics'): Promise<string> {
  const answer = await fetch(origin + path)
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`)
  return answer.text()
}

function valueOf(text: string, name: string): number {
  const line = text.split('\n').find((one) => one.startsWith(`${name} `))
  return Number(line?.slice(name.length + 1))
}

async function has({ port }: RedisServer, app: string): Promise<boolean> {
  return withRedis(
    port,
    async (client) => (await client.exists(appendLogKey(appPrefix(app)))) === 1,
  ).catch(() => false)
}
