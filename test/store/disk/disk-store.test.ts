import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDiskStore } from '../../../src/store/disk/disk-store.ts'
import { testStore } from '../../contract/store.ts'

const HOUR = 3_600_000

for (const [name, foldMs, segmentBytes] of [
  ['a folder', undefined, undefined],
  ['a folder of small files, where everything is compacted at once', 5, 20_000],
] as const) {
  testStore(name, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'l2met-disk-'))
    const began = Date.now()
    // A roll-up waits for up to a minute: it goes by faster here.
    const now = () => began + (Date.now() - began) * 20
    const options = { folder, maxBytes: 1e9, retentionMs: 24 * HOUR, maxSeries: 10_000, now }
    const store = createDiskStore({
      ...options,
      foldMs,
      segmentBytes,
      copyMs: 0,
      collectMs: 50,
      warn: (details, text) => console.error(text, details),
    })
    await store.ready
    return {
      open: async () => store,
      isShared: false,
      stop: async () => rmSync(folder, { recursive: true, force: true }),
    }
  })
}
