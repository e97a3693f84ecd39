import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Window } from '../../src/model/window.ts'
import { RefusedError, createCommitter } from '../../src/store/committer.ts'
import { createIntake } from '../../src/store/intake.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import { routerLine } from '../support/app.ts'
import { body, resultsOf } from '../support/count.ts'
import { type FlakyStore, type Mood, createFlakyStore } from '../support/flaky-store.ts'

const APP = 'shop'

function start(holdMs = 0, spillBytes = 1_000_000) {
  const store = createFlakyStore(createMemoryStore({ retentionMs: 3_600_000, now: Date.now }))
  const committer = createCommitter(store, { holdMs, spillBytes })
  const intake = createIntake({ store, committer, maxSeries: 1000, maxRoutes: 100, pins: [] })
  const send = async (id: string | undefined, bytes: Buffer) =>
    intake({ app: APP, id, bytes, prefix: '', sourcePrefix: '' })
  return { store, committer, send }
}

async function lifetimeOf(store: FlakyStore): Promise<Window> {
  return (await store.lifetime()).get(APP)!
}

async function framesOf(store: FlakyStore): Promise<Record<string, number>> {
  const { cells } = await lifetimeOf(store)
  const results = ['committed', 'duplicate', 'spilled', 'refused']
  const entries = results.flatMap((result) => {
    const cell = cells.get(`c\0l2met/frames\0result\0${result}`)
    return cell?.kind === 'count' && cell.high !== 0 ? [[result, cell.high] as const] : []
  })
  return Object.fromEntries(entries)
}

describe('the intake', () => {
  test('counts a body once and says what was in it', async () => {
    const { store, send } = start()
    const now = Date.now()
    const bytes = body(
      routerLine(),
      routerLine(200, now - 20 * 60_000),
      'no syslog',
      routerLine(500),
    )
    expect(await send('a', bytes)).toMatchObject({
      frame: 'committed',
      lines: 4,
      malformed: 1,
      late: 1,
    })
    expect(await send('a', bytes)).toMatchObject({ frame: 'duplicate', lines: 4 })
    expect(resultsOf(await lifetimeOf(store))).toEqual({ counted: 2, late: 1, malformed: 1 })
    expect(await framesOf(store)).toEqual({ committed: 1, duplicate: 1 })
  })

  test('counts bodies without an id each time', async () => {
    const { store, send } = start()
    for (let i = 0; i < 3; i += 1) await send(undefined, body(routerLine()))
    expect(resultsOf(await lifetimeOf(store))).toEqual({ counted: 3 })
  })

  test('counts a refused frame with the next one of the app', async () => {
    const { store, committer, send } = start(0, 0)
    store.mood = 'away'
    await expect(send('a', body(routerLine()))).rejects.toThrow(RefusedError)
    store.mood = 'well'
    expect(await send('a', body(routerLine()))).toMatchObject({ frame: 'committed' })
    await committer.stop(1000)
    expect(await framesOf(store)).toEqual({ committed: 1, refused: 1 })
    expect(resultsOf(await lifetimeOf(store))).toEqual({ counted: 1 })
  })

  test('keeps a ledger in which every line and every frame is once, whatever the store does', async () => {
    const moods = fc.array(fc.constantFrom<Mood>('well', 'well', 'away', 'mute'), { maxLength: 20 })
    const sends = fc.array(fc.tuple(fc.nat(9), fc.integer({ min: 1, max: 5 }), fc.nat(30)), {
      minLength: 1,
      maxLength: 25,
    })
    await fc.assert(
      fc.asyncProperty(moods, sends, async (changes, list) => {
        const { store, committer, send } = start()
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
        expect(await committer.stop(5000)).toEqual({ frames: 0, lines: 0 })
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
