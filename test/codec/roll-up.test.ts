import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toWindow } from '../../src/model/accumulator.ts'
import { createSeriesTable } from '../../src/model/series-table.ts'
import { type Window, createWindow, mergeWindow } from '../../src/model/window.ts'
import { PackedError } from '../../src/codec/byte-reader.ts'
import { visitHour } from '../../src/codec/hour.ts'
import { createVisitor, unpack } from '../../src/codec/record-visitor.ts'
import { deflatePacked } from '../../src/codec/window.ts'
import { createPacker } from '../../src/codec/packer.ts'
import { windowsInto } from '../support/read-windows.ts'
import { rollUp } from '../../src/codec/roll-up.ts'
import { WIDTH_1M, HOUR_MS, type WindowReader } from '../../src/model/window-reader.ts'
import { createYielder } from '../../src/codec/event-loop.ts'
import { accumulatorOf, arbitraryActs, plainWindow } from '../support/windows.ts'

const HOUR = Date.UTC(2026, 10, 21, 12)
const packer = createPacker()
const options = { packer, maxSeries: 10_000 }

/** Minutes of an hour: of each what some senders wrote, with a table of their own or one for all. */
const arbitraryMinutes = fc.uniqueArray(
  fc.nat(59).chain((minute) => {
    const start = HOUR + minute * WIDTH_1M
    return fc.record({
      start: fc.constant(start),
      lists: fc.array(arbitraryActs(start, start + WIDTH_1M, 'small'), {
        minLength: 1,
        maxLength: 3,
      }),
      isDeflated: fc.boolean(),
    })
  }),
  { maxLength: 8, selector: ({ start }) => start },
)

type Minutes = typeof arbitraryMinutes extends fc.Arbitrary<infer T> ? T : never

function packMinutes(minutes: Minutes) {
  const table = createSeriesTable(10_000)
  return minutes
    .toSorted((a, b) => a.start - b.start)
    .map(({ start, lists, isDeflated }) => {
      const accs = lists.map((acts, i) => accumulatorOf(acts, i === 0 ? table : undefined))
      const window = createWindow()
      for (const acc of accs) mergeWindow(window, toWindow(acc))
      const records = accs.map((acc) => packer.packAccumulators([acc]))
      const packed = Buffer.concat(isDeflated ? records.map(deflatePacked) : records)
      return { start, window, packed }
    })
}

async function show(minutes: Buffer, reader: WindowReader, from = HOUR, to = HOUR + HOUR_MS) {
  await visitHour(minutes, HOUR, { from, to }, createVisitor([reader]), createYielder())
}

function isWanted(key: string): boolean {
  return key.includes('/service')
}

function plain(windows: Iterable<readonly [number, Window]>) {
  return [...windows]
    .toSorted(([a], [b]) => a - b)
    .map(([start, window]) => [start, plainWindow(window)])
}

describe('an hour that was rolled up', () => {
  test('gives back its minutes and their sum to the last bit', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryMinutes, async (list) => {
        const windows = packMinutes(list)
        const { total, minutes } = await rollUp(HOUR, windows, options)
        const sum = createWindow()
        for (const { window } of windows) mergeWindow(sum, window)
        expect(plainWindow(unpack(total, Infinity))).toEqual(plainWindow(sum))
        const read = new Map<number, Window>()
        await show(minutes, windowsInto(read))
        expect(plain(read)).toEqual(plain(windows.map(({ start, window }) => [start, window])))
      }),
      { numRuns: 100 },
    )
  })

  test('is rolled up again with what came later, as if all had come at once', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryMinutes, arbitraryMinutes, async (first, later) => {
        const [before, after] = [packMinutes(first), packMinutes(later)]
        const { minutes } = await rollUp(HOUR, before, options)
        const again = await rollUp(HOUR, after, options, minutes)
        const all = new Map<number, Buffer>()
        for (const { start, packed } of [...before, ...after])
          all.set(start, Buffer.concat([all.get(start) ?? Buffer.alloc(0), packed]))
        const atOnce = [...all]
          .toSorted(([a], [b]) => a - b)
          .map(([start, packed]) => ({ start, packed }))
        expect(again).toEqual(await rollUp(HOUR, atOnce, options))
      }),
      { numRuns: 100 },
    )
  })

  test('gives the part that is asked for, and of that only the series that are', async () => {
    const arbitraryPart = fc
      .tuple(fc.nat(60), fc.nat(60))
      .map((ends) => ends.toSorted((a, b) => a - b))
    await fc.assert(
      fc.asyncProperty(arbitraryMinutes, arbitraryPart, async (list, [first, end]) => {
        const windows = packMinutes(list)
        const { minutes } = await rollUp(HOUR, windows, options)
        const [from, to] = [HOUR + first! * WIDTH_1M, HOUR + end! * WIDTH_1M]
        const read = new Map<number, Window>()
        const all = windowsInto(read)
        const reader = {
          ...all,
          seriesSink: (key: string) => (isWanted(key) ? all.seriesSink(key) : []),
        }
        await show(minutes, reader, from, to)
        const expected = windows
          .filter(({ start }) => start >= from && start < to)
          .map(({ start, window }) => {
            const cells = new Map([...window.cells].filter(([key]) => isWanted(key)))
            return [start, { ...window, cells }] as const
          })
        expect(plain(read)).toEqual(plain(expected))
      }),
      { numRuns: 100 },
    )
  })

  test('with other bytes is refused or read, never anything else', async () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(arbitraryMinutes, changes, fc.nat(), async (list, bytes, cut) => {
        const { minutes } = await rollUp(HOUR, packMinutes(list), options)
        const changed = Buffer.from(minutes.subarray(0, Math.max(1, minutes.length - (cut % 50))))
        for (const [at, byte] of bytes) changed[at % changed.length] = byte
        try {
          await show(changed, windowsInto(new Map()))
        } catch (error) {
          expect(error).toBeInstanceOf(PackedError)
        }
      }),
      { numRuns: 200 },
    )
  })
})
