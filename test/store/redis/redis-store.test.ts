import { createRedisStore } from '../../../src/store/redis/redis-store.ts'
import { testStore } from '../../contract/store.ts'
import { startRedis, startRedisCluster } from '../../support/redis.ts'

const HOUR = 3_600_000

async function openStore(url: string, foldMs?: number) {
  const store = createRedisStore({
    urls: url.split(','),
    retentionMs: 24 * HOUR,
    maxSeries: 10_000,
    trustSelfSigned: false,
    ...(foldMs === undefined ? {} : { foldMs }),
    warn: (details, text) => console.error(text, details),
  })
  await store.ready
  return store
}

testStore('one Redis', async () => {
  const server = await startRedis()
  return { open: async () => openStore(server.url), isShared: true, stop: server.stop }
})

testStore('one Redis, where everything is folded at once', async () => {
  const server = await startRedis()
  return { open: async () => openStore(server.url, 5), isShared: true, stop: server.stop }
})

testStore('Redis Cluster', async () => {
  const cluster = await startRedisCluster()
  return { open: async () => openStore(cluster.url), isShared: true, stop: cluster.stop }
})

testStore('Redis Cluster, where everything is folded at once', async () => {
  const cluster = await startRedisCluster()
  return { open: async () => openStore(cluster.url, 5), isShared: true, stop: cluster.stop }
})
