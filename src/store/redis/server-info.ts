import type { Redis } from 'ioredis'
import { type RedisClient, mastersOf } from './client.ts'

/** The time of Redis, which all receivers go by, reckoned from this machine's steady clock. */
export interface RedisClock {
  /** ms since 1970; this machine's time until it was first measured. */
  readonly now: () => number
  readonly isMeasured: () => boolean
  measure(): Promise<void>
}

export function createRedisClock(client: RedisClient): RedisClock {
  let offset = performance.timeOrigin
  let isMeasured = false

  return {
    now: () => Math.floor(performance.now() + offset),
    isMeasured: () => isMeasured,
    measure: async () => {
      // The first by name, so that receivers of a Cluster ask the same one.
      const [master] = mastersOf(client).toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
      if (master === undefined) throw new Error('no Redis master is known')
      const before = performance.now()
      const [seconds, micros] = await master.time()
      const after = performance.now()
      offset = Number(seconds) * 1000 + Number(micros) / 1000 - (before + after) / 2
      isMeasured = true
    },
  }
}

function nameOf({ options }: Redis): string {
  return `${options.host}:${options.port}`
}

/** Why a Redis can't keep what it is given; undefined when it can. */
export async function checkEvictionPolicy(client: RedisClient): Promise<string | undefined> {
  for (const master of mastersOf(client)) {
    const info = await master.info('memory')
    const policy = field(info, 'maxmemory_policy')
    const limit = Number(field(info, 'maxmemory') ?? 0)
    if (limit > 0 && policy !== undefined && policy !== 'noeviction') {
      return (
        `Redis evicts keys when its memory is full (maxmemory-policy ${policy}), which would falsify the metrics; ` +
        'set it to noeviction (Heroku: heroku redis:maxmemory --policy noeviction)'
      )
    }
  }
  return undefined
}

function field(info: string, name: string): string | undefined {
  const line = info.split(/\r?\n/).find((line) => line.startsWith(`${name}:`))
  return line?.slice(name.length + 1)
}
