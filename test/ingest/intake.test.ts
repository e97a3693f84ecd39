import * as fc from 'fast-check'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test, vi } from 'vitest'
import { LINE_CLASSES } from '../../src/model/line.ts'
import { type Window, createWindow } from '../../src/model/window.ts'
import { createCommitter } from '../../src/ingest/committer.ts'
import { RefusedError } from '../../src/ingest/refusal.ts'
import { createIntake } from '../../src/ingest/intake.ts'
import { createMemoryCommitter } from '../../src/ingest/memory-committer.ts'
import { createMemoryStore } from '../../src/store/memory/memory-store.ts'
import { readWindows } from '../support/read-windows.ts'
import { WIDTH_10S } from '../../src/model/window-reader.ts'
import { type Store } from '../../src/store/store.ts'
import { routerLine } from '../support/app.ts'
import { body, resultsOf } from '../support/count.ts'
import { type Mood, createFlakyStore } from '../support/flaky-store.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
const APP = 'shop'
const ROUTER = LINE_CLASSES.indexOf('router')

function start(holdMs = 1000, spillBytes = 1_000_000) {
  const store = createFlakyStore(createMemoryStore({ retentionMs: 3_600_000, now: Date.now }))
  const committer = createCommitter(store, { holdMs, spillBytes })
  const intake = createIntake({ store, committer, maxSeries: 1000, maxRoutes: 100, pins: [] })
  const send = async (id: string | undefined, bytes: Buffer) =>
    intake.take({ app: APP, id, bytes, prefix: '', sourcePrefix: '' })
  return { store, committer, send }
}

/** As a server without Redis has it. */
function startInMemory() {
  const store = createMemoryStore({ retentionMs: 3_600_000, now: Date.now })
  const committer = createMemoryCommitter(store)
  const intake = createIntake({ store, committer, maxSeries: 1000, maxRoutes: 100, pins: [] })
  const send = async (id: string | undefined, bytes: Buffer, app = APP) =>
    intake.take({ app, id, bytes, prefix: '', sourcePrefix: '' })
  return { store, send }
}

async function lifetimeOf(store: Store): Promise<Window> {
  return (await store.totals()).get(APP)!
}

/** What became of an app's lines. */
async function linesOf(store: Store, app: string): Promise<Record<string, number>> {
  return resultsOf((await store.totals()).get(app) ?? createWindow())
}

async function framesOf(store: Store): Promise<Record<string, number>> {
  const { cells } = await lifetimeOf(store)
  const results = ['committed', 'duplicate', 'spilled', 'refused']
  const entries = results.flatMap((result) => {
    const cell = cells.get(`c\0l2met/bodies\0result\0${result}`)
    return cell?.kind === 'count' && cell.high !== 0 ? [[result, cell.high] as const] : []
  })
  return Object.fromEntries(entries)
}

describe.each([
  ['a store that is reached over a connection', start],
  ['a store of this process', startInMemory],
])('the intake of %s', (_, begin) => {
  test('counts a body once and says what was in it', async () => {
    const { store, send } = begin()
    const now = Date.now()
    const bytes = body(
      routerLine(),
      routerLine(200, now - 20 * 60_000),
      'no syslog',
      routerLine(500),
    )
    expect(await send('a', bytes)).toMatchObject({
      outcome: 'committed',
      lines: 4,
      malformed: 1,
      late: 1,
    })
    expect(await send('a', bytes)).toMatchObject({ outcome: 'duplicate', lines: 4 })
    expect(resultsOf(await lifetimeOf(store))).toEqual({ counted: 2, late: 1, malformed: 1 })
    expect(await framesOf(store)).toEqual({ committed: 1, duplicate: 1 })
  })

  test('counts bodies without an id each time', async () => {
    const { store, send } = begin()
    for (let i = 0; i < 3; i += 1) await send(undefined, body(routerLine()))
    expect(resultsOf(await lifetimeOf(store))).toEqual({ counted: 3 })
  })

  test('counts one of several copies that come at the same time', async () => {
    const { store, send } = begin()
    const bytes = body(routerLine(), routerLine())
    const results = await Promise.all(Array.from({ length: 4 }, async () => send('a', bytes)))
    expect(results.map(({ outcome }) => outcome).toSorted()).toEqual([
      'committed',
      'duplicate',
      'duplicate',
      'duplicate',
    ])
    expect(resultsOf(await lifetimeOf(store))).toEqual({ counted: 2 })
    expect(await framesOf(store)).toEqual({ committed: 1, duplicate: 3 })
  })
})

test('a store of this process shows at any moment all that was acknowledged, of each app its own', async () => {
  const step = fc.oneof(
    fc.record({
      app: fc.constantFrom('a', 'b', 'c'),
      id: fc.nat(30),
      ages: fc.array(fc.nat(14 * 60_000), { minLength: 1, maxLength: 6 }),
    }),
    fc.constantFrom('lifetime' as const, 'fine' as const),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), async (steps) => {
      const { store, send } = startInMemory()
      const linesOf = new Map<string, Map<number, number>>()
      for (const one of steps) {
        if (typeof one === 'object') {
          const { app, id, ages } = one
          const known = linesOf.get(app) ?? new Map<number, number>()
          const lines = ages.map((age) => routerLine(200, Date.now() - age))
          const { outcome } = await send(`${id}`, body(...lines), app)
          expect(outcome).toBe(known.has(id) ? 'duplicate' : 'committed')
          if (!known.has(id)) linesOf.set(app, known.set(id, ages.length))
          continue
        }
        const lifetimes = await store.totals()
        for (const [app, known] of linesOf) {
          const counted = [...known.values()].reduce((a, b) => a + b)
          if (one === 'lifetime') expect(resultsOf(lifetimes.get(app)!)).toEqual({ counted })
          else {
            const windows = await readWindows(store, app, {
              width: WIDTH_10S,
              from: 0,
              to: Date.now() + WIDTH_10S,
            })
            const sum = windows.reduce((all, { window }) => all + window.classes[ROUTER]!, 0)
            expect(sum).toBe(counted)
          }
        }
      }
    }),
    { numRuns: 60 },
  )
})

describe('the intake', () => {
  test('counts a refused frame with the next one of the app', async () => {
    const { store, committer, send } = start(0, 0)
    store.mood = 'away'
    await expect(send('a', body(routerLine()))).rejects.toThrow(RefusedError)
    store.mood = 'well'
    expect(await send('a', body(routerLine()))).toMatchObject({ outcome: 'committed' })
    await committer.stop(1000)
    expect(await framesOf(store)).toEqual({ committed: 1, refused: 1 })
    expect(resultsOf(await lifetimeOf(store))).toEqual({ counted: 1 })
  })

  test('keeps what it counted of a spilled body, not its bytes', async () => {
    const { store, committer, send } = start(0)
    store.mood = 'away'
    const sent = await Promise.all(
      Array.from({ length: 10 }, async (_, i) => {
        const bytes = body(routerLine())
        expect(await send(`${i}`, bytes)).toMatchObject({ outcome: 'spilled' })
        return new WeakRef(bytes)
      }),
    )
    await vi.waitUntil(() => {
      collectGarbage()
      // The reader has the last one in hand until the next comes.
      return sent.filter((bytes) => bytes.deref() !== undefined).length <= 1
    })
    store.mood = 'well'
    expect(await committer.stop(5000)).toEqual({ bodies: 0, lines: 0 })
  })

  test('keeps a ledger in which every line and every frame is once, whatever the store does', async () => {
    const moods = fc.array(fc.constantFrom<Mood>('well', 'well', 'away', 'mute'), { maxLength: 20 })
    const sends = fc.array(fc.tuple(fc.nat(9), fc.integer({ min: 1, max: 5 }), fc.nat(30)), {
      minLength: 1,
      maxLength: 25,
    })
    await fc.assert(
      fc.asyncProperty(moods, sends, async (changes, list) => {
        const { store, committer, send } = start(0)
        const change = setInterval(() => (store.mood = changes.pop() ?? 'well'), 3)
        const linesOfId = new Map<number, number>()
        await Promise.all(
          list.map(async ([id, size, wait]) => {
            if (!linesOfId.has(id)) linesOfId.set(id, size)
            await new Promise((resolve) => setTimeout(resolve, wait))
            const lines = Array.from({ length: linesOfId.get(id)! }, () => routerLine())
            await send(`${id}`, body(...lines))
          }),
        )
        clearInterval(change)
        store.mood = 'well'
        expect(await committer.stop(5000)).toEqual({ bodies: 0, lines: 0 })
        const lines = [...linesOfId.values()].reduce((a, b) => a + b)
        expect(resultsOf(await lifetimeOf(store))).toEqual({ counted: lines })
        const { committed = 0, spilled = 0, duplicate = 0 } = await framesOf(store)
        expect(committed + spilled).toBe(linesOfId.size)
        expect(duplicate).toBe(list.length - linesOfId.size)
      }),
      { numRuns: 40 },
    )
  })
})

describe('more apps than one process counts', () => {
  const bytes = body(routerLine())

  test('are counted together, as lines over the limit', async () => {
    const { store, send } = startInMemory()
    const empty = body()
    const apps = Array.from({ length: 5000 }, (_, i) => `app-${i}`)
    await Promise.all(apps.map((app) => send(undefined, empty, app)))
    await send(undefined, bytes, 'app-7')
    await send(undefined, bytes, 'one-more')
    await send(undefined, bytes, 'another')
    expect(await linesOf(store, 'app-7')).toEqual({ counted: 1 })
    expect(await linesOf(store, '(other)')).toEqual({ over_limit: 2 })
    expect((await store.totals()).has('one-more')).toBe(false)
  })

  test('are not what an app can make of its prefixes', async () => {
    const store = createMemoryStore({ retentionMs: 3_600_000, now: Date.now })
    const committer = createMemoryCommitter(store)
    const intake = createIntake({ store, committer, maxSeries: 1000, maxRoutes: 100, pins: [] })
    const send = async (app: string, prefix: string) =>
      intake.take({ app, id: undefined, bytes, prefix, sourcePrefix: '' })
    const prefixes = Array.from({ length: 5100 }, (_, i) => `prefix-${i}`)
    await Promise.all(prefixes.map((prefix) => send('loud', prefix)))
    await send(APP, '')
    expect(await linesOf(store, APP)).toEqual({ counted: 1 })
    expect(await linesOf(store, 'loud')).toEqual({ counted: 64 })
    expect(await linesOf(store, '(other)')).toEqual({ over_limit: 5036 })
  })
})
