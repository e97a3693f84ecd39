import { expect, test } from 'vitest'
import { createPacker } from '../../src/codec/packer.ts'
import { createMemoryApp, extentOf, packedSize, tidy } from '../../src/store/memory/memory-app.ts'
import { HOUR_MS, WIDTH_1M } from '../../src/model/window-reader.ts'

test('rolled hours go when they are older than they are kept, and not before', () => {
  const app = createMemoryApp(100)
  const start = Date.UTC(2026, 10, 21, 12)
  const rolled = { total: Buffer.from('total'), minutes: Buffer.from('minutes') }
  for (let hour = 0; hour < 5; hour += 1) app.hours.set(start + hour * HOUR_MS, rolled)
  const packer = createPacker()
  const kept = 2 * HOUR_MS
  tidy(app, start + HOUR_MS + kept, kept, packer)
  expect(app.hours.size).toBe(5)
  tidy(app, start + HOUR_MS + kept + 1, kept, packer)
  expect([...app.hours.keys()]).toEqual([1, 2, 3, 4].map((hour) => start + hour * HOUR_MS))
  tidy(app, start + 24 * HOUR_MS, kept, packer)
  expect([app.hours.size, packedSize(app), extentOf(app, WIDTH_1M)]).toEqual([0, 0, undefined])
})
