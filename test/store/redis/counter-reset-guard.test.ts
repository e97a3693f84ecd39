import { expect, test } from 'vitest'
import { createWindow } from '../../../src/model/window.ts'
import { createCounterResetGuard } from '../../../src/store/redis/counter-reset-guard.ts'

function totalsOf(lines: number) {
  const window = createWindow()
  window.results[0] = lines
  return window
}

test('a counter that went down is not shown until it is back, and after ten seconds it is taken as it is', () => {
  const guard = createCounterResetGuard()
  guard.check('shop', totalsOf(100), 0)
  expect(() => guard.check('shop', totalsOf(90), 1000)).toThrow('10 lines of shop are missing')
  expect(() => guard.check('shop', totalsOf(95), 10_999)).toThrow('5 lines of shop are missing')
  guard.check('shop', totalsOf(95), 11_000)
  // From there it is guarded again.
  expect(() => guard.check('shop', totalsOf(94), 12_000)).toThrow('1 lines of shop are missing')
  guard.check('shop', totalsOf(96), 13_000)
})

test('what came back in time is forgotten, and other apps are not concerned', () => {
  const guard = createCounterResetGuard()
  guard.check('shop', totalsOf(100), 0)
  expect(() => guard.check('shop', totalsOf(90), 1000)).toThrow()
  guard.check('other', totalsOf(1), 1000)
  guard.check('shop', totalsOf(100), 2000)
  // The ten seconds begin again with the next loss.
  expect(() => guard.check('shop', totalsOf(90), 11_500)).toThrow()
})
