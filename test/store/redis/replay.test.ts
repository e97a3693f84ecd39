import { describe, expect, test } from 'vitest'
import type { Batch } from '../../../src/store/redis/batch.ts'
import { createReplay } from '../../../src/store/redis/replay.ts'

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
      const log = { length: 0, head: Buffer.alloc(0) }
      return { counter: count, log, known: isKnown ? [0] : [] }
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

/** A replay whose clock stands where it is put, and what was sent again. */
function openAt() {
  const clock = { now: 0 }
  const sent: string[] = []
  const replay = createReplay({
    now: () => clock.now,
    send: async ({ ids }) => {
      sent.push(ids[0]!.text)
      return { counter: 0, log: { length: 0, head: Buffer.alloc(0) }, known: [] }
    },
    readCounter: async () => 0,
    onLoss: () => {},
    warn: () => {},
  })
  const commit = (app: string, batch: Batch) => replay.expect(app).note(clock.now + 1e6, batch)
  /** Redis forgets an app; resolves when all that is known of it was brought back. */
  const forget = async (app: string) => {
    replay.expect(app).note(0, undefined)
    await replay.settled(app, 1000)
  }
  return { clock, sent, commit, forget }
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

  describe('and of what is kept', () => {
    test.each([1, 5, 200])('only the last seconds, with %d batches a second', async (rate) => {
      const { clock, sent, commit, forget } = openAt()
      for (let i = 0; i < 60 * rate; i += 1) {
        clock.now = (i * 1000) / rate
        commit(APP, batchOf(`${i}`))
      }
      await forget(APP)
      expect(sent.at(-1)).toBe(`${60 * rate - 1}`)
      expect(sent.length).toBeGreaterThanOrEqual(10 * rate)
      expect(sent.length).toBeLessThanOrEqual(11 * rate)
    })

    test.each([
      ['time goes on', 1],
      ['all come at once', 0],
      ['the clock goes back', -1],
    ])('the newest of all apps, when it is too much and %s', async (_, step) => {
      const { clock, sent, commit, forget } = openAt()
      const apps = Array.from({ length: 50 }, (_, i) => `app-${i}`)
      for (const app of apps) {
        clock.now += step
        commit(app, { ...batchOf(app), packed: Buffer.alloc(2 ** 20) })
      }
      for (const app of apps) await forget(app)
      expect(sent.length).toBeLessThanOrEqual(16)
      if (step !== 1) return
      expect(sent.length).toBeGreaterThan(10)
      expect(sent).toEqual(apps.slice(-sent.length))
    })
  })
})
