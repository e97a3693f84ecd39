import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createRedisClient } from '../../src/store/redis-client.ts'
import { defineCommands } from '../../src/store/redis-commands.ts'
import { appPrefix, lifetimeKey } from '../../src/store/redis-keys.ts'
import { type RedisStore, createRedisStore } from '../../src/store/redis.ts'
import { COARSE_MS, FINE_MS, type Frame, UnfitStoreError } from '../../src/store/store.ts'
import { type RedisServer, noRedis, startRedis, withRedis } from '../support/redis.ts'
import { type Act, accumulatorOf } from '../support/windows.ts'

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

function frameOf(id: string | undefined, series: number, value: number): Frame {
  const time = Date.now()
  const line: Act = { act: 'line', time, result: 0, kind: 0 }
  const acts = Array.from({ length: series }, (_, i): Act => ({
    act: 'value',
    series: { kind: 'measure', name: 'app/x', unit: 's', labels: [['n', `${i}`]] },
    value: value + i / 7,
    time,
  }))
  return { id, deltas: [{ start: time - (time % FINE_MS), acc: accumulatorOf([line, ...acts]) }] }
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
    await store.commit(app, [frameOf('a', 3, 1)])
    const keys = await ask((redis) => redis.keys('*'))
    expect(keys.length).toBeGreaterThan(5)
    for (const key of keys.filter((name) => name !== 'l2met:1:apps')) {
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
    await store.commit(app, [frameOf('a', 1, 1)])
    const ttlOf = async (kind: string) => {
      const [key] = await ask((redis) => redis.keys(`${appPrefix(app)}${kind}:*`))
      return (await ask((redis) => redis.ttl(key!))) * 1000
    }
    expect(Math.abs((await ttlOf('f')) - HOUR)).toBeLessThan(2 * FINE_MS)
    expect(Math.abs((await ttlOf('c')) - 24 * HOUR)).toBeLessThan(2 * COARSE_MS)
  })

  test('two receivers that append and compact lose nothing', async () => {
    const app = 'compaction'
    const other = await openUntilFinished(server.url)
    const rounds = 150
    const commit = async (to: RedisStore, name: string) => {
      for (let i = 0; i < rounds; i += 1) {
        expect(await to.commit(app, [frameOf(`${name}-${i}`, 300, i)])).toEqual([])
      }
    }
    await Promise.all([commit(store, 'a'), commit(other, 'b')])
    for (const each of [store, other]) {
      const lifetime = (await each.lifetime()).get(app)!
      expect(lifetime.results[0]).toBe(2 * rounds)
      for (const cell of lifetime.cells.values()) expect(cell).toMatchObject({ count: 2 * rounds })
    }
    // More than two megabytes were appended; compaction works aside, and ends soon after.
    const key = lifetimeKey(appPrefix(app))
    await vi.waitFor(
      async () => expect(await ask((redis) => redis.strlen(key))).toBeLessThan(600_000),
      { timeout: 20_000, interval: 100 },
    )
  })

  test('a compaction that comes too late changes nothing', async () => {
    const client = createRedisClient({ urls: [server.url], trustSelfSigned: false })
    onTestFinished(() => client.disconnect())
    while (client.status !== 'ready') await sleep(5)
    const commands = defineCommands(client)
    const value = async () => ask((redis) => redis.get('window'))
    await ask((redis) => redis.setex('window', 100, 'head-tail'))
    expect(await commands.replaceHead('window', Buffer.from('head'), Buffer.from('H'))).toBe(true)
    expect(await value()).toBe('H-tail')
    expect(await commands.replaceHead('window', Buffer.from('head'), Buffer.from('H'))).toBe(false)
    expect(
      await commands.replaceHead('window', Buffer.from('H-tail-and-more'), Buffer.from('X')),
    ).toBe(false)
    expect(await commands.replaceHead('gone', Buffer.from('head'), Buffer.from('X'))).toBe(false)
    expect(await value()).toBe('H-tail')
    expect(await ask((redis) => redis.ttl('window'))).toBeGreaterThan(90)
    expect(await ask((redis) => redis.exists('gone'))).toBe(0)
    await ask((redis) => redis.del('window'))
  })

  test('a batch that can not be written whole is not written at all', async () => {
    const app = 'poisoned'
    await ask((redis) => redis.lpush(lifetimeKey(appPrefix(app)), 'not a window'))
    await expect(store.commit(app, [frameOf('a', 1, 1)])).rejects.toThrow('WRONGTYPE')
    expect(await ask((redis) => redis.keys(`${appPrefix(app)}*`))).toEqual([
      lifetimeKey(appPrefix(app)),
    ])
    await ask((redis) => redis.del(lifetimeKey(appPrefix(app))))
    expect(await store.commit(app, [frameOf('a', 1, 1)])).toEqual([])
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
    expect((await store.lifetime()).get('full')!.results[0]).toBe(taken)
    await setLimit(100e6)
    let again = 0
    for (let i = 0; i < 100; i += 1) {
      again += (await store.commit('full', [frameOf(`${i}`, 300, i)])).length === 0 ? 1 : 0
    }
    expect(again).toBe(refused)
    expect((await store.lifetime()).get('full')!.results[0]).toBe(100)
  })

  test('is told to be unfit when it would evict', async () => {
    const server = await startRedis(['--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru'])
    onTestFinished(server.stop)
    const store = await openUntilFinished(server.url)
    expect(store.fault()).toMatch('allkeys-lru')
    await expect(store.commit('app', [frameOf('a', 1, 1)])).rejects.toThrow(UnfitStoreError)
    await expect(store.lifetime()).rejects.toThrow('noeviction')
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
