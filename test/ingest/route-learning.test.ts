import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { learnedOf } from '../../src/extract/learned/exchange.ts'
import { createCommitter } from '../../src/ingest/committer.ts'
import { type Intake, createIntake } from '../../src/ingest/intake.ts'
import { type RouteLearning, createRouteLearning } from '../../src/ingest/route-learning.ts'
import { parseRecord, recordText } from '../../src/ingest/route-record.ts'
import { label, parseSeriesKey } from '../../src/model/series.ts'
import { sumValue } from '../../src/model/sum.ts'
import { createDiskStore } from '../../src/store/disk/disk-store.ts'
import { createMemoryStore } from '../../src/store/memory/memory-store.ts'
import { createRedisStore } from '../../src/store/redis/redis-store.ts'
import { NO_VERSION, type Store } from '../../src/store/store.ts'
import { body, syslog } from '../support/count.ts'
import { ROUTES, requestsOf } from '../support/learnable-app.ts'
import { type RedisServer, noRedis, startRedis } from '../support/redis.ts'
import { routerLine } from '../support/scrape.ts'

const HOUR = 3_600_000
const LIMITS = { maxSeries: 10_000, maxRoutes: 200 }
const QUIET = { warn: () => {} }
/** No timer shares anything while a test runs. */
const NEVER = 24 * HOUR

/** A process that counts lines into a store. */
interface Replica {
  readonly intake: Intake
  readonly routes: RouteLearning
  take(
    app: string,
    asked: readonly { readonly path: string; readonly status?: number }[],
  ): Promise<void>
  templates(app: string): string[]
}

function replica(store: Store, everyMs = NEVER): Replica {
  const routes = createRouteLearning({ store, maxRoutes: 200, everyMs })
  const committer = createCommitter(store, { holdMs: 1000, spillBytes: 2 ** 20 })
  const intake = createIntake({ ...LIMITS, store, committer, routes })
  onTestFinished(async () => {
    await routes.stop()
    await committer.stop(100)
  })
  return {
    intake,
    routes,
    async take(app, asked) {
      const now = store.clock()
      const lines = asked.map((one) => syslog('heroku', 'router', routerLine(one), now))
      await intake.take({ app, id: undefined, bytes: body(...lines), prefix: '', sourcePrefix: '' })
    },
    templates: (app) => [...routes.of(app).folds.keys()].toSorted(),
  }
}

function word(i: number): string {
  return `w${String.fromCharCode(97 + (i % 26), 97 + (Math.floor(i / 26) % 26))}`
}

const slugs = (before: string, from: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({ path: `${before}a-${word(from + i)}-b` }))

async function requestsByRoute(store: Store, app: string): Promise<Map<string, number>> {
  const sums = new Map<string, number>()
  for (const [key, cell] of (await store.totals()).get(app)!.cells) {
    const series = parseSeriesKey(key)
    if (series.name !== 'route/requests' || cell.kind !== 'count') continue
    const route = label(series, 'route')
    sums.set(route, (sums.get(route) ?? 0) + sumValue(cell))
  }
  return sums
}

function memory(): Store {
  return createMemoryStore({ retentionMs: HOUR, now: Date.now, ...LIMITS })
}

async function stored(store: Store, app: string): Promise<string> {
  const { value } = await store.record(app, 'routes', NO_VERSION, undefined, 0)
  return Buffer.from(value ?? []).toString()
}

let redis: RedisServer | undefined
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'l2met-routes-'))
  if (noRedis === undefined) redis = await startRedis()
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await redis?.stop()
})

const STORES: readonly (readonly [string, () => Promise<Store>])[] = [
  ['memory', async () => memory()],
  [
    'a folder',
    async () => {
      const options = { folder: mkdtempSync(join(folder, 'data-')), maxBytes: 1e9, now: Date.now }
      const store = createDiskStore({ ...options, ...LIMITS, ...QUIET, retentionMs: HOUR })
      await store.ready
      return store
    },
  ],
  ...(noRedis === undefined ? [['Redis', async () => openRedis()] as const] : []),
]

function openRedis(): Store {
  return createRedisStore({
    ...LIMITS,
    ...QUIET,
    urls: [redis!.url],
    retentionMs: HOUR,
    trustSelfSigned: false,
  })
}

let apps = 0

describe.each(STORES)('replicas that share %s', (_, open) => {
  let store: Store
  beforeAll(async () => (store = await open()))
  afterAll(async () => store.close())

  test('learn together what none of them would learn alone', async () => {
    const app = `app-${(apps += 1)}`
    const some = [0, 1, 2, 3].map(() => replica(store))
    for (const [i, one] of some.entries()) await one.take(app, slugs('/blog/', i * 6, 6))
    expect(some.map((one) => one.templates(app))).toEqual([[], [], [], []])
    for (const one of [...some, ...some]) await one.routes.share(app)
    expect(some.map((one) => one.templates(app))).toEqual(some.map(() => ['/blog/']))
    const [first] = some
    expect(some.map((one) => learnedOf(one.routes.of(app)))).toEqual(
      some.map(() => learnedOf(first!.routes.of(app))),
    )
  })

  test('go on where others stopped, from the first line on', async () => {
    const app = `app-${(apps += 1)}`
    const before = replica(store)
    await before.take(app, slugs('/blog/', 0, 40))
    await before.routes.stop()
    const after = replica(store)
    await after.take(app, [{ path: '/blog/never-seen-before' }])
    const sums = await requestsByRoute(store, app)
    expect(sums.has('/blog/never-seen-before')).toBe(false)
    expect([...sums.values()].reduce((sum, n) => sum + n, 0)).toBe(41)
  })

  test('move no counter when a route folds, and lose no request', async () => {
    const app = `app-${(apps += 1)}`
    const [a, b] = [replica(store), replica(store)]
    const asked = requestsOf(6000, { seed: 7 })
    let known = new Map<string, number>()
    for (let at = 0; at < asked.length; at += 500) {
      const some = asked.slice(at, at + 500)
      await a.take(
        app,
        some.filter((_, i) => i % 3 !== 0),
      )
      await b.take(
        app,
        some.filter((_, i) => i % 3 === 0),
      )
      await a.routes.share(app)
      await b.routes.share(app)
      const sums = await requestsByRoute(store, app)
      for (const [route, n] of known) expect(sums.get(route), route).toBeGreaterThanOrEqual(n)
      expect([...sums.values()].reduce((sum, n) => sum + n, 0)).toBe(at + some.length)
      known = sums
    }
    expect(a.templates(app)).toEqual(b.templates(app))
    expect([...known.keys()]).toEqual(expect.arrayContaining([...ROUTES, '(other)']))
  })
})

describe('the record', () => {
  test('is as the decision shows it', async () => {
    const store = memory()
    const one = replica(store)
    await one.take('shop', [...slugs('/blog/', 0, 40), { path: '/about/us' }])
    await one.routes.share('shop')
    expect(JSON.parse(await stored(store, 'shop'))).toEqual({
      v: 1,
      folds: [['/blog/', 1, expect.any(Number)]],
      marks: [[expect.stringMatching(/^[0-9a-f]{16}$/), [expect.any(Number)]]],
    })
  })

  test('is not written when there is nothing new', async () => {
    const store = memory()
    const one = replica(store)
    await one.take('shop', slugs('/blog/', 0, 40))
    await one.routes.share('shop')
    const { version } = await store.record('shop', 'routes', NO_VERSION, undefined, 0)
    await one.take('shop', slugs('/blog/', 50, 40))
    await one.routes.share('shop')
    expect((await store.record('shop', 'routes', NO_VERSION, undefined, 0)).version).toBe(version)
  })

  test('of a later version is left alone', async () => {
    const store = memory()
    await store.record('shop', 'routes', 0, Buffer.from('{"v":2,"all":"new"}'), HOUR)
    const one = replica(store)
    await one.take('shop', slugs('/blog/', 0, 40))
    await one.routes.share('shop')
    expect(one.templates('shop')).toEqual(['/blog/'])
    expect(await stored(store, 'shop')).toBe('{"v":2,"all":"new"}')
  })

  test.each([
    'nonsense',
    'null',
    '[]',
    '{"v":1}',
    '{"v":1,"folds":[["blog",1,null]],"marks":[]}',
    '{"v":1,"folds":[["/blog/",8,null]],"marks":[]}',
    '{"v":1,"folds":[["/blog/",1,"x"]],"marks":[]}',
    '{"v":1,"folds":[],"marks":[["x",[300]]]}',
    '{"v":1,"folds":[],"marks":[["0123456789abcdef",[1e9]]]}',
    '{"v":1,"folds":[],"marks":[["0123456789abcdef",[-1]]]}',
  ])('that can not be read is learned again: %s', async (text) => {
    const store = memory()
    await store.record('shop', 'routes', 0, Buffer.from(text), HOUR)
    const one = replica(store)
    await one.take('shop', slugs('/blog/', 0, 40))
    await one.routes.share('shop')
    expect(JSON.parse(await stored(store, 'shop'))).toMatchObject({
      v: 1,
      folds: [['/blog/', 1, expect.any(Number)]],
    })
  })

  test('of any text is a record or none', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const learned = parseRecord(text)
        if (learned === undefined || learned === 'newer') return
        expect(parseRecord(recordText(learned) || '{"v":1,"folds":[],"marks":[]}')).toEqual(learned)
      }),
    )
  })
})

test('while the store is away a process learns for itself, and joins the others after', async () => {
  const inner = memory()
  let isAway = false
  const store: Store = {
    ...inner,
    record: (...args) =>
      isAway ? Promise.reject(new Error('no connection')) : inner.record(...args),
  }
  const [a, b] = [replica(store), replica(store)]
  await a.take('shop', slugs('/blog/', 0, 10))
  await b.take('shop', slugs('/help/', 0, 10))
  isAway = true
  await a.take('shop', slugs('/blog/', 10, 30))
  await b.take('shop', slugs('/help/', 10, 30))
  await expect(a.routes.share('shop')).rejects.toThrow('no connection')
  expect([a, b].map((one) => one.templates('shop'))).toEqual([['/blog/'], ['/help/']])
  isAway = false
  for (const one of [a, b, a]) await one.routes.share('shop')
  expect([a, b].map((one) => one.templates('shop'))).toEqual([a, b].map(() => ['/blog/', '/help/']))
})

test('what one learns others know soon, without being asked', async () => {
  const store = memory()
  const [a, b] = [replica(store, 20), replica(store, 20)]
  await a.take('shop', slugs('/blog/', 0, 40))
  // Whoever meets words of the position asks what others know.
  for (let i = 0; b.templates('shop').length === 0; i += 1) {
    await b.take('shop', slugs('/blog/', i % 5, 1))
    await b.take('shop', [{ path: `/blog/${word(i)}` }])
    await sleep(5)
  }
  expect(b.templates('shop')).toEqual(['/blog/'])
})
