import type { FastifyBaseLogger } from 'fastify'
import { type Committer, createCommitter } from '../ingest/committer.ts'
import { createMemoryCommitter } from '../ingest/memory-committer.ts'
import { createDiskStore } from '../store/disk/disk-store.ts'
import { createMemoryStore } from '../store/memory/memory-store.ts'
import { createRedisStore } from '../store/redis/redis-store.ts'
import type { RedisMemory } from '../store/redis/server-info.ts'
import type { Store } from '../store/store.ts'
import type { Config } from './config.ts'
import { type SelfMetrics, createSelfMetrics } from './self-metrics.ts'

/** A sync of a busy disk may take this long before lines are held in memory, ms. */
const DISK_SLOW_MS = 3000

/** The store that the settings name, and what goes with it. */
export interface AppStore {
  readonly store: Store
  readonly committer: Committer
  /** Why the store can't be used now; undefined when it can. */
  readonly storeFault: () => string | undefined
  /** Resolves when the store was reached. */
  readonly ready: Promise<void>
  readonly self: SelfMetrics
  /** How full Redis is. */
  readonly memory?: () => RedisMemory | undefined
}

export function createAppStore(
  config: Config,
  { log, now = Date.now }: { readonly log: FastifyBaseLogger; readonly now?: () => number },
): AppStore {
  if (config.dataDir !== undefined) {
    const store = createDiskStore({
      ...config,
      folder: config.dataDir,
      maxBytes: config.dataMaxBytes,
      now,
      warn: (details, text) => log.warn(details, text),
    })
    const slow = { ...config, slowMs: DISK_SLOW_MS }
    return { store, ...durable(store, slow), storeFault: store.fault, ready: store.ready }
  }
  if (config.redisUrls.length === 0) {
    const store = createMemoryStore({ ...config, now })
    const self = createSelfMetrics({
      isStoreUp: () => true,
      spilledLines: () => 0,
      clockOffset: () => 0,
    })
    const committer = createMemoryCommitter(store, self.noteCommit)
    return { store, committer, storeFault: () => undefined, ready: Promise.resolve(), self }
  }
  const store = createRedisStore({
    ...config,
    urls: config.redisUrls,
    warn: (details, text) => log.warn(details, text),
  })
  const { fault: storeFault, ready, memory } = store
  return { store, ...durable(store, config), storeFault, ready, memory }
}

/** The committer of a store that outlives this process. */
function durable(
  store: Store & { readonly fault: () => string | undefined; readonly clockOffset?: () => number },
  config: Config & { readonly slowMs?: number },
): Pick<AppStore, 'committer' | 'self'> {
  const self = createSelfMetrics({
    isStoreUp: () => store.fault() === undefined,
    spilledLines: () => committer.spilledLines(),
    clockOffset: store.clockOffset ?? (() => 0),
  })
  const committer = createCommitter(store, { ...config, noteCommit: self.noteCommit })
  return { committer, self }
}
