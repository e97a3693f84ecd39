import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toWindow } from '../../src/model/accumulator.ts'
import { createCell, mergeCell } from '../../src/model/cell.ts'
import { headLength } from '../../src/model/series.ts'
import type { Sketch } from '../../src/model/sketch.ts'
import { createSeriesTable } from '../../src/model/series-table.ts'
import { type Window, cellOf, createWindow, mergeWindow } from '../../src/model/window.ts'
import { type TimedWindow, readWindows, windowsInto } from '../support/read-windows.ts'
import {
  WIDTH_1M,
  WIDTH_10S,
  HOUR_MS,
  type Width,
  type WindowReader,
} from '../../src/model/window-reader.ts'
import {
  type CommitBody,
  NO_VERSION,
  type Store,
  type StoredRecord,
} from '../../src/store/store.ts'
import {
  type Act,
  accumulatorOf,
  arbitraryActs,
  nastyText,
  plainWindow,
} from '../support/windows.ts'

/** What a store under test runs on. */
export interface Backing {
  /** Another store over the same data; a backing inside one process has only one. */
  open(): Promise<Store>
  readonly isShared: boolean
  stop(): Promise<void>
}

/** What every store promises (src/store/store.ts). */
export function testStore(name: string, start: () => Promise<Backing>): void {
  describe(`${name}: the store contract`, () => {
    let backing: Backing
    let store: Store
    let apps = 0
    const newApp = () => `app-${(apps += 1)}.`

    beforeAll(async () => {
      backing = await start()
      store = await backing.open()
    })
    afterAll(async () => {
      await store.close()
      await backing.stop()
    })

    test('has a clock that goes on in whole milliseconds', async () => {
      const before = store.clock()
      expect(Number.isSafeInteger(before)).toBe(true)
      expect(Math.abs(before - Date.now())).toBeLessThan(60_000)
      await new Promise((resolve) => setTimeout(resolve, 20))
      expect(store.clock()).toBeGreaterThan(before)
    })

    test('knows nothing of an app that sent nothing', async () => {
      expect(await readWindows(store, newApp(), { width: WIDTH_10S, from: 0, to: 1e15 })).toEqual(
        [],
      )
      expect((await store.totals()).has(`app-${apps}`)).toBe(false)
    })

    test('gives back what was committed, in any order and batching', async () => {
      const now = store.clock()
      const from = now - (now % WIDTH_1M) - WIDTH_1M
      const arbitraryFrames = fc.array(arbitraryFrame(from), { minLength: 1, maxLength: 8 })
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(nastyText, { minLength: 1, maxLength: 2 }),
          arbitraryFrames,
          fc.array(fc.integer({ min: 1, max: 4 })),
          fc.boolean(),
          async (names, plans, sizes, reversed) => {
            const names2 = names.map((text) => `${newApp()}${text}`)
            const shared = createSeriesTable(10_000)
            const frames = plans.map((plan, i) => frameOf(plan, i % 3 === 0 ? undefined : shared))
            for (const app of names2) {
              await commitInBatches(store, app, reversed ? frames.toReversed() : frames, sizes)
            }
            for (const app of names2) {
              await expectFrames(store, app, frames, WIDTH_10S)
              await expectFrames(store, app, frames, WIDTH_1M)
              await expectLifetime(store, app, frames)
            }
          },
        ),
        { numRuns: 25 },
      )
    })

    test('writes nothing of a batch in which an id is known, and says which', async () => {
      const app = newApp()
      expect(await store.commit(app, [oneLine(store, 'a'), oneLine(store, 'b')])).toEqual([])
      const before = await snapshot(store, app)
      const mixed = [oneLine(store, 'c'), oneLine(store, 'a'), oneLine(store), oneLine(store, 'b')]
      expect(await store.commit(app, mixed)).toEqual([1, 3])
      expect(await snapshot(store, app)).toEqual(before)
      expect(await store.commit(app, [oneLine(store, 'c')])).toEqual([])
      expect(await linesOf(store, app)).toBe(3)
    })

    test('adds frames without an id each time', async () => {
      const app = newApp()
      for (let i = 0; i < 3; i += 1) {
        expect(await store.commit(app, [oneLine(store), oneLine(store)])).toEqual([])
      }
      expect(await linesOf(store, app)).toBe(6)
    })

    test('takes one id in two apps for two frames', async () => {
      const [one, two] = [newApp(), newApp()]
      expect(await store.commit(one, [oneLine(store, 'same')])).toEqual([])
      expect(await store.commit(two, [oneLine(store, 'same')])).toEqual([])
      expect([await linesOf(store, one), await linesOf(store, two)]).toEqual([1, 1])
    })

    test('remembers ids of any text, and many of them', async () => {
      const app = newApp()
      const texts = ['', '{}', '\0', '\u{1f600}', '0', '-1', 'x'.repeat(5000), '__proto__']
      const ids = [...texts, ...Array.from({ length: 3000 }, (_, i) => `frame-${i}`)]
      for (let at = 0; at < ids.length; at += 128) {
        const frames = ids.slice(at, at + 128).map((id) => oneLine(store, id))
        expect(await store.commit(app, frames)).toEqual([])
      }
      for (let at = 0; at < ids.length; at += 128) {
        const frames = ids.slice(at, at + 128).map((id) => oneLine(store, id))
        expect(await store.commit(app, frames)).toEqual(frames.map((_, i) => i))
      }
      expect(await linesOf(store, app)).toBe(ids.length)
    })

    test('reads exactly the windows that touch the range, oldest first', async () => {
      const app = newApp()
      const now = store.clock()
      const third = now - (now % WIDTH_10S)
      const starts = [third, third - 4 * WIDTH_10S, third - 2 * WIDTH_10S]
      for (const start of starts) {
        await store.commit(app, [
          frameOf({ id: `${start}`, deltas: [{ start, acts: [line(start)] }] }),
        ])
      }
      const [a, b, c] = starts.toSorted((x, y) => x - y) as [number, number, number]
      const read = async (from: number, to: number) =>
        (await readWindows(store, app, { width: WIDTH_10S, from, to })).map(({ start }) => start)
      expect(await read(a, c + WIDTH_10S)).toEqual([a, b, c])
      expect(await read(a + WIDTH_10S - 1, b + 1)).toEqual([a, b])
      expect(await read(a + WIDTH_10S, b)).toEqual([])
      expect(await read(b, b)).toEqual([])
    })

    test('keeps the last sample by its time, the newest events, and what is unique', async () => {
      const app = newApp()
      const now = store.clock()
      const start = now - (now % WIDTH_10S)
      const acts = [sampleAct(7, start + 5000), sampleAct(9, start + 2000), sampleAct(3, start + 1)]
      for (const [i, act] of acts.entries()) {
        await store.commit(app, [frameOf({ id: `${i}`, deltas: [{ start, acts: [act] }] })])
      }
      const range = { width: WIDTH_1M, from: start, to: start + 1 } as const
      const [read] = await readWindows(store, app, range)
      const gauge = { time: start + 5000, last: 7, min: 3, max: 9 }
      expect(read!.window.cells.get('s\0app/x')).toMatchObject(gauge)
      expect((await store.totals()).get(app)!.cells.get('s\0app/x')).toMatchObject(gauge)
    })

    test('stays right when one window is committed to many times', async () => {
      const app = newApp()
      const now = store.clock()
      const start = now - (now % WIDTH_10S)
      const acts = Array.from({ length: 300 }, (_, i): Act => ({
        act: 'value',
        series: { kind: 'measure', name: 'app/x', unit: 's', labels: [['n', `${i}`]] },
        value: i / 7,
        time: start,
      }))
      const rounds = 60
      for (let i = 0; i < rounds; i += 1) {
        await store.commit(app, [frameOf({ id: `many-${i}`, deltas: [{ start, acts }] })])
      }
      const range = { width: WIDTH_10S, from: start, to: start + 1 } as const
      const [read] = await readWindows(store, app, range)
      const lifetime = (await store.totals()).get(app)!
      for (const window of [read!.window, lifetime]) {
        expect(window.cells.size).toBe(acts.length)
        for (const cell of window.cells.values()) expect((cell as Sketch).count).toBe(rounds)
      }
    })

    test('reads the same when hours are rolled up, and when lines come later still', async () => {
      const app = newApp()
      const hour = Math.floor(store.clock() / HOUR_MS) * HOUR_MS - 3 * HOUR_MS
      const minutes = [0, 1, 2, 5, 7, 11, 13, 17, 19, 23, 29, 31, 59, 60, 61]
      const framesOf = (round: number) =>
        minutes.map((minute) => {
          const start = hour + minute * WIDTH_1M
          const acts = hourActs(start + 1000 * round, `${minute % 4}-${round % 2}`)
          return frameOf({ id: `${round} ${minute}`, deltas: [{ start, acts }] })
        })
      const early = framesOf(0)
      for (const frame of early) await store.commit(app, [frame])
      await expectFrames(store, app, early, WIDTH_1M)
      const starts = async () => startsSeen(store, app, { from: hour, to: hour + 2 * HOUR_MS })
      await expect.poll(starts, { timeout: 30_000 }).toEqual([hour, ...minutesFrom(hour, [60, 61])])
      await expectFrames(store, app, early, WIDTH_1M)
      await expectRanges(store, app, early, hour)
      const late = framesOf(1)
      for (const frame of late) await store.commit(app, [frame])
      const all = [...early, ...late]
      await expectFrames(store, app, all, WIDTH_1M)
      await expectRanges(store, app, all, hour)
      await expect.poll(starts, { timeout: 30_000 }).toEqual([hour, ...minutesFrom(hour, [60, 61])])
      await expectFrames(store, app, all, WIDTH_1M)
      await expectRanges(store, app, all, hour)
      const last = [frameOf({ id: 'last', deltas: [{ start: hour, acts: hourActs(hour, 'x') }] })]
      await store.commit(app, last)
      await expectRanges(store, app, [...all, ...last], hour)
      expect(await starts()).toEqual([hour, hour, ...minutesFrom(hour, [60, 61])])
    })

    test('keeps a record for whoever knows its version', async () => {
      const app = newApp()
      const set = async (version: number, text: string | undefined, ttlMs = 60_000) => {
        const value = text === undefined ? undefined : Buffer.from(text)
        const reply = await store.record(app, 'lease', version, value, ttlMs)
        return { ...reply, value: reply.value && Buffer.from(reply.value).toString() }
      }
      expect(await set(NO_VERSION, 'x')).toEqual(noRecord(false))
      expect(await set(5, 'x')).toEqual(noRecord(false))
      const first = await set(0, 'a')
      expect(first).toEqual({ isWritten: true, version: expect.any(Number), value: 'a' })
      expect(Number.isSafeInteger(first.version) && first.version > 0).toBe(true)
      const before = { ...first, isWritten: false }
      expect(await set(0, 'b')).toEqual(before)
      expect(await set(NO_VERSION, 'b')).toEqual(before)
      const second = await set(first.version, '')
      expect(second).toEqual({ isWritten: true, version: expect.any(Number), value: '' })
      expect(second.version).toBeGreaterThan(first.version)
      expect(await set(first.version, undefined)).toEqual({ ...second, isWritten: false })
      expect(await store.record(newApp(), 'lease', NO_VERSION, undefined, 1)).toEqual(
        noRecord(false),
      )
      expect(await store.record(app, 'other', NO_VERSION, undefined, 1)).toEqual(noRecord(false))
      expect(await set(second.version, undefined)).toEqual(noRecord(true))
      // What comes again has no version that it had.
      const again = await set(0, 'c', 30)
      expect(again.version).toBeGreaterThan(second.version)
      await expect.poll(() => set(NO_VERSION, undefined)).toEqual(noRecord(false))
      expect((await set(0, 'd')).version).toBeGreaterThan(again.version)
      const bytes = Uint8Array.from({ length: 3000 }, (_, i) => i)
      const { version } = await store.record(app, '__proto__', 0, bytes, 60_000)
      bytes.fill(0)
      const { value } = await store.record(app, '__proto__', version + 1, bytes, 60_000)
      expect(value && Buffer.from(value)).toEqual(
        Buffer.from(Uint8Array.from({ length: 3000 }, (_, i) => i)),
      )
      expect(await store.totals()).not.toContain(app)
    })

    test('lets one of many have a record', async () => {
      const app = newApp()
      const stores = backing.isShared
        ? [store, await backing.open(), await backing.open()]
        : [store]
      const tries = Array.from({ length: 30 }, (_, i) =>
        stores[i % stores.length]!.record(app, 'lease', 0, Buffer.of(i), 60_000),
      )
      const replies = await Promise.all(tries)
      expect(replies.filter(({ isWritten }) => isWritten)).toHaveLength(1)
      expect(new Set(replies.map(({ version, value }) => `${version} ${String(value)}`)).size).toBe(
        1,
      )
      await Promise.all(stores.slice(1).map((each) => each.close()))
    })

    test('shows every store over the same data the same', async (context) => {
      context.skip(!backing.isShared, 'the data live inside one store')
      const app = newApp()
      const other = await backing.open()
      try {
        expect(await store.commit(app, [oneLine(store, 'here')])).toEqual([])
        expect(await other.commit(app, [oneLine(other, 'here')])).toEqual([0])
        expect(await other.commit(app, [oneLine(other, 'there')])).toEqual([])
        expect(await store.commit(app, [oneLine(store, 'there')])).toEqual([0])
        expect(await snapshot(store, app)).toEqual(await snapshot(other, app))
        expect(await linesOf(other, app)).toBe(2)
        // Measured anew when a round trip took long, as it does on a busy machine.
        await expect.poll(() => Math.abs(store.clock() - other.clock())).toBeLessThan(50)
      } finally {
        await other.close()
      }
    })

    test('adds each id once when stores race', async (context) => {
      context.skip(!backing.isShared, 'the data live inside one store')
      const app = newApp()
      const stores = await Promise.all([backing.open(), backing.open(), backing.open()])
      const ids = Array.from({ length: 200 }, (_, i) => `race-${i}`)
      const outcomes = await Promise.all(
        stores.map(async (each) => {
          let added = 0
          for (const id of ids)
            if ((await each.commit(app, [oneLine(each, id)])).length === 0) added += 1
          return added
        }),
      )
      expect(outcomes.reduce((sum, n) => sum + n, 0)).toBe(ids.length)
      expect(await linesOf(store, app)).toBe(ids.length)
      await Promise.all(stores.map((each) => each.close()))
    })
  })
}

function noRecord(isWritten: boolean): StoredRecord {
  return { isWritten, version: 0, value: undefined }
}

interface Plan {
  readonly id: string | undefined
  readonly deltas: readonly { readonly start: number; readonly acts: readonly Act[] }[]
}

function arbitraryFrame(from: number): fc.Arbitrary<Plan> {
  const delta = fc.nat(8).chain((n) => {
    const start = from + n * WIDTH_10S
    return fc.record({
      start: fc.constant(start),
      acts: arbitraryActs(start, start + WIDTH_10S, 'small'),
    })
  })
  return fc.record({
    id: fc.constant(undefined),
    deltas: fc.uniqueArray(delta, { minLength: 1, maxLength: 3, selector: ({ start }) => start }),
  })
}

function frameOf(plan: Plan, table = createSeriesTable(10_000)): CommitBody {
  const deltas = plan.deltas.map(({ start, acts }) => ({ start, acc: accumulatorOf(acts, table) }))
  return { id: plan.id, deltas }
}

function line(time: number): Act {
  return { act: 'line', time, result: 0, kind: 0 }
}

function sampleAct(value: number, time: number): Act {
  const series = { kind: 'sample', name: 'app/x', unit: '', labels: [] } as const
  return { act: 'value', series, value, time }
}

/** Something of each kind, so that a later round changes what the earlier one said. */
function hourActs(time: number, name: string): Act[] {
  const kinds = ['count', 'measure', 'sample', 'unique'] as const
  return [
    line(time),
    { act: 'event', event: { time, kind: 'release', text: name } },
    ...kinds.map((kind): Act => ({
      act: 'value',
      series: { kind, name: `${kind}/x`, unit: '', labels: [['n', name]] },
      value: (time % 100_000) / 7,
      time,
    })),
  ]
}

function minutesFrom(hour: number, minutes: readonly number[]): number[] {
  return minutes.map((minute) => hour + minute * WIDTH_1M)
}

/** Of what times a reader that takes hours is shown windows. */
async function startsSeen(
  store: Store,
  app: string,
  range: { readonly from: number; readonly to: number },
): Promise<number[]> {
  const starts: number[] = []
  const reader: WindowReader = {
    acceptsRollups: true,
    onHeader: (start) => void starts.push(start),
    seriesSink: () => [],
  }
  await store.read(app, { width: WIDTH_1M, ...range }, [reader])
  return starts
}

/** Reads parts of two hours, by minute and as one sum, at once. */
async function expectRanges(
  store: Store,
  app: string,
  frames: readonly CommitBody[],
  hour: number,
): Promise<void> {
  for (const [from, to] of [
    [0, 60],
    [0, 61],
    [1, 60],
    [5, 14],
    [30, 60],
    [59, 62],
    [3, 5],
  ]) {
    const range = { from: hour + from! * WIDTH_1M, to: hour + to! * WIDTH_1M - 1 }
    const wanted = [...windowsOf(frames, WIDTH_1M)].filter(
      ([start]) => start >= range.from && start < range.to,
    )
    const windows = new Map<number, Window>()
    const sums = new Map<number, Window>()
    const hours: WindowReader = { ...windowsInto(sums), acceptsRollups: true }
    await store.read(app, { width: WIDTH_1M, ...range }, [windowsInto(windows), hours])
    expect(plainWindows(windows)).toEqual(plainWindows(wanted))
    const expected = createWindow()
    for (const [, window] of wanted) mergeWindow(expected, window)
    const sum = createWindow()
    for (const window of sums.values()) mergeWindow(sum, window)
    expect(plainWindow(sum)).toEqual(plainWindow(expected))
  }
}

function oneLine(store: Store, id?: string): CommitBody {
  const now = store.clock()
  return frameOf({ id, deltas: [{ start: now - (now % WIDTH_10S), acts: [line(now)] }] })
}

async function commitInBatches(
  store: Store,
  app: string,
  frames: readonly CommitBody[],
  sizes: readonly number[],
): Promise<void> {
  for (let at = 0, batch = 0; at < frames.length; batch += 1) {
    const size = sizes[batch] ?? 1
    expect(await store.commit(app, frames.slice(at, at + size))).toEqual([])
    at += size
  }
}

async function expectFrames(
  store: Store,
  app: string,
  frames: readonly CommitBody[],
  width: typeof WIDTH_10S | typeof WIDTH_1M,
): Promise<void> {
  const read = (await readAll(store, app, width)).map(
    ({ start, window }) => [start, window] as const,
  )
  expect(plainWindows(read)).toEqual(plainWindows(windowsOf(frames, width)))
  await expectHeads(store, app, frames, width)
}

/** Reads series of some names one by one, and of others their sum, beside one who tells all apart. */
async function expectHeads(
  store: Store,
  app: string,
  frames: readonly CommitBody[],
  width: Width,
): Promise<void> {
  const expected = createWindow()
  for (const { cells } of windowsOf(frames, width).values()) {
    for (const [key, cell] of cells) {
      const head = key.slice(0, headLength(key))
      mergeCell(cellOf(expected, isSummed(head) ? head : key), cell)
    }
  }
  const range = { width, from: 0, to: Number.MAX_SAFE_INTEGER }
  for (const beside of [[], [windowsInto(new Map())]]) {
    const sums = createWindow()
    const reader: WindowReader = {
      acceptsRollups: false,
      onHeader: () => {},
      seriesSink: (key) => [() => cellOf(sums, key)],
      seriesSinkByPrefix: (head) => (isSummed(head) ? [() => cellOf(sums, head)] : undefined),
    }
    await store.read(app, range, [reader, ...beside])
    expect(plainWindow(sums)).toEqual(plainWindow(expected))
  }
}

function windowsOf(frames: readonly CommitBody[], width: Width): Map<number, Window> {
  const windows = new Map<number, Window>()
  for (const { deltas } of frames) {
    for (const { start, acc } of deltas) {
      const at = start - (start % width)
      if (!windows.has(at)) windows.set(at, createWindow())
      mergeWindow(windows.get(at)!, toWindow(acc))
    }
  }
  return windows
}

function plainWindows(windows: Iterable<readonly [number, Window]>): unknown {
  return [...windows]
    .toSorted(([a], [b]) => a - b)
    .map(([start, window]) => [start, plainWindow(window)])
}

async function expectLifetime(
  store: Store,
  app: string,
  frames: readonly CommitBody[],
): Promise<void> {
  const expected = createWindow()
  for (const { acc } of frames.flatMap(({ deltas }) => deltas)) {
    const { cells, ...frame } = toWindow(acc)
    // Of a unique series it keeps only the name; seconds and events are for finite windows.
    const kept = [...cells].map(([key, cell]) => {
      return [key, cell.kind === 'unique' ? createCell('unique') : cell] as const
    })
    mergeWindow(expected, { ...frame, seconds: new Map(), events: [], cells: new Map(kept) })
  }
  const lifetime = (await store.totals()).get(app)
  expect(lifetime && plainWindow(lifetime)).toEqual(plainWindow(expected))
}

function isSummed(head: string): boolean {
  return !head.includes('app/x')
}

async function readAll(store: Store, app: string, width: Width): Promise<TimedWindow[]> {
  return readWindows(store, app, { width, from: 0, to: Number.MAX_SAFE_INTEGER })
}

async function snapshot(store: Store, app: string): Promise<unknown> {
  const fine = await readAll(store, app, WIDTH_10S)
  const coarse = await readAll(store, app, WIDTH_1M)
  const lifetime = (await store.totals()).get(app)
  return [
    [...fine, ...coarse].map(({ start, window }) => [start, plainWindow(window)]),
    lifetime && plainWindow(lifetime),
  ]
}

async function linesOf(store: Store, app: string): Promise<number> {
  return (await store.totals()).get(app)!.results[0]!
}
