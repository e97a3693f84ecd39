import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createCollector } from '../../../src/export/prometheus/collect.ts'
import { createPacker } from '../../../src/codec/packer.ts'
import { commitArguments, packBatch } from '../../../src/store/redis/batch.ts'
import { createRedisClient } from '../../../src/store/redis/client.ts'
import { defineCommands } from '../../../src/store/redis/commands.ts'
import { appPrefix, idKeysAt, idMember } from '../../../src/store/redis/keys.ts'
import { appendLogKey } from '../../../src/store/keyed/keys.ts'
import { type RedisStore, createRedisStore } from '../../../src/store/redis/redis-store.ts'
import { WIDTH_1M, WIDTH_10S } from '../../../src/model/window-reader.ts'
import { type CommitBody, IDS_KEPT_MS, UnsafeStoreError } from '../../../src/store/store.ts'
import { openCompactor } from '../../support/compactor.ts'
import { type RedisServer, noRedis, startRedis, withRedis } from '../../support/redis.ts'
import { type Act, accumulatorOf } from '../../support/windows.ts'

const HOUR = 3_600_000

function openStore(url: string, trustSelfSigned = false): RedisStore {
  return createRedisStore({
    urls: [url],
    retentionMs: 24 * HOUR,
    maxSeries: 10_000,
    trustSelfSigned,
    warn: () => {},
  })
}

async function openUntilFinished(url: string, trustSelfSigned = false): Promise<RedisStore> {
  const store = openStore(url, trustSelfSigned)
  onTestFinished(async () => store.close())
  await store.ready
  return store
}

function frameOf(id: string | undefined, series: number, value: number): CommitBody {
  const time = Date.now()
  const line: Act = { act: 'line', time, result: 0, kind: 0 }
  const acts = Array.from({ length: series }, (_, i): Act => ({
    act: 'value',
    series: { kind: 'measure', name: 'app/x', unit: 's', labels: [['n', `${i}`]] },
    value: value + i / 7,
    time,
  }))
  return { id, deltas: [{ start: time - (time % WIDTH_10S), acc: accumulatorOf([line, ...acts]) }] }
}

describe.skipIf(noRedis !== undefined)('the layout in Redis', () => {
  let server: RedisServer
  let store: RedisStore
  const ask = async <T>(question: (redis: Redis) => Promise<T>) => withRedis(server.port, question)

  beforeAll(async () => {
    server = await startRedis()
    store = openStore(server.url)
    await store.ready
  })
  afterAll(async () => {
    await store.close()
    await server.stop()
  })

  test('everything of an app has one slot and an end, and its name is nowhere but in the registry', async () => {
    const app = 'my}{app\r\n*'
    const { compact: fold } = await openCompactor(server.url)
    await store.commit(app, [frameOf('a', 3, 1)])
    await fold(appPrefix(app))
    await store.commit(app, [frameOf('b', 3, 1)])
    const keys = await ask((redis) => redis.keys('*'))
    expect(keys.length).toBeGreaterThan(5)
    for (const key of keys) {
      if (key !== 'l2met:1:apps')
        expect(key).toMatch(/^l2met:1:\{[A-Za-z0-9_-]{12}\}:[a-z0-9:A-Z_-]+$/)
      expect(await ask((redis) => redis.ttl(key))).toBeGreaterThan(1000)
    }
    expect(new Set(keys.map((key) => /\{.*\}/.exec(key)?.[0]))).toEqual(
      new Set([/\{.*\}/.exec(appPrefix(app))![0], undefined]),
    )
    expect(await ask((redis) => redis.zrange('l2met:1:apps', '0', '-1'))).toEqual([app])
  })

  test('windows end when they are no longer kept', async () => {
    const app = 'expiry'
    const { compact: fold } = await openCompactor(server.url)
    const ttlOf = async (kind: string) => {
      const [key] = await ask((redis) => redis.keys(`${appPrefix(app)}${kind}`))
      return (await ask((redis) => redis.ttl(key!))) * 1000
    }
    await store.commit(app, [frameOf('a', 1, 1)])
    expect(Math.abs((await ttlOf('p')) - 30 * 24 * HOUR)).toBeLessThan(WIDTH_10S)
    await fold(appPrefix(app))
    expect(Math.abs((await ttlOf('t')) - 30 * 24 * HOUR)).toBeLessThan(WIDTH_10S)
    expect(Math.abs((await ttlOf('f:*')) - HOUR)).toBeLessThan(2 * WIDTH_10S)
    expect(Math.abs((await ttlOf('c:*')) - 24 * HOUR)).toBeLessThan(2 * WIDTH_1M)
    expect(await ask((redis) => redis.exists(appendLogKey(appPrefix(app))))).toBe(0)
  })

  test('a batch that meets a key of another type is written whole, once that is out of the way', async () => {
    const app = 'poisoned'
    const prefix = appPrefix(app)
    const id = idMember(app, 'a')
    const taken = [appendLogKey(prefix), ...idKeysAt(prefix, store.clock())(id)]
    await ask(async (redis) => {
      for (const key of taken) await redis.hset(key, 'not', 'ours')
    })
    expect(await store.commit(app, [frameOf('a', 1, 1)])).toEqual([])
    expect(await store.commit(app, [frameOf('a', 1, 1)])).toEqual([0])
    const moved = await ask((redis) => redis.keys(`${prefix}*:quarantine`))
    expect(moved.toSorted()).toEqual(taken.map((key) => `${key}:quarantine`).toSorted())
    expect((await store.totals()).get(app)!.results[0]).toBe(1)
  })

  test('scripts that Redis has forgotten are brought again', async () => {
    await ask((redis) => redis.script('FLUSH'))
    expect(await store.commit('scripts', [frameOf('a', 1, 1)])).toEqual([])
    expect(await store.commit('scripts', [frameOf('a', 1, 1)])).toEqual([0])
  })
})

describe.skipIf(noRedis !== undefined)('a Redis whose memory is full', () => {
  test('refuses whole batches, and takes them when there is room', async () => {
    const server = await startRedis(['--maxmemory', '100mb', '--maxmemory-policy', 'noeviction'])
    onTestFinished(server.stop)
    const store = await openUntilFinished(server.url)
    expect(store.fault()).toBeUndefined()
    const setLimit = async (bytes: number) =>
      withRedis(server.port, (redis) => redis.config('SET', 'maxmemory', `${bytes}`))
    const info = await withRedis(server.port, (redis) => redis.info('memory'))
    await setLimit(Number(/used_memory:(\d+)/.exec(info)![1]) + 200_000)
    let taken = 0
    let refused = 0
    for (let i = 0; i < 100; i += 1) {
      try {
        await store.commit('full', [frameOf(`${i}`, 300, i)])
        taken += 1
      } catch (error) {
        expect(String(error)).toMatch('OOM')
        refused += 1
      }
    }
    expect(taken).toBeGreaterThan(0)
    expect(refused).toBeGreaterThan(0)
    expect((await store.totals()).get('full')!.results[0]).toBe(taken)
    await setLimit(100e6)
    let again = 0
    for (let i = 0; i < 100; i += 1) {
      again += (await store.commit('full', [frameOf(`${i}`, 300, i)])).length === 0 ? 1 : 0
    }
    expect(again).toBe(refused)
    expect((await store.totals()).get('full')!.results[0]).toBe(100)
  })

  test('says how full it is, and warns once at 80 %', async () => {
    const server = await startRedis(['--maxmemory', '100mb', '--maxmemory-policy', 'noeviction'])
    onTestFinished(server.stop)
    const warnings: string[] = []
    const store = createRedisStore({
      urls: [server.url],
      retentionMs: 24 * HOUR,
      maxSeries: 10_000,
      trustSelfSigned: false,
      warn: (_, text) => void warnings.push(text),
    })
    onTestFinished(async () => store.close())
    await store.ready
    expect(store.memory()!.limit).toBe(100 * 2 ** 20)
    expect(store.memory()!.used).toBeGreaterThan(100_000)
    expect(warnings).toEqual([])
    const limit = Math.floor(store.memory()!.used * 1.1)
    await withRedis(server.port, (redis) => redis.config('SET', 'maxmemory', `${limit}`))
    while (store.memory()!.limit !== limit || warnings.length === 0) await sleep(50)
    const families = (
      await createCollector({ store, version: '1', memory: store.memory }).collect()
    ).families
    expect(families.map(({ name }) => name)).toContain('l2met_redis_limit_bytes')
    expect(warnings).toEqual([expect.stringContaining('more than 80 % full')])
  })

  test('is told to be unfit when it would evict', async () => {
    const server = await startRedis(['--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru'])
    onTestFinished(server.stop)
    const store = await openUntilFinished(server.url)
    expect(store.fault()).toMatch('allkeys-lru')
    await expect(store.commit('app', [frameOf('a', 1, 1)])).rejects.toThrow(UnsafeStoreError)
    await expect(store.totals()).rejects.toThrow('noeviction')
  })
})

describe.skipIf(noRedis !== undefined)('a Redis that signs its own certificate', () => {
  test('is trusted when it was said to be, and only then', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'l2met-tls-'))
    onTestFinished(() => rmSync(dir, { recursive: true }))
    const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')]
    const subject = ['-subj', '/CN=redis', '-days', '2', '-nodes', '-newkey', 'rsa:2048']
    execFileSync('openssl', ['req', '-x509', ...subject, '-keyout', key, '-out', cert], {
      stdio: 'ignore',
    })
    const files = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-auth-clients', 'no']
    const server = await startRedis([...files, '--tls-port', '{port}'])
    onTestFinished(server.stop)
    const url = `rediss://127.0.0.1:${server.port}`
    const trusting = await openUntilFinished(url, true)
    expect(await trusting.commit('app', [frameOf('a', 1, 1)])).toEqual([])
    const careful = openStore(url)
    onTestFinished(async () => careful.close())
    await sleep(500)
    expect(careful.fault()).toMatch("can't be reached")
    await expect(careful.commit('app', [frameOf('b', 1, 1)])).rejects.toThrow()
  })
})

describe.skipIf(noRedis !== undefined)('ids near the turn of their sets', () => {
  const TURN = IDS_KEPT_MS
  test.each([
    ['a receiver whose clock is behind finds what one ahead has committed', 5000, -5000],
    ['and the other way round', -5000, 5000],
    ['and some minutes before the end of what is remembered', 1000, IDS_KEPT_MS - 1000],
  ])('%s', async (_, first, second) => {
    const server = await startRedis()
    onTestFinished(server.stop)
    const client = createRedisClient({ urls: [server.url], trustSelfSigned: false })
    onTestFinished(() => client.disconnect())
    await once(client, 'ready')
    const commands = defineCommands(client)
    const turn = Math.ceil(Date.now() / TURN) * TURN
    const ids = Array.from({ length: 700 }, (_, i) => `id-${i}`)
    const frames = ids.map((id) => ({ id, deltas: [] }))
    const batch = packBatch('shop', appPrefix('shop'), frames, createPacker())
    const commit = async (now: number) => {
      const { keys, args } = commitArguments(batch, 'test', now)
      return (await commands.commit(keys, args)).known
    }
    expect(await commit(turn + first)).toEqual([])
    expect(await commit(turn + second)).toEqual(ids.map((_id, i) => i))
  })
})
