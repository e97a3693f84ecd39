import { crc32 } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createSeriesTable } from '../../../src/model/series-table.ts'
import { WIDTH_10S, WIDTH_1M } from '../../../src/model/window-reader.ts'
import { appPrefix } from '../../../src/store/redis/keys.ts'
import { createRedisStore } from '../../../src/store/redis/redis-store.ts'
import type { CommitBody } from '../../../src/store/store.ts'
import { openCompactor } from '../../support/compactor.ts'
import { readWindows } from '../../support/read-windows.ts'
import { noRedis, startRedis, withRedis } from '../../support/redis.ts'
import { accumulatorOf } from '../../support/windows.ts'

const KINDS = ['f:*', 'c:*', 't', 'p'] as const

function lineAt(time: number): CommitBody {
  const acc = accumulatorOf([{ act: 'line', time, result: 0, kind: 0 }], createSeriesTable(10))
  return { id: undefined, deltas: [{ start: time - (time % WIDTH_10S), acc }] }
}

/** A Redis with two apps of two lines, of which the first is compacted. */
async function start() {
  const server = await startRedis()
  onTestFinished(server.stop)
  const warnings: string[] = []
  const note = (details: object, text: string) =>
    void warnings.push(`${text} ${JSON.stringify(details)}`)
  const store = createRedisStore({
    urls: [server.url],
    retentionMs: 24 * 3_600_000,
    maxSeries: 100,
    trustSelfSigned: false,
    foldMs: 1e9,
    warn: note,
  })
  onTestFinished(async () => store.close())
  await store.ready
  const { compact } = await openCompactor(server.url, 100, note)
  const now = store.clock() - (store.clock() % WIDTH_1M)
  for (const app of ['a', 'b']) {
    await store.commit(app, [lineAt(now)])
    await compact(appPrefix(app))
    await store.commit(app, [lineAt(now)])
  }
  const linesOf = async (app: string) => {
    const lines: Record<string, number> = {}
    for (const width of [WIDTH_10S, WIDTH_1M] as const) {
      const windows = await readWindows(store, app, { width, from: 0, to: Infinity })
      lines[width] = windows.reduce((sum, { window }) => sum + window.results[0]!, 0)
    }
    return { ...lines, totals: (await store.totals()).get(app)?.results[0] }
  }
  const change = async (kind: string, edit: (bytes: Buffer) => void) =>
    withRedis(server.port, async (redis) => {
      const [key] = await redis.keys(`${appPrefix('a')}${kind}`)
      const bytes = (await redis.getBuffer(key!))!
      edit(bytes)
      await redis.set(key!, bytes, 'KEEPTTL')
      return { key: key!, bytes }
    })
  const bytesOf = async (key: string) => withRedis(server.port, (redis) => redis.getBuffer(key))
  return { compact, linesOf, change, bytesOf, warnings, store }
}

const ALL = { [WIDTH_10S]: 2, [WIDTH_1M]: 2, totals: 2 }

describe.skipIf(noRedis !== undefined)('a value in Redis', () => {
  test.each(KINDS)('with a flipped bit costs itself and is named: %s', async (kind) => {
    const { linesOf, change, warnings, store } = await start()
    const { key } = await change(kind, (bytes) => (bytes[bytes.length - 1]! ^= 4))
    const part = kind === 'f:*' ? WIDTH_10S : WIDTH_1M
    expect(await linesOf('b')).toEqual(ALL)
    if (kind === 'p')
      expect(await linesOf('a')).toEqual({ [WIDTH_10S]: 1, [WIDTH_1M]: 1, totals: 1 })
    else if (kind === 't') expect(await linesOf('a')).toEqual({ ...ALL, totals: undefined })
    else expect(await linesOf('a')).toEqual({ ...ALL, [part]: 1 })
    if (kind !== 'p') expect(warnings.join()).toMatch(key)
    await store.commit('a', [lineAt(Date.now())])
  })

  test.each(KINDS)('of a later version is kept and not written over: %s', async (kind) => {
    const { compact, linesOf, change, bytesOf, warnings, store } = await start()
    const { key, bytes } = await change(kind, (value) => {
      value[0]! += 1
      value.writeUInt32LE(crc32(value.subarray(5), crc32(value.subarray(0, 1))), 1)
    })
    expect(await linesOf('b')).toEqual(ALL)
    await expect(compact(appPrefix('a')))
      .rejects.toThrow('a later version')
      .catch(() => {})
    await store.commit('a', [lineAt(store.clock())])
    await linesOf('a')
    expect((await bytesOf(key))!.subarray(0, bytes.length)).toEqual(bytes)
    expect(warnings.join()).toMatch('a later version of l2met wrote this (format 2;')
  })
})
