import { expect, test } from 'vitest'
import { createPacker } from '../../src/codec/packer.ts'
import { rollUp } from '../../src/codec/roll-up.ts'
import { mergePacked } from '../../src/codec/window.ts'
import { toWindow } from '../../src/model/accumulator.ts'
import { WIDTH_1M } from '../../src/model/window-reader.ts'
import { type Window, createWindow, mergeWindow } from '../../src/model/window.ts'
import { type Act, accumulatorOf, plainWindow } from '../support/windows.ts'

const HOUR = Date.UTC(2026, 10, 21, 12)
const packer = createPacker()

function windowOf(acts: readonly Act[]): Window {
  return toWindow(accumulatorOf(acts))
}

function act(kind: 'measure' | 'sample' | 'count' | 'unique', name: string, value: number): Act {
  return {
    act: 'value',
    series: { kind, name: `app/${name}`, unit: '', labels: [] },
    value,
    time: HOUR,
  }
}

function unpacked(packed: Buffer): Window {
  const window = createWindow()
  mergePacked(window, packed)
  return window
}

test.each([-(2 ** 40), -(2 ** 40) + 0.5, -(2 ** 31) - 1, -1e-9, -Number.MIN_VALUE, 2 ** 40, 0])(
  'a window with the value %d can be read again',
  (value) => {
    for (const kind of ['measure', 'sample'] as const) {
      const window = windowOf([act(kind, 'x', value), act(kind, 'y', -value), act(kind, 'x', 1)])
      expect(plainWindow(unpacked(packer.packWindow(window)))).toEqual(plainWindow(window))
    }
  },
)

test('an hour with more than 512 uniques is the same after it was rolled up again', async () => {
  const options = { packer, maxSeries: 10_000 }
  const minutes = Array.from({ length: 24 }, (_, minute) => {
    const users = Array.from({ length: 100 }, (_, i) => act('unique', 'user', minute * 40 + i))
    return { start: HOUR + minute * WIDTH_1M, window: windowOf(users) }
  })
  const packed = minutes.map(({ start, window }) => ({ start, packed: packer.packWindow(window) }))
  const whole = createWindow()
  for (const { window } of minutes) mergeWindow(whole, window)
  const first = await rollUp(HOUR, packed.slice(0, 12), options)
  const second = await rollUp(HOUR, packed.slice(12), options, first.minutes)
  const again = await rollUp(HOUR, packed.slice(12), options, first.minutes)
  expect(plainWindow(unpacked(second.total))['cells']).toEqual(plainWindow(whole)['cells'])
  expect(again.total.equals(second.total)).toBe(true)
})
