import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { findProgram } from './programs.ts'

/** A redis-server of a test's own, on a free port, its files in a folder of its own. */
export interface RedisServer {
  readonly url: string
  readonly port: number
  /** Ends the process without a word, as a crash does. */
  readonly kill: () => Promise<void>
  /** Ends the process as an operator does. */
  readonly terminate: () => Promise<void>
  /** Starts it again over its files, on the same port. */
  readonly start: () => Promise<void>
  readonly process: () => ChildProcess
  /** Notes how long the append-only file is now; the result, called after a kill, cuts it back to that. */
  readonly markFile: () => () => void
  readonly stop: () => Promise<void>
}

export interface RedisCluster {
  readonly url: string
  readonly nodes: readonly RedisServer[]
  readonly stop: () => Promise<void>
}

/** Why tests of Redis can't run; undefined when they can. */
export const noRedis = findProgram('redis-server').reason

/**
 * Starts a redis-server with these arguments; without others it keeps nothing on disk. With
 * `--tls-port {port}` it speaks TLS, and only that.
 */
export async function startRedis(args: readonly string[] = []): Promise<RedisServer> {
  const { path, reason } = findProgram('redis-server')
  if (path === undefined) throw new Error(reason)
  const port = await freePort()
  const dir = mkdtempSync(join(tmpdir(), 'l2met-redis-'))
  const isTls = args.includes('--tls-port')
  const common = [
    '--port',
    isTls ? '0' : `${port}`,
    '--bind',
    '127.0.0.1',
    '--dir',
    dir,
    '--save',
    '',
  ]
  const own = args.map((arg) => arg.replace('{port}', `${port}`))
  let child: ChildProcess

  const start = async () => {
    child = spawn(path, [...common, ...own], { stdio: ['ignore', 'ignore', 'inherit'] })
    if (!isTls) await untilReachable(port, child)
  }
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, 'exit')
    child.kill(signal)
    await exit
  }
  const kill = async () => end('SIGKILL')

  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    start,
    kill,
    terminate: async () => end('SIGTERM'),
    process: () => child,
    markFile: () => {
      const folder = join(dir, 'appendonlydir')
      const file = join(
        folder,
        readdirSync(folder).find((name) => name.endsWith('.incr.aof'))!,
      )
      const { size } = statSync(file)
      return () => truncateSync(file, size)
    },
    stop: async () => {
      await kill()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** Starts a Redis Cluster of three masters, each with this many replicas. */
export async function startRedisCluster(replicas = 0): Promise<RedisCluster> {
  const args = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1']
  const timing = ['--cluster-node-timeout', '2000', '--repl-diskless-sync-delay', '0']
  const nodes: RedisServer[] = []
  for (let i = 0; i < 3 * (1 + replicas); i += 1) nodes.push(await startRedis([...args, ...timing]))
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`)
  const created = spawn(
    'redis-cli',
    ['--cluster', 'create', ...addresses, '--cluster-replicas', `${replicas}`, '--cluster-yes'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let said = ''
  created.stdout.on('data', (chunk) => (said += chunk))
  const [code] = await once(created, 'exit')
  if (code !== 0) throw new Error(`redis-cli --cluster create failed:\n${said}`)
  for (const { port } of nodes) await untilClusterOk(port)
  return {
    url: nodes.map(({ url }) => url).join(','),
    nodes,
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()))
    },
  }
}

/** Asks a server with a connection that is closed again. */
export async function withRedis<T>(port: number, ask: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => null })
  redis.on('error', () => {})
  try {
    await redis.connect()
    return await ask(redis)
  } finally {
    redis.disconnect()
  }
}

// A cluster node's bus is at port + 10,000.
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    server.close()
    await once(server, 'close')
    if (port < 55_000) return port
    const low = 20_000 + Math.floor(Math.random() * 20_000)
    if (await isFree(low)) return low
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  const [event] = await Promise.race([
    once(server, 'listening').then(() => ['listening']),
    once(server, 'error').then(() => ['error']),
  ])
  if (event === 'error') return false
  server.close()
  await once(server, 'close')
  return true
}

async function untilReachable(port: number, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`)
    try {
      await withRedis(port, (redis) => redis.ping())
      return
    } catch {
      await sleep(20)
    }
  }
}

async function untilClusterOk(port: number): Promise<void> {
  for (;;) {
    const info = await withRedis(port, (redis) => redis.cluster('INFO'))
    const nodes = await withRedis(port, (redis) => redis.cluster('NODES'))
    if (info.includes('cluster_state:ok') && !String(nodes).includes('handshake')) return
    await sleep(50)
  }
}
