import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCommitter } from '../../src/ingest/committer.ts'
import { createMemoryCommitter } from '../../src/ingest/memory-committer.ts'
import { createDiskStore } from '../../src/store/disk/disk-store.ts'
import { createMemoryStore } from '../../src/store/memory/memory-store.ts'
import { describeCommitter } from '../contract/committer.ts'

const RETENTION = { retentionMs: 3_600_000, now: Date.now }
const HOLD = { holdMs: 60_000, spillBytes: 1_000_000 }

describeCommitter('of a store in this process', async (noteCommit) => {
  const store = createMemoryStore(RETENTION)
  const committer = createMemoryCommitter(store, noteCommit)
  return { store, committer, end: async () => store.close() }
})

describeCommitter('of a store that is reached over a connection', async (noteCommit) => {
  const store = createMemoryStore(RETENTION)
  const committer = createCommitter(store, { ...HOLD, ...(noteCommit && { noteCommit }) })
  return { store, committer, end: async () => void (await committer.stop(1000)) }
})

describeCommitter('of a store on disk', async (noteCommit) => {
  const folder = mkdtempSync(join(tmpdir(), 'l2met-committer-'))
  const store = createDiskStore({
    ...RETENTION,
    folder,
    maxBytes: 1e9,
    maxSeries: 100,
    warn: () => {},
  })
  await store.ready
  const committer = createCommitter(store, { ...HOLD, ...(noteCommit && { noteCommit }) })
  const end = async () => {
    await committer.stop(1000)
    await store.close()
    rmSync(folder, { recursive: true })
  }
  return { store, committer, end }
})
