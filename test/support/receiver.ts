import {
  type Committer,
  type CommitterOptions,
  createCommitter,
} from '../../src/ingest/committer.ts'
import { type Intake, createIntake } from '../../src/ingest/intake.ts'
import { type RedisStore, createRedisStore } from '../../src/store/redis/redis-store.ts'

/** All of a receiver but its server, in this process. */
export interface Receiver {
  readonly intake: Intake
  readonly store: RedisStore
  readonly committer: Committer
  /** What it would have logged. */
  readonly warnings: { readonly details: object; readonly text: string }[]
  readonly stop: () => Promise<void>
}

export async function startReceiver(
  url: string,
  options: Partial<CommitterOptions> & { trustSelfSigned?: boolean } = {},
): Promise<Receiver> {
  const warnings: { details: object; text: string }[] = []
  const limits = { maxSeries: 10_000, maxRoutes: 200 }
  const store = createRedisStore({
    ...limits,
    urls: url.split(','),
    retentionMs: 24 * 3_600_000,
    trustSelfSigned: options.trustSelfSigned ?? false,
    // Often, so that faults meet folds.
    foldMs: 100,
    warn: (details, text) => warnings.push({ details, text }),
  })
  await store.ready
  const committer = createCommitter(store, { holdMs: 1000, spillBytes: 64 * 2 ** 20, ...options })
  return {
    intake: createIntake({ ...limits, store, committer, pins: [] }),
    store,
    committer,
    warnings,
    stop: async () => {
      await committer.stop(10_000)
      await store.close()
    },
  }
}
