import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { countOne, createAccumulator, seeUnique, toWindow } from '../../src/model/accumulator.ts'
import { createSeriesTable, internSeries } from '../../src/model/series-table.ts'
import { type Window, createWindow, mergeWindow } from '../../src/model/window.ts'
import { PackedError } from '../../src/codec/byte-reader.ts'
import { firstRecordLength } from '../../src/codec/record.ts'
import { deflatePacked, mergePacked } from '../../src/codec/window.ts'
import { mergeRecords } from '../../src/codec/merge.ts'
import { createPacker } from '../../src/codec/packer.ts'
import { accumulatorOf, arbitraryActs, plainWindow } from '../support/windows.ts'

const START = Date.UTC(2026, 10, 21, 12)
const acts = arbitraryActs(START, START + 10_000)
const packer = createPacker()

function unpack(packed: Uint8Array, options = {}): Window {
  const window = createWindow()
  mergePacked(window, packed, options)
  return window
}

describe('packed windows', () => {
  test('come back to the last bit, packed from an accumulator or from a window', () => {
    fc.assert(
      fc.property(acts, (list) => {
        const acc = accumulatorOf(list)
        const window = toWindow(acc)
        const fromAccumulator = packer.packAccumulators([acc])
        expect(plainWindow(unpack(fromAccumulator))).toEqual(plainWindow(window))
        const fromWindow = packer.packWindow(window)
        expect(plainWindow(unpack(fromWindow))).toEqual(plainWindow(window))
        expect(plainWindow(unpack(deflatePacked(fromWindow)))).toEqual(plainWindow(window))
        expect(firstRecordLength(fromWindow)).toBe(fromWindow.length)
      }),
      { numRuns: 300 },
    )
  })

  test('one after another mean their sum, deflated or not', () => {
    fc.assert(
      fc.property(fc.array(acts, { maxLength: 5 }), fc.array(fc.boolean()), (lists, deflate) => {
        const table = createSeriesTable(10_000)
        const accs = lists.map((list, i) => accumulatorOf(list, i % 2 === 0 ? table : undefined))
        const sum = createWindow()
        for (const acc of accs) mergeWindow(sum, toWindow(acc))
        const each = accs.map((acc) => packer.packAccumulators([acc]))
        const mixed = each.map((packed, i) =>
          deflate[i] === true ? deflatePacked(packed) : packed,
        )
        expect(plainWindow(unpack(Buffer.concat(mixed)))).toEqual(plainWindow(sum))
        if (accs.length === 0) return
        expect(plainWindow(unpack(packer.packAccumulators(accs)))).toEqual(plainWindow(sum))
      }),
      { numRuns: 100 },
    )
  })

  test('one after another become one record, the same as from their sum', () => {
    fc.assert(
      fc.property(fc.array(acts, { minLength: 1, maxLength: 5 }), fc.boolean(), (lists, isOne) => {
        const table = createSeriesTable(10_000)
        const accs = lists.map((list) => accumulatorOf(list, isOne ? table : undefined))
        const sum = createWindow()
        for (const acc of accs) mergeWindow(sum, toWindow(acc))
        const packed = Buffer.concat(
          accs.map((acc, i) => {
            const record = packer.packAccumulators([acc])
            return i % 2 === 0 ? record : deflatePacked(record)
          }),
        )
        const merged = mergeRecords(packed, 10_000)
        const keys = [...sum.cells.keys()]
        expect(merged?.toString('hex')).toBe(packer.packWindow(sum).toString('hex'))
        if (keys.length > 0) expect(mergeRecords(packed, keys.length - 1)).toBeUndefined()
      }),
      { numRuns: 300 },
    )
  })

  test('are sorted, however series came', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(200), { minLength: 1 })), (rounds) => {
        const table = createSeriesTable(10_000)
        for (const round of rounds) {
          const acc = createAccumulator(table)
          for (const n of round) {
            const name = `app/x${n}`
            countOne(acc, internSeries(table, { kind: 'count', name, unit: '', labels: [] }))
          }
          const keys = [...unpack(packer.packAccumulators([acc])).cells.keys()]
          expect(keys).toEqual(keys.toSorted())
        }
      }),
    )
  })

  test('cut anywhere are refused', () => {
    fc.assert(
      fc.property(acts, fc.boolean(), fc.nat(), (list, deflate, at) => {
        const plain = packer.packAccumulators([accumulatorOf(list)])
        const packed = deflate ? deflatePacked(plain) : plain
        const cut = packed.subarray(0, 1 + (at % (packed.length - 1)))
        expect(() => unpack(cut)).toThrow(PackedError)
      }),
      { numRuns: 300 },
    )
  })

  test('of which bytes were changed are refused or read, never anything else', () => {
    fc.assert(
      fc.property(
        acts,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1 }),
        (list, changes) => {
          const packed = packer.packAccumulators([accumulatorOf(list)])
          for (const [at, byte] of changes) packed[at % packed.length] = byte
          expectReadOrRefused(packed)
        },
      ),
      { numRuns: 500 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => expectReadOrRefused(bytes)),
      { numRuns: 1000 },
    )
  })

  test('hold uniques beyond the exact set', () => {
    const table = createSeriesTable(10)
    const acc = createAccumulator(table)
    const id = internSeries(table, { kind: 'unique', name: 'app/user', unit: '', labels: [] })
    for (let i = 0; i < 2000; i += 1) seeUnique(acc, id, (i * 2_654_435_761_123) % 2 ** 52)
    const window = toWindow(acc)
    expect(plainWindow(unpack(packer.packWindow(window)))).toEqual(plainWindow(window))
  })

  test('hold keys of any length', () => {
    const labels = Array.from({ length: 60 }, (_, i) => [`l${i + 10}`, 'ä'.repeat(100)] as const)
    const acts = [0, 60, 1, 59, 2].map((count) => ({
      act: 'value' as const,
      series: { kind: 'count' as const, name: 'app/x', unit: '', labels: labels.slice(0, count) },
      value: 1,
      time: START,
    }))
    const acc = accumulatorOf(acts)
    const window = toWindow(acc)
    for (const packed of [packer.packAccumulators([acc]), packer.packWindow(window)]) {
      expect(plainWindow(unpack(packed))).toEqual(plainWindow(window))
    }
  })

  test('fold series beyond the limit into the overflow series of their name', () => {
    const counts = Array.from({ length: 10 }, (_, i) => ({
      act: 'value' as const,
      series: { kind: 'count' as const, name: 'app/x', unit: '', labels: [['n', `${i}`] as const] },
      value: 1,
      time: START,
    }))
    const packed = packer.packAccumulators([accumulatorOf(counts)])
    const window = unpack(packed, { maxSeries: 4 })
    expect(window.cells.size).toBe(5)
    expect(window.cells.get('c\0app/x\0overflow\0true')).toMatchObject({ high: 6, low: 0 })
  })
})

function expectReadOrRefused(bytes: Uint8Array): void {
  try {
    unpack(bytes)
    mergeRecords(bytes, 10_000)
  } catch (error) {
    expect(error).toBeInstanceOf(PackedError)
  }
}
