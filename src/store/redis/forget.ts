import type { Redis } from 'ioredis'
import { type RedisClient, createRedisClient, mastersOf } from './client.ts'
import { APPS_KEY, appPrefix } from './keys.ts'

const CONNECT_MS = 5000
const KEYS_AT_ONCE = 500

/**
 * Removes the windows, totals and records of an app from Redis; resolves with how many keys that were. Ids of bodies
 * and counts of receivers stay until they expire: without these, receivers would commit their last seconds again.
 * Rejects when Redis can't be reached.
 */
export async function forgetInRedis(
  options: { readonly urls: readonly string[]; readonly trustSelfSigned: boolean },
  app: string,
): Promise<number> {
  const client = createRedisClient(options)
  try {
    await connected(client)
    const prefix = appPrefix(app)
    const keys = new Set<string>()
    // Of a Cluster, the keys of an app are on one node, and a slot that moves may be on two.
    for (const node of mastersOf(client))
      for (const key of await keysOf(node, prefix)) if (isOfApp(key, prefix)) keys.add(key)
    const all = [...keys]
    let removed = 0
    for (let at = 0; at < all.length; at += KEYS_AT_ONCE)
      removed += await client.unlink(...all.slice(at, at + KEYS_AT_ONCE))
    await client.zrem(APPS_KEY, app)
    return removed
  } finally {
    client.disconnect()
  }
}

async function connected(client: RedisClient): Promise<void> {
  let reason: unknown
  client.on('error', (error) => (reason = error))
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(reason instanceof Error ? reason : new Error('it does not answer')),
      CONNECT_MS,
    )
    client.once('ready', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

async function keysOf(node: Redis, prefix: string): Promise<string[]> {
  const found: string[] = []
  let cursor = '0'
  do {
    // The prefix holds no character that a pattern gives a meaning to.
    const [next, keys] = await node.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', KEYS_AT_ONCE)
    found.push(...keys)
    cursor = next
  } while (cursor !== '0')
  return found
}

/** Not an id (i, j) and not a count (r): ../keyed/keys.ts and keys.ts name them all. */
function isOfApp(key: string, prefix: string): boolean {
  return /^[^ijr]/.test(key.slice(prefix.length))
}
