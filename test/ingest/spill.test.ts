import { expect, test } from 'vitest'
import { createAppWindows, openWindow } from '../../src/aggregate/app-windows.ts'
import { countBodies } from '../../src/ingest/self-metrics.ts'
import { packEntry } from '../../src/codec/append-log.ts'
import { createPacker } from '../../src/codec/packer.ts'
import { spillBody } from '../../src/ingest/spill.ts'

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

test('what is pending of a batch, which is kept for ten seconds, neither', () => {
  const pending = packEntry([{ start: 0, packed: Buffer.from('some bytes') }])
  expect(pending.toString()).toContain('some bytes')
  expect(pending.buffer.byteLength).toBe(pending.length)
})
