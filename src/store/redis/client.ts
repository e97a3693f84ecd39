import { createRequire } from 'node:module'
import type { Cluster, Redis } from 'ioredis'

/** A connection to one Redis or to all nodes of a Redis Cluster; both know the same commands. */
export type RedisClient = Redis | Cluster

/** A command that takes longer has failed, ms. */
const COMMAND_TIMEOUT_MS = 1500
const CONNECT_TIMEOUT_MS = 1000
/** A connection on which nothing comes back for so long is given up, ms. */
const SOCKET_TIMEOUT_MS = 3000
const MAX_RECONNECT_DELAY_MS = 250

/**
 * Connects to one Redis (one URL) or to a Redis Cluster (several nodes of it). Commands fail at once
 * while there is no connection, and none is sent twice behind the caller's back: whoever commits
 * decides what is tried again. `trustSelfSigned` is for Heroku, whose Redis servers sign themselves;
 * it concerns these connections only.
 */
export function createRedisClient(options: {
  readonly urls: readonly string[]
  readonly trustSelfSigned: boolean
}): RedisClient {
  const { urls, trustSelfSigned } = options
  const { Cluster, Redis } = loadRedis()
  const [first = ''] = urls
  const isTls = first.startsWith('rediss://')
  const common = {
    protocol: 2 as const,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    keepAlive: 30_000,
    enableAutoPipelining: false,
    // After a fail-over the old master only reads: connect anew, and let the caller try again.
    reconnectOnError: (error: Error) =>
      error.message.startsWith('READONLY') ? (1 as const) : false,
    ...(isTls && trustSelfSigned ? { tls: { rejectUnauthorized: false } } : {}),
  }
  if (urls.length === 1) {
    return new Redis(first, { ...common, enableOfflineQueue: false, retryStrategy: retryDelay })
  }
  const { username, password } = new URL(first)
  return new Cluster([...urls], {
    enableOfflineQueue: false,
    scaleReads: 'master',
    maxRedirections: 8,
    retryDelayOnFailover: 100,
    retryDelayOnClusterDown: 100,
    retryDelayOnTryAgain: 100,
    slotsRefreshInterval: 5000,
    slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
    clusterRetryStrategy: retryDelay,
    clusterNodeRetryStrategy: retryDelay,
    redisOptions: {
      ...common,
      ...(username === '' ? {} : { username: decodeURIComponent(username) }),
      ...(password === '' ? {} : { password: decodeURIComponent(password) }),
      ...(isTls && !trustSelfSigned ? { tls: {} } : {}),
    },
  })
}

/** The servers that are written to: the one Redis, or the masters of the Cluster. */
export function mastersOf(client: RedisClient): Redis[] {
  return 'nodes' in client ? client.nodes('master') : [client]
}

/** Not loaded before it is needed: a receiver without Redis would take 12 MB more. */
function loadRedis(): typeof import('ioredis') {
  return require('ioredis') as typeof import('ioredis')
}

const require = createRequire(import.meta.url)

function retryDelay(attempt: number): number {
  return Math.min(20 * attempt, MAX_RECONNECT_DELAY_MS) + Math.random() * 20
}
