import type { RedisClient } from './client.ts'
import { TOTALS_TTL_S } from '../keyed/keys.ts'
import { APPS_KEY } from './keys.ts'
import { type Quarantine, isWrongType } from './quarantine.ts'

/** Where readers find the names of apps: a sorted set of them by when they were last seen (s). */
export interface Registry {
  /**
   * Puts an app there, now and then anew. Of a Cluster it may be another node than the app's that has
   * to take it, so no commit fails with it: what fails is tried again.
   */
  note(app: string): Promise<void>
  /** Puts an app there again, which may have been lost. */
  readonly renew: (app: string) => void
  /** Tries again what failed. */
  retry(): void
  /** All apps of which something may be kept. */
  apps(): Promise<string[]>
}

/** An app is noted again after this long, ms. */
const NOTED_MS = 60_000
const PRUNE_MS = 3_600_000

export function createRegistry(
  client: RedisClient,
  now: () => number,
  quarantine: Quarantine,
): Registry {
  /** Apps of this process by when they were noted, ms since 1970. */
  const noted = new Map<string, number>()
  const failed = new Set<string>()
  let prunedAt = 0

  /** Does it again when the key held something else. */
  const cleared = async <T>(ask: () => Promise<T>): Promise<T> =>
    ask().catch(async (error: unknown) => {
      if (isWrongType(error) && (await quarantine.clear([APPS_KEY], ['zset']))) return ask()
      throw error
    })

  const put = async (app: string, time: number): Promise<void> => {
    try {
      await cleared(async () => client.zadd(APPS_KEY, Math.floor(time / 1000), app))
      await client.expire(APPS_KEY, TOTALS_TTL_S)
      failed.delete(app)
    } catch {
      failed.add(app)
    }
  }

  /** The oldest time at which an app was seen that is kept, s since 1970. */
  const oldest = (): number => Math.floor(now() / 1000) - TOTALS_TTL_S

  const prune = async (): Promise<void> => {
    const time = now()
    if (time - prunedAt < PRUNE_MS) return
    prunedAt = time
    await client.zremrangebyscore(APPS_KEY, '-inf', `(${oldest()}`)
  }

  return {
    note: async (app) => {
      const time = now()
      const known = noted.get(app)
      if (known !== undefined && time - known < NOTED_MS) return
      noted.set(app, time)
      const done = put(app, time)
      // Who reads as soon as the first commit is answered finds it.
      if (known === undefined) await done
    },
    renew: (app) => void put(app, now()),
    retry: () => {
      for (const app of failed) void put(app, noted.get(app) ?? now())
    },
    apps: async () => {
      const since = oldest()
      const names = new Set(
        await cleared(async () => client.zrangebyscore(APPS_KEY, since, '+inf')),
      )
      // The registry may have been lost without the windows: of a Cluster it has a node of its own.
      for (const [app, time] of noted) {
        if (names.has(app) || time < since * 1000) continue
        names.add(app)
        void put(app, time)
      }
      await prune()
      return [...names]
    },
  }
}
