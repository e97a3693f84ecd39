import { setTimeout as sleep } from 'node:timers/promises'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createSeriesTable } from '../../../src/model/series-table.ts'
import { createWindow, mergeWindow } from '../../../src/model/window.ts'
import { RECORD, firstRecordLength, sealRecord } from '../../../src/codec/record.ts'
import { createPacker } from '../../../src/codec/packer.ts'
import { readWindows } from '../../support/read-windows.ts'
import { LONG_LOG } from '../../../src/store/keyed/compaction.ts'
import { appPrefix } from '../../../src/store/redis/keys.ts'
import { totalsKey, appendLogKey, windowKey } from '../../../src/store/keyed/keys.ts'
import { type RedisStore, createRedisStore } from '../../../src/store/redis/redis-store.ts'
import { WIDTH_1M, WIDTH_10S, HOUR_MS } from '../../../src/model/window-reader.ts'
import { type CommitBody, type Store } from '../../../src/store/store.ts'
import { openCompactor } from '../../support/compactor.ts'
import { type RedisServer, noRedis, startRedis, withRedis } from '../../support/redis.ts'
import { type Act, accumulatorOf, arbitraryActs, plainWindow } from '../../support/windows.ts'

const WIDTHS = [WIDTH_10S, WIDTH_1M] as const

async function openStore(url: string, foldMs = 1e9, maxSeries = 10_000): Promise<RedisStore> {
  const store = createRedisStore({
    urls: [url],
    retentionMs: 24 * HOUR_MS,
    maxSeries,
    trustSelfSigned: false,
    foldMs,
    warn: () => {},
  })
  onTestFinished(async () => store.close())
  await store.ready
  return store
}

/** One line, and `series` distributions and counters of one value each. */
function frameAt(
  id: string | undefined,
  time: number,
  series: number,
  value = 1,
  table = createSeriesTable(10_000),
): CommitBody {
  const line: Act = { act: 'line', time, result: 0, kind: 0 }
  const acts = Array.from({ length: series }, (_, i): Act => ({
    act: 'value',
    series: {
      kind: i % 2 === 0 ? 'measure' : 'count',
      name: 'router/x',
      unit: '',
      labels: [['n', `${i}`]],
    },
    value: value + i,
    time,
  }))
  return {
    id,
    deltas: [{ start: time - (time % WIDTH_10S), acc: accumulatorOf([line, ...acts], table) }],
  }
}

/** By app, what its lifetime window counts. */
async function lines(store: Store): Promise<Record<string, number | undefined>> {
  const lifetimes = [...(await store.totals())]
  return Object.fromEntries(lifetimes.map(([app, { results }]) => [app, results[0]]))
}

/** Everything that readers see. */
async function seen(store: Store, app: string): Promise<unknown> {
  const windows = []
  for (const width of WIDTHS) {
    windows.push(...(await readWindows(store, app, { width, from: 0, to: Infinity })))
  }
  return [
    windows.map(({ start, window }) => [start, plainWindow(window)]),
    await lifetimeIn(store, app),
  ]
}

async function lifetimeIn(store: Store, app: string): Promise<unknown> {
  const lifetime = (await store.totals()).get(app)
  return lifetime && plainWindow(lifetime)
}

function bytes(text: string): Buffer {
  return Buffer.from(text)
}

async function linesIn(store: Store, app: string): Promise<{ [part: string]: number }> {
  const lines: { [part: string]: number } = {}
  for (const width of WIDTHS) {
    const sum = createWindow()
    for (const { window } of await readWindows(store, app, { width, from: 0, to: Infinity })) {
      mergeWindow(sum, window)
    }
    lines[width] = sum.results[0]!
  }
  lines['lifetime'] = (await store.totals()).get(app)?.results[0] ?? 0
  return lines
}

describe.skipIf(noRedis !== undefined)('folds', () => {
  let server: RedisServer
  let apps = 0
  const newApp = () => `folded-${(apps += 1)}`
  const ask = async (key: string) => withRedis(server.port, (redis) => redis.getBuffer(key))

  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(async () => server.stop())

  test('full totals give places of series that no window holds any more to new ones', async () => {
    const maxSeries = 6
    const store = await openStore(server.url, undefined, maxSeries)
    const app = newApp()
    const prefix = appPrefix(app)
    const early = Date.now()
    const late = early + 26 * HOUR_MS
    const commit = async (time: number, names: readonly string[]) => {
      const acts = names.map((name): Act => {
        const series = { kind: 'count', name: 'app/x', unit: '', labels: [['n', name]] } as const
        return { act: 'value', series, value: 1, time }
      })
      const acc = accumulatorOf([{ act: 'line', time, result: 0, kind: 0 }, ...acts])
      const deltas = [{ start: time - (time % WIDTH_10S), acc }]
      await store.commit(app, [{ id: undefined, deltas }])
    }
    const keys = async () => [...(await store.totals()).get(app)!.cells.keys()]
    const { compact: first } = await openCompactor(server.url, maxSeries)
    await commit(early, ['a', 'b', 'c', 'd', 'e', 'f', 'g'])
    await first(prefix)
    expect(await keys()).toHaveLength(7)
    const { compact: then } = await openCompactor(server.url, maxSeries, undefined, () => late)
    await commit(late, ['a', 'new'])
    await then(prefix)
    const left = ['a'].map((name) => `c\0app/x\0n\0${name}`)
    const overflow = 'c\0app/x\0overflow\0true'
    expect((await keys()).toSorted()).toEqual([...left, overflow].toSorted())
    await commit(late, ['new'])
    await then(prefix)
    const cells = (await store.totals()).get(app)!.cells
    expect(cells.get('c\0app/x\0n\0new')).toMatchObject({ high: 1 })
    expect(cells.get('c\0app/x\0n\0a')).toMatchObject({ high: 2 })
    expect(cells.get(overflow)).toMatchObject({ high: 2 })
  })

  test.each([10_000, 4])(
    'change nothing that is read, with room for %i series',
    async (maxSeries) => {
      const store = await openStore(server.url, undefined, maxSeries)
      const { compact: fold } = await openCompactor(server.url, maxSeries)
      const now = Date.now()
      const minute = now - (now % WIDTH_1M)
      const arbitraryFrame = fc
        .constantFrom(0, -WIDTH_10S, -WIDTH_1M, -HOUR_MS / 2)
        .chain((offset) => {
          const start = minute + offset
          return arbitraryActs(start, start + WIDTH_10S, 'small').map((acts): CommitBody => ({
            id: undefined,
            deltas: [{ start, acc: accumulatorOf(acts) }],
          }))
        })
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(arbitraryFrame, { minLength: 1, maxLength: 5 }), { maxLength: 3 }),
          async (rounds) => {
            const app = newApp()
            // Fine and coarse windows that are full are limited once more when they are read.
            const look = async () => (maxSeries === 4 ? lifetimeIn(store, app) : seen(store, app))
            for (const frames of rounds) {
              for (const frame of frames) await store.commit(app, [frame])
              const before = await look()
              await fold(appPrefix(app))
              expect(await ask(appendLogKey(appPrefix(app)))).toBeNull()
              expect(await look()).toEqual(before)
            }
          },
        ),
        { numRuns: 60 },
      )
    },
  )

  test('leave one record in each window', async () => {
    const [store, app] = [await openStore(server.url), newApp()]
    const { compact: fold } = await openCompactor(server.url)
    const time = Date.now() - WIDTH_1M
    for (let i = 0; i < 10; i += 1) {
      await store.commit(app, [frameAt(undefined, time, 50, i)])
      if (i % 3 === 0) await fold(appPrefix(app))
    }
    await fold(appPrefix(app))
    const prefix = appPrefix(app)
    const keys = WIDTHS.map((width) => windowKey(prefix, width, time - (time % width)))
    for (const key of [...keys, totalsKey(prefix)]) {
      const packed = await ask(key)
      expect(firstRecordLength(packed!)).toBe(packed!.length)
    }
  })

  test('do nothing when something is no longer what it was', async () => {
    const { client, commands } = await openCompactor(server.url)
    const [p, a, b] = ['{x}p', '{x}a', '{x}b'] as const
    const expires = Math.floor(Date.now() / 1000) + 1000
    const change = (key: string, before: string | undefined, packed: string) => ({
      key,
      before: before === undefined ? undefined : bytes(before),
      packed: bytes(packed),
      expires,
    })
    const values = async () => client.mget(p, a, b)
    await client.setex(p, 100, 'head-tail')
    await client.set(a, '1')
    const fold = async (head: string, before: string | undefined, rest = '') =>
      commands.compact(p, bytes(head), bytes(rest), [
        change(a, before, '2'),
        change(b, undefined, '3'),
      ])
    expect(await fold('other', '1')).toBe(false)
    expect(await fold('head-tail and more', '1')).toBe(false)
    expect(await fold('head', '0')).toBe(false)
    expect(await fold('head', undefined)).toBe(false)
    expect(await values()).toEqual(['head-tail', '1', null])
    expect(await fold('head', '1')).toBe(true)
    expect(await values()).toEqual(['-tail', '2', '3'])
    expect(await client.ttl(p)).toBeGreaterThan(90)
    expect(await client.ttl(b)).toBeGreaterThan(900)
    expect(await commands.compact(p, bytes('-t'), bytes('T'), [])).toBe(true)
    expect(await values()).toEqual(['Tail', '2', '3'])
    expect(await commands.compact(p, bytes('Tail'), bytes(''), [])).toBe(true)
    expect(await values()).toEqual([null, '2', '3'])
    expect(await commands.compact(p, bytes('Tail'), bytes(''), [])).toBe(false)
  })

  test('know what is pending from what another has folded, and from what Redis lost', async () => {
    const { client, commands } = await openCompactor(server.url)
    const key = '{x}sample'
    const batch = fc.uint8Array({ minLength: 20, maxLength: 9000 }).map((some) => Buffer.from(some))
    const batches = fc.array(batch, { minLength: 1, maxLength: 40 })
    const expectTaken = async (pending: readonly Buffer[], head: Buffer) => {
      const all = Buffer.concat(pending)
      const isSame = all.subarray(0, head.length).equals(head)
      await client.set(key, all)
      expect(await commands.compact(key, head, bytes('!'), [])).toBe(isSame)
      const left = Buffer.concat([bytes('!'), all.subarray(head.length)])
      expect(await client.getBuffer(key)).toEqual(isSame ? left : all)
    }
    await fc.assert(
      fc.asyncProperty(batches, batches, fc.nat(), async (read, more, nat) => {
        const head = Buffer.concat(read)
        const at = nat % read.length
        await expectTaken(read, head)
        await expectTaken([...read, ...more], head)
        // All that came since some moment was lost, and other batches came.
        await expectTaken([...read.slice(0, at), ...more, ...more], head)
        // Some of it was lost, or merged to something else, or something came between.
        await expectTaken(read.toSpliced(at, 1), head)
        await expectTaken([more[0]!, ...read.slice(at + 1), ...more], head)
        await expectTaken(read.toSpliced(at, 0, more[0]!), head)
      }),
      { numRuns: 60 },
    )
  })

  test('what a receiver that died has left is folded by one that reads, or commits', async () => {
    for (const act of ['reads', 'scrapes', 'commits']) {
      const [app, dead] = [newApp(), await openStore(server.url)]
      await dead.commit(app, [frameAt('a', Date.now(), 3)])
      await dead.close()
      const other = await openStore(server.url, 20)
      if (act === 'reads') await linesIn(other, app)
      else if (act === 'scrapes') await other.totals()
      else await other.commit(app, [frameAt('b', Date.now(), 3)])
      await vi.waitFor(async () => expect(await ask(appendLogKey(appPrefix(app)))).toBeNull(), {
        timeout: 20_000,
        interval: 20,
      })
      const lines = act === 'commits' ? 2 : 1
      expect(await linesIn(other, app)).toEqual({ 10_000: lines, 60_000: lines, lifetime: lines })
    }
  })

  test('a line that comes late is counted where it is still kept', async () => {
    const [store, app] = [await openStore(server.url), newApp()]
    const { compact: fold } = await openCompactor(server.url)
    const now = Date.now()
    for (const age of [0, 2, 30])
      await store.commit(app, [frameAt(`${age}`, now - age * HOUR_MS, 3)])
    const lines = { 10_000: 1, 60_000: 2, lifetime: 3 }
    expect(await linesIn(store, app)).toEqual(lines)
    await fold(appPrefix(app))
    expect(await linesIn(store, app)).toEqual(lines)
    const keys = await withRedis(server.port, (redis) => redis.keys(`${appPrefix(app)}[fc]:*`))
    expect(keys).toHaveLength(3)
  })

  test('of more windows than one fold takes, all are folded', async () => {
    const [store, app] = [await openStore(server.url), newApp()]
    const { compact: fold } = await openCompactor(server.url)
    const now = Date.now()
    const frames = Array.from({ length: 150 }, (_, i) => frameAt(`${i}`, now - i * WIDTH_10S, 1))
    for (let at = 0; at < 150; at += 10) await store.commit(app, frames.slice(at, at + 10))
    const before = await seen(store, app)
    // What was read may be an hour that is rolled up now, and folded before that: then one is too late.
    await vi.waitFor(async () => {
      await fold(appPrefix(app))
      expect(await ask(appendLogKey(appPrefix(app)))).toBeNull()
    }, 30_000)
    expect(await seen(store, app)).toEqual(before)
  })

  test('what gets long is merged in its place, by whoever is at work', async () => {
    const app = newApp()
    const stores = [await openStore(server.url), await openStore(server.url)] as const
    const { client, compact: fold } = await openCompactor(server.url)
    let longest = 0
    let lines = 0
    const commit = async (store: RedisStore, name: string, frames = 250) => {
      const table = createSeriesTable(10_000)
      for (let i = 0; i < frames; i += 1) {
        await store.commit(app, [frameAt(`${name}${i}`, Date.now() - i * 40, 300, i, table)])
        lines += 1
        longest = Math.max(longest, await client.strlen(appendLogKey(appPrefix(app))))
      }
    }
    await Promise.all([commit(stores[0], 'a'), commit(stores[1], 'b')])
    // Alone now, as one that knows all of it.
    await fold(appPrefix(app))
    await commit(stores[0], 'c')
    // A fold that another came before changes nothing: then the next who passes a step merges.
    let more = 0
    await vi.waitFor(async () => {
      await commit(stores[0], `d${(more += 1)}-`, 1)
      expect(await client.strlen(appendLogKey(appPrefix(app)))).toBeLessThan(LONG_LOG)
    }, 60_000)
    expect(longest).toBeGreaterThan(LONG_LOG)
    expect(longest).toBeLessThan(5 * LONG_LOG)
    const all = { 10_000: lines, 60_000: lines, lifetime: lines }
    expect(await linesIn(stores[0], app)).toEqual(all)
    await fold(appPrefix(app))
    expect(await linesIn(stores[1], app)).toEqual(all)
    const lifetime = (await stores[1].totals()).get(app)!
    const counted = [...lifetime.cells.values()].filter(({ kind }) => kind === 'measure')
    expect(new Set(counted.map((cell) => cell.kind === 'measure' && cell.count))).toEqual(
      new Set([lines]),
    )
  })

  test('readers, committers and folders race: each line is seen once, and none goes away', async () => {
    const app = newApp()
    const stores = [await openStore(server.url, 5), await openStore(server.url, 5)] as const
    const reader = await openStore(server.url)
    const ledger = { sent: 0, acked: 0 }
    const end = Date.now() + 6000
    let duplicates = 0
    let reads = 0
    const isOver = () => Date.now() >= end && reads > 20 && duplicates > 10
    const commit = async (store: RedisStore, name: string) => {
      for (let i = 0; !isOver(); i += 1) {
        const late = i % 7 === 0 ? WIDTH_1M * (i % 40) : 0
        const frame = frameAt(`${name}-${i}`, Date.now() - late, i % 3 === 0 ? 200 : 5, i)
        ledger.sent += 1
        expect(await store.commit(app, [frame])).toEqual([])
        ledger.acked += 1
        if (i % 10 !== 0) continue
        duplicates += (await stores[i % 2]!.commit(app, [frame])).length
      }
    }
    const read = async (store: RedisStore) => {
      const last: { [part: string]: number } = {}
      while (!isOver()) {
        const { acked } = ledger
        const lines = await linesIn(store, app)
        for (const [part, n] of Object.entries(lines)) {
          expect(n).toBeGreaterThanOrEqual(Math.max(acked, last[part] ?? 0))
          expect(n).toBeLessThanOrEqual(ledger.sent)
          last[part] = n
        }
        reads += 1
        await sleep(5)
      }
    }
    await Promise.all([
      commit(stores[0], 'a'),
      commit(stores[0], 'b'),
      commit(stores[1], 'c'),
      read(reader),
      read(stores[1]),
    ])
    const n = ledger.sent
    expect(await linesIn(reader, app)).toEqual({ 10_000: n, 60_000: n, lifetime: n })
    await vi.waitFor(async () => expect(await ask(appendLogKey(appPrefix(app)))).toBeNull(), 10_000)
    expect(await linesIn(reader, app)).toEqual({ 10_000: n, 60_000: n, lifetime: n })
  })
})

/** The only entry of its window: a record whose body goes on after its last series. */
function tooLong(now: number): Buffer {
  const start = now - (now % WIDTH_10S) - WIDTH_10S
  const entry = createPacker().packEntries(start, [accumulatorOf([])])
  return sealRecord(RECORD.delta, [entry.subarray(7), Buffer.from('abc')])
}

describe.skipIf(noRedis !== undefined)('what somebody else put under our keys', () => {
  const APP = 'garbage'
  const prefix = appPrefix(APP)

  test.each([
    ['the lifetime window', 'string', () => totalsKey(prefix)],
    ['the lifetime window', 'hash', () => totalsKey(prefix)],
    ['a fine window', 'hash', (at: number) => windowKey(prefix, WIDTH_10S, at - (at % WIDTH_10S))],
    [
      'a coarse window',
      'string',
      (at: number) => windowKey(prefix, WIDTH_1M, at - (at % WIDTH_1M)),
    ],
    ['the pending window', 'string', () => appendLogKey(prefix)],
    ['the pending window', 'record that holds more than it says', () => appendLogKey(prefix)],
  ])('in %s, a %s: costs itself, and other apps nothing', async (_, type, keyAt) => {
    const server = await startRedis()
    onTestFinished(server.stop)
    const store = await openStore(server.url, 20)
    const now = store.clock()
    await store.commit('other', [frameAt('a', now, 3)])
    await withRedis(server.port, async (redis) => {
      if (type === 'hash') await redis.hset(keyAt(now), 'field', 'value')
      else await redis.set(keyAt(now), type === 'string' ? 'somebody was here' : tooLong(now))
    })
    expect((await lines(store))['other']).toBe(1)
    await store.commit(APP, [frameAt('b', now, 3)])
    await vi.waitUntil(async () => {
      const left = await withRedis(server.port, (redis) => redis.strlen(appendLogKey(prefix)))
      return left === 0
    }, 30_000)
    await store.commit(APP, [frameAt('c', now, 3)])
    expect(await lines(store)).toEqual({ other: 1, [APP]: 2 })
    await expect(seen(store, APP)).resolves.toBeDefined()
  })
})
