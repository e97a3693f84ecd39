import { expect, test } from 'vitest'
import { createMemoryStore } from '../../src/store/memory/memory-store.ts'
import { readWindows } from '../support/read-windows.ts'
import { WIDTH_1M, WIDTH_10S } from '../../src/model/window-reader.ts'
import { testStore } from '../contract/store.ts'
import { accumulatorOf, arbitraryActs, plainWindow } from '../support/windows.ts'
import { createWindow, mergeWindow } from '../../src/model/window.ts'
import { toWindow } from '../../src/model/accumulator.ts'
import { createSeriesTable } from '../../src/model/series-table.ts'
import * as fc from 'fast-check'

const HOUR = 3_600_000
const NOON = Date.UTC(2026, 10, 21, 12)
const TABLE = createSeriesTable(10)

testStore('memory', async () => {
  const began = Date.now()
  // Hours are rolled up at most each five seconds: they go by faster here.
  const now = () => began + (Date.now() - began) * 10
  const store = createMemoryStore({ retentionMs: 24 * HOUR, now })
  return { open: async () => store, isShared: false, stop: async () => {} }
})

function frameAt(time: number, id?: string) {
  const start = time - (time % WIDTH_10S)
  const series = { kind: 'sample', name: 'app/x', unit: '', labels: [] } as const
  const acc = accumulatorOf(
    [
      { act: 'line', time, result: 0, kind: 0 },
      { act: 'value', series, value: 1, time },
    ],
    TABLE,
  )
  return { id, deltas: [{ start, acc }] }
}

test('windows are kept as long as their width says, packed or not', async () => {
  let now = NOON
  const store = createMemoryStore({ retentionMs: 24 * HOUR, now: () => now })
  for (; now < NOON + 26 * HOUR; now += 30_000) await store.commit('app', [frameAt(now)])
  const fine = await readWindows(store, 'app', { width: WIDTH_10S, from: 0, to: now })
  const coarse = await readWindows(store, 'app', { width: WIDTH_1M, from: 0, to: now })
  expect(fine.length).toBeGreaterThanOrEqual(HOUR / 30_000)
  expect(fine.length).toBeLessThanOrEqual(HOUR / 30_000 + 2)
  expect(coarse.length).toBeGreaterThanOrEqual((24 * HOUR) / WIDTH_1M)
  expect(coarse.length).toBeLessThanOrEqual((24 * HOUR) / WIDTH_1M + 2)
  expect(coarse.every(({ window }) => window.results[0] === 2)).toBe(true)
  expect((await store.totals()).get('app')!.results[0]).toBe((26 * HOUR) / 30_000)
})

test('lines that come late are added to windows that were packed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(90), arbitraryActs(NOON, NOON + WIDTH_10S, 'small')), {
        minLength: 1,
      }),
      async (commits) => {
        let now = NOON
        const store = createMemoryStore({ retentionMs: 24 * HOUR, now: () => now })
        const expected = createWindow()
        for (const [wait, acts] of commits) {
          now += wait * 1000
          const acc = accumulatorOf(acts)
          await store.commit('app', [{ id: undefined, deltas: [{ start: NOON, acc }] }])
          mergeWindow(expected, toWindow(acc))
        }
        for (const width of [WIDTH_10S, WIDTH_1M] as const) {
          const [read] = await readWindows(store, 'app', { width: width, from: NOON, to: NOON + 1 })
          expect(plainWindow(read!.window)).toEqual(plainWindow(expected))
        }
      },
    ),
    { numRuns: 50 },
  )
})

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'a window that grew long, by %i records, is the same after it was made one',
  async (rounds) => {
    let now = NOON
    const store = createMemoryStore({ retentionMs: 24 * HOUR, now: () => now })
    const expected = createWindow()
    const read = async () => {
      const windows = []
      for (const width of [WIDTH_10S, WIDTH_1M] as const) {
        const [one] = await readWindows(store, 'app', { width, from: NOON, to: NOON + 1 })
        windows.push(plainWindow(one!.window))
      }
      return windows
    }
    for (let round = 0; round < rounds; round += 1) {
      const acc = accumulatorOf(
        Array.from({ length: 4000 }, (_, i) => ({
          act: 'value' as const,
          series: { kind: 'count', name: `app/series-${i}`, unit: '', labels: [] } as const,
          value: round + i + 0.5,
          time: now,
        })),
      )
      await store.commit('app', [{ id: undefined, deltas: [{ start: NOON, acc }] }])
      mergeWindow(expected, toWindow(acc))
      const found = await read()
      // What fewer records give is another test.
      if (round === rounds - 1)
        expect(found).toEqual([plainWindow(expected), plainWindow(expected)])
    }
    for (let step = 0; step < 3; step += 1) {
      now += WIDTH_1M
      expect(await read()).toEqual([plainWindow(expected), plainWindow(expected)])
    }
  },
)

test('ids are remembered for twenty minutes and forgotten some time later', async () => {
  let now = NOON + 599_000
  const store = createMemoryStore({ retentionMs: 24 * HOUR, now: () => now, steadyNow: () => now })
  await store.commit('app', [frameAt(now, 'a')])
  now += 20 * 60_000
  expect(await store.commit('app', [frameAt(now, 'a')])).toEqual([0])
  now += 20 * 60_000
  expect(await store.commit('app', [frameAt(now, 'a')])).toEqual([])
})

test('a sample leaves the lifetime window an hour after its time; the next one comes back', async () => {
  let now = NOON
  const store = createMemoryStore({ retentionMs: 24 * HOUR, now: () => now })
  await store.commit('app', [frameAt(now)])
  now += HOUR + 60_000
  await readWindows(store, 'app', { width: WIDTH_10S, from: 0, to: 1 })
  expect((await store.totals()).get('app')!.cells.size).toBe(0)
  await store.commit('app', [frameAt(now)])
  expect((await store.totals()).get('app')!.cells.get('s\0app/x')).toMatchObject({ time: now })
})

test('many apps and ages at once keep their windows apart', async () => {
  const now = NOON
  const store = createMemoryStore({ retentionMs: 24 * HOUR, now: () => now })
  for (let age = 0; age < 90; age += 1) {
    for (const app of ['a', 'b']) await store.commit(app, [frameAt(now - age * WIDTH_10S)])
  }
  for (const app of ['a', 'b']) {
    expect(
      await readWindows(store, app, { width: WIDTH_10S, from: 0, to: now + WIDTH_10S }),
    ).toHaveLength(90)
    expect(
      await readWindows(store, app, { width: WIDTH_1M, from: 0, to: now + WIDTH_10S }),
    ).toHaveLength(16)
  }
})

test('a clock that is set forth and back forgets no id', async () => {
  let now = NOON
  const store = createMemoryStore({ retentionMs: 24 * HOUR, now: () => now })
  await store.commit('app', [frameAt(now, 'a')])
  for (const jump of [3 * HOUR, -2 * HOUR, 26 * HOUR, -27 * HOUR]) {
    now += jump
    await store.commit('app', [frameAt(now)])
    expect(await store.commit('app', [frameAt(now, 'a')])).toEqual([0])
  }
})
