import { createSeriesTable } from '../../src/model/series-table.ts'
import { expect, test } from 'vitest'
import { type OpenWindow, createAppWindows, openWindow } from '../../src/aggregate/app-windows.ts'
import { countBodies } from '../../src/ingest/self-metrics.ts'
import { packBatch } from '../../src/store/redis/batch.ts'
import { createAccumulator } from '../../src/model/accumulator.ts'
import { createPacker } from '../../src/codec/packer.ts'
import { restoreBody, spillBody } from '../../src/ingest/spill.ts'
import { toWindow } from '../../src/model/accumulator.ts'
import { createWindow, mergeWindow } from '../../src/model/window.ts'

test('a held frame takes the memory that it is charged for, and no part of a larger buffer', () => {
  const windows = createAppWindows({ maxSeries: 10, maxRoutes: 10, pins: [] })
  const frame = {
    id: 'a',
    size: 1,
    count: (open: Parameters<typeof openWindow>[0]) =>
      countBodies(openWindow(open, windows, 0), 'committed', 1),
  }
  const { deltas, size } = spillBody(frame, createPacker())
  expect(deltas).toHaveLength(1)
  for (const { packed } of deltas) expect(packed.buffer.byteLength).toBe(packed.length)
  expect(size).toBeGreaterThan(deltas[0]!.packed.length)
})

test('the packed form of a batch, which is kept for ten seconds, neither', () => {
  const acc = createAccumulator(createSeriesTable(1))
  const deltas = [0, 10_000].map((start) => ({ start, acc }))
  const { packed } = packBatch('app', 'p', [{ id: undefined, deltas }], createPacker())
  expect(packed.length).toBeGreaterThan(10)
  expect(packed.buffer.byteLength).toBe(packed.length)
})

test('a held body that touches several windows is corrected once', () => {
  const windows = createAppWindows({ maxSeries: 10, maxRoutes: 10 })
  const body = {
    id: 'a',
    size: 1,
    count: (open: OpenWindow[]) => {
      for (const start of [0, 10_000, 20_000]) openWindow(open, windows, start).results[0] = 1
      countBodies(openWindow(open, windows, 10_000), 'committed', 1)
    },
  }
  const spilled = spillBody(body, createPacker())
  expect(spilled.lines).toBe(3)
  const { deltas } = restoreBody('a', spilled, createSeriesTable(10))
  const sum = createWindow()
  for (const { acc } of deltas) mergeWindow(sum, toWindow(acc))
  const of = (result: string) => sum.cells.get(`c\0l2met/bodies\0result\0${result}`)
  expect([of('committed'), of('spilled')]).toMatchObject([
    { high: 0, low: 0 },
    { high: 1, low: 0 },
  ])
})
