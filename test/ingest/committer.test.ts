import { EventEmitter, once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { createAppWindows, openWindow } from '../../src/aggregate/app-windows.ts'
import type { Sketch } from '../../src/model/sketch.ts'
import { type Committer, createCommitter } from '../../src/ingest/committer.ts'
import { RefusedError } from '../../src/ingest/refusal.ts'
import { createMemoryStore } from '../../src/store/memory/memory-store.ts'
import type { QueuedBody } from '../../src/ingest/commit-queue.ts'
import { WIDTH_10S } from '../../src/model/window-reader.ts'
import { type Store, UnsafeStoreError } from '../../src/store/store.ts'
import { type FlakyStore, createFlakyStore } from '../support/flaky-store.ts'
import { perform } from '../support/windows.ts'

/** So long that no frame is given up while a slow machine tests something else. */
const LONG_HOLD_MS = 60_000
const SHORT_HOLD_MS = 200

let store: FlakyStore
let committer: Committer

beforeEach(() => {
  store = createFlakyStore(createMemoryStore({ retentionMs: 3_600_000, now: Date.now }))
  committer = createCommitter(store, { holdMs: LONG_HOLD_MS, spillBytes: 1_000_000 })
})

/** One that soon gives up waiting for the store. */
function impatient(spillBytes = 1_000_000): Committer {
  return createCommitter(store, { holdMs: SHORT_HOLD_MS, spillBytes })
}

const windows = createAppWindows({ maxSeries: 100, maxRoutes: 10 })

function frameOf(id: string | undefined, lines = 1): QueuedBody {
  const time = Date.now()
  const line = { act: 'line', time, result: 0, kind: 0 } as const
  const acts = Array.from({ length: lines }, () => line)
  const start = time - (time % WIDTH_10S)
  return { id, size: 100, count: (open) => void perform(openWindow(open, windows, start), acts) }
}

/** Lets commits wait until it is opened. */
function closeGate(): { readonly open: () => void } {
  const gate = new EventEmitter()
  store.gate = once(gate, 'open').then(() => {})
  return {
    open: () => {
      gate.emit('open')
      store.gate = undefined
    },
  }
}

async function linesOf(app = 'app'): Promise<number> {
  return (await store.totals()).get(app)?.results[0] ?? 0
}

describe('the committer', () => {
  test('commits at once, and a known frame once', async () => {
    expect(await committer.add('app', frameOf('a', 3))).toBe('committed')
    expect(await committer.add('app', frameOf('a', 3))).toBe('duplicate')
    expect(await committer.add('other', frameOf('a', 3))).toBe('committed')
    expect([await linesOf(), await linesOf('other')]).toEqual([3, 3])
  })

  test('commits together what came while the last commit was under way', async () => {
    const { open } = closeGate()
    const first = committer.add('app', frameOf('first'))
    await vi.waitFor(() => expect(store.batches).toHaveLength(1), 30_000)
    const rest = Array.from({ length: 300 }, (_, i) => committer.add('app', frameOf(`${i}`)))
    open()
    expect(await Promise.all([first, ...rest])).toEqual(Array(301).fill('committed'))
    // The windows that a batch shares are one frame more.
    expect(store.batches).toEqual([2, 129, 129, 45])
    expect(await linesOf()).toBe(301)
  })

  test('waits for those it has just answered, so that senders do not take turns in two halves', async () => {
    const slow = {
      ...store,
      commit: async (...args: Parameters<Store['commit']>) => {
        const known = await store.commit(...args)
        await sleep(20)
        return known
      },
    }
    committer = createCommitter(slow, { holdMs: LONG_HOLD_MS, spillBytes: 1_000_000 })
    const send = async (sender: number) => {
      // They come one after the other, as senders do.
      await sleep(sender * 3)
      for (let i = 0; i < 40; i += 1) {
        expect(await committer.add('app', frameOf(`${sender}-${i}`))).toBe('committed')
        await sleep(1)
      }
    }
    await Promise.all(Array.from({ length: 8 }, async (_, sender) => send(sender)))
    expect(await linesOf()).toBe(320)
    expect(store.batches.length).toBeLessThan(60)
  })

  test('joins copies that come while the first is on its way', async () => {
    const { open } = closeGate()
    const copies = Array.from({ length: 4 }, () => committer.add('app', frameOf('same')))
    open()
    expect(await Promise.all(copies)).toEqual(['committed', 'duplicate', 'duplicate', 'duplicate'])
    expect(await linesOf()).toBe(1)
  })

  test('takes out what others have committed and commits the rest', async () => {
    await store.commit('app', [
      { id: 'x', deltas: [] },
      { id: 'y', deltas: [] },
    ])
    const { open } = closeGate()
    const adding = ['first', 'x', 'new', 'y'].map((id) => committer.add('app', frameOf(id)))
    open()
    expect(await Promise.all(adding)).toEqual(['committed', 'duplicate', 'committed', 'duplicate'])
    expect(await linesOf()).toBe(2)
  })

  test('tries again while the store is away, and counts once what was written without an answer', async () => {
    committer = createCommitter(store, { holdMs: LONG_HOLD_MS, spillBytes: 0 })
    store.mood = 'mute'
    const adding = [committer.add('app', frameOf('a')), committer.add('app', frameOf(undefined))]
    await sleep(50)
    store.mood = 'away'
    adding.push(committer.add('app', frameOf('b')))
    await sleep(50)
    store.mood = 'well'
    expect(await Promise.all(adding)).toEqual(['committed', 'committed', 'committed'])
    expect(await linesOf()).toBe(3)
  })

  test('holds what waited too long, and commits it when the store is back', async () => {
    committer = impatient()
    store.mood = 'away'
    const adding = Array.from({ length: 200 }, (_, i) => committer.add('app', frameOf(`${i}`, 5)))
    expect(await Promise.all(adding)).toEqual(Array(200).fill('spilled'))
    expect(committer.spilledLines()).toBe(1000)
    expect(await committer.add('app', frameOf('7', 5))).toBe('duplicate')
    store.mood = 'well'
    expect(await committer.stop(5000)).toEqual({ bodies: 0, lines: 0 })
    expect(committer.spilledLines()).toBe(0)
    expect(await linesOf()).toBe(1000)
    const { cells } = (await store.totals()).get('app')!
    expect(cells.get('c\0l2met/bodies\0result\0spilled')).toMatchObject({ high: 200, low: 0 })
  })

  test('counts a frame anew for each attempt, and the windows are free when the store has read them', async () => {
    store.mood = 'away'
    let counts = 0
    const frame = frameOf('a', 4)
    const adding = committer.add('app', {
      ...frame,
      count: (open) => {
        counts += 1
        frame.count(open)
      },
    })
    await vi.waitFor(() => expect(counts).toBeGreaterThan(1), 30_000)
    expect(windows.free.every(({ results }) => results.every((n) => n === 0))).toBe(true)
    store.mood = 'well'
    expect(await adding).toBe('committed')
    expect(await linesOf()).toBe(4)
  })

  test('tells the sender of a frame that can not be counted, and commits the others', async () => {
    const fault = new Error('a fault of ours')
    const broken: QueuedBody = {
      id: 'broken',
      size: 100,
      count: (open) => {
        frameOf('a', 7).count(open)
        throw fault
      },
    }
    const adding = ['first', 'second'].map((id) => committer.add('app', frameOf(id)))
    await expect(committer.add('app', broken)).rejects.toBe(fault)
    expect(await Promise.all(adding)).toEqual(['committed', 'committed'])
    expect(await linesOf()).toBe(2)
  })

  test('refuses when it can hold no more, and takes the frame when it comes again', async () => {
    committer = impatient(2000)
    store.mood = 'away'
    const adding = Array.from({ length: 20 }, (_, i) => committer.add('app', frameOf(`${i}`)))
    const results = await Promise.allSettled(adding)
    const refused = results.filter(({ status }) => status === 'rejected')
    expect(refused.length).toBeGreaterThan(0)
    for (const { reason } of refused as PromiseRejectedResult[]) {
      expect(reason).toBeInstanceOf(RefusedError)
      expect(reason.cause).toMatchObject({ message: 'no connection' })
    }
    expect(committer.spilledLines()).toBe(20 - refused.length)
    store.mood = 'well'
    const again = await Promise.all(
      Array.from({ length: 20 }, (_, i) => committer.add('app', frameOf(`${i}`))),
    )
    expect(again.filter((result) => result === 'committed')).toHaveLength(refused.length)
    await committer.stop(5000)
    expect(await linesOf()).toBe(20)
  })

  test('gives back what held bodies took, so that each outage finds all the room', async () => {
    // Room for about five of them.
    committer = impatient(4 * 1024)
    for (let outage = 0; outage < 5; outage += 1) {
      store.mood = 'away'
      const adding = Array.from({ length: 3 }, (_, i) =>
        committer.add('app', frameOf(`${outage}-${i}`)),
      )
      expect(await Promise.all(adding)).toEqual(['spilled', 'spilled', 'spilled'])
      store.mood = 'well'
      await vi.waitUntil(() => committer.spilledLines() === 0, { timeout: 60_000 })
    }
    expect(await linesOf()).toBe(15)
  })

  test('holds at once what comes when the store has long failed, of whatever app', async () => {
    committer = createCommitter(store, { holdMs: 1000, spillBytes: 1_000_000 })
    store.mood = 'away'
    expect(await committer.add('app', frameOf('a'))).toBe('spilled')
    const start = performance.now()
    for (let i = 0; i < 10; i += 1)
      expect(await committer.add(`app-${i % 2}`, frameOf(`${i}`))).toBe('spilled')
    // Each waited for a second of its own before.
    expect(performance.now() - start).toBeLessThan(9000)
    store.mood = 'well'
    expect(await committer.stop(60_000)).toEqual({ bodies: 0, lines: 0 })
  })

  test('reports a held body that another receiver has committed meanwhile', async () => {
    const shared = createMemoryStore({ retentionMs: 3_600_000, now: Date.now })
    store = createFlakyStore(shared)
    committer = impatient()
    store.mood = 'away'
    let duplicates = 0
    const onLateDuplicate = () => (duplicates += 1)
    // The command with the oldest is not answered, and the others are not sent.
    const { open } = closeGate()
    for (const id of ['oldest', 'a', 'b'])
      expect(await committer.add('app', { ...frameOf(id), onLateDuplicate })).toBe('spilled')
    await shared.commit('app', [{ id: 'a', deltas: [] }])
    store.mood = 'well'
    open()
    expect(await committer.stop(60_000)).toEqual({ bodies: 0, lines: 0 })
    expect([await linesOf(), duplicates]).toEqual([2, 1])
  })

  test('asks a store that is away with one frame, and for a hundred apps not much more than for one', async () => {
    committer = impatient()
    store.mood = 'away'
    const apps = Array.from({ length: 100 }, (_, i) => `app-${i}`)
    const adding = apps.flatMap((app) =>
      ['a', 'b', 'c'].map(async (id) => committer.add(app, frameOf(id))),
    )
    expect(new Set(await Promise.all(adding))).toEqual(new Set(['spilled']))
    await sleep(1000)
    store.batches.length = 0
    await sleep(2000)
    // Four times a second for each app, it was.
    expect(store.batches.length).toBeLessThan(400)
    expect(new Set(store.batches)).toEqual(new Set([1]))
    store.mood = 'well'
    await vi.waitUntil(() => committer.spilledLines() === 0, { timeout: 60_000 })
    expect(await Promise.all(apps.map(linesOf))).toEqual(apps.map(() => 3))
  })

  test('refuses at once what the store would not keep', async () => {
    const unfit = {
      ...store,
      commit: async () => Promise.reject(new UnsafeStoreError('it evicts')),
    }
    const refusing = createCommitter(unfit, { holdMs: LONG_HOLD_MS, spillBytes: 1_000_000 })
    await expect(refusing.add('app', frameOf('a'))).rejects.toThrow(RefusedError)
    expect(refusing.spilledLines()).toBe(0)
  })

  test('says exactly what is lost when it has to stop', async () => {
    committer = impatient()
    store.mood = 'away'
    await Promise.all([committer.add('app', frameOf('a', 2)), committer.add('b', frameOf('b', 3))])
    const late = committer.add('app', frameOf('c'))
    const [lost] = await Promise.all([
      committer.stop(0),
      expect(late).rejects.toThrow(RefusedError),
    ])
    expect(lost).toEqual({ bodies: 2, lines: 5 })
    await expect(committer.add('app', frameOf('d'))).rejects.toThrow(RefusedError)
  })

  test('measures how long commits take, as a series of the app', async () => {
    for (let i = 0; i < 10; i += 1) await committer.add('app', frameOf(`${i}`))
    const cell = (await store.totals()).get('app')!.cells.get('ms\0l2met/commit') as Sketch
    expect(cell.count).toBe(9)
    expect(cell.min).toBeGreaterThan(0)
  })
})
