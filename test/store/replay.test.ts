import { describe, expect, test } from 'vitest'
import type { Batch } from '../../src/store/redis-batch.ts'
import { createReplay } from '../../src/store/replay.ts'

const APP = 'shop'

function batchOf(name: string): Batch {
  return {
    app: APP,
    prefix: 'p',
    ids: [{ text: name, shard: 0 }],
    frames: [0],
    starts: [0],
    packed: Buffer.from(name),
  }
}

/** A replay over a Redis that knows ids and a count, and can forget both. */
function open() {
  const redis = { count: 0, ids: new Set<string>(), isAway: false }
  const lost: string[] = []
  const replay = createReplay({
    now: () => 0,
    send: async (batch) => {
      if (redis.isAway) throw new Error('away')
      const expected = replay.expect(APP)
      const isKnown = redis.ids.has(batch.ids[0]!.text)
      if (!isKnown) {
        redis.ids.add(batch.ids[0]!.text)
        // As the commit script does.
        redis.count += redis.count < expected.least ? 1 : 1000
      }
      const count = redis.count
      await Promise.resolve()
      expected.note(count, isKnown ? undefined : batch)
      const pending = { length: 0, head: Buffer.alloc(0) }
      return { counter: count, pending, known: isKnown ? [0] : [] }
    },
    readCounter: async () => redis.count,
    onLoss: (app) => lost.push(app),
    warn: () => {},
  })
  const commit = (name: string) => {
    const expected = replay.expect(APP)
    redis.ids.add(name)
    redis.count += 1000
    const { count } = redis
    return () => expected.note(count, batchOf(name))
  }
  return { redis, replay, lost, commit }
}

describe('what Redis forgot is brought back', () => {
  test('not when answers are only heard in another order than Redis gave them', () => {
    const { redis, replay, lost, commit } = open()
    commit('a')()
    const scrape = replay.expect(APP)
    const seen = redis.count
    const heard = commit('b')
    heard()
    scrape.note(seen, undefined)
    expect(lost).toEqual([])
    expect(replay.isRunning(APP)).toBe(false)
  })

  test('and again when it forgot once more meanwhile', async () => {
    const { redis, replay, lost, commit } = open()
    for (const name of ['a', 'b', 'c']) commit(name)()
    const forget = () => {
      redis.ids.clear()
      redis.count = 0
    }
    forget()
    replay.expect(APP).note(redis.count, undefined)
    await Promise.resolve()
    forget()
    for (let i = 0; i < 20; i += 1) {
      await new Promise((resolve) => setImmediate(resolve))
      replay.expect(APP).note(redis.count, undefined)
    }
    expect(lost.length).toBeGreaterThan(0)
    expect([...redis.ids].toSorted()).toEqual(['a', 'b', 'c'])
  })

  test('also when the first attempt fails', async () => {
    const { redis, replay, commit } = open()
    for (const name of ['a', 'b']) commit(name)()
    redis.ids.clear()
    redis.count = 0
    redis.isAway = true
    replay.expect(APP).note(redis.count, undefined)
    await replay.settled(APP, 1000)
    expect(redis.ids.size).toBe(0)
    redis.isAway = false
    replay.expect(APP).note(redis.count, undefined)
    await replay.settled(APP, 1000)
    expect([...redis.ids].toSorted()).toEqual(['a', 'b'])
  })
})
