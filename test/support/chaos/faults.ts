import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type RedisServer, withRedis } from '../redis.ts'
import type { Random } from './random.ts'
import type { World } from './world.ts'

/** One thing that goes wrong, and is over when it resolves. */
export interface Fault {
  readonly name: string
  readonly kills: number
  /** Resolves with how many acknowledged lines it may lose at most, where that isn't 0. */
  readonly run: (world: World, random: Random) => Promise<unknown>
}

const run = promisify(execFile)
/** Bytes that a replica may be behind: some commits. */
const MAX_LAG = 100_000
const receiverKilled: Fault = {
  name: 'a receiver is killed',
  kills: 1,
  run: async ({ receivers }, random) => {
    const receiver = random.pick(receivers)
    const wait = random.between(0, 800)
    await receiver.kill()
    await sleep(wait)
    await receiver.start()
  },
}

const receiverStopped: Fault = {
  name: 'a receiver gets SIGTERM',
  kills: 1,
  run: async ({ receivers }, random) => {
    const receiver = random.pick(receivers)
    const code = await receiver.terminate()
    if (code !== 0) throw new Error(`a receiver ended with ${code} after SIGTERM`)
    await receiver.start()
  },
}

const receiverFrozen: Fault = {
  name: 'a receiver hangs',
  kills: 0,
  run: async ({ receivers }, random) => random.pick(receivers).freeze(random.between(100, 2000)),
}

const connectionsCut: Fault = {
  name: 'connections are cut',
  kills: 0,
  run: async ({ proxies }, random) => {
    const times = Math.ceil(random.between(0, 5))
    for (let i = 0; i < times; i += 1) {
      random.pick(proxies).cut()
      await sleep(random.between(10, 200))
    }
  },
}

const answersSwallowed: Fault = {
  name: 'answers are swallowed and connections cut',
  kills: 0,
  run: async ({ proxies }, random) => {
    const times = Math.ceil(random.between(0, 5))
    for (let i = 0; i < times; i += 1) {
      await random.pick(proxies).swallowAndCut()
      await sleep(random.between(10, 200))
    }
  },
}

const networkSlow: Fault = {
  name: 'a network is slow and cuts bytes to pieces',
  kills: 0,
  run: async ({ proxies }, random) => {
    const proxy = random.pick(proxies)
    proxy.setDelay(random.between(1, 600))
    proxy.setSlice(Math.ceil(random.between(50, 2000)))
    await sleep(random.between(500, 2000))
    proxy.setDelay(0)
    proxy.setSlice(0)
    // Bytes that were delayed must not be overtaken.
    proxy.cut()
  },
}

const redisKilled: Fault = {
  name: 'Redis is killed',
  kills: 1,
  run: async ({ redis }, random) => {
    const wait = random.between(0, 1500)
    await redis!.kill()
    await sleep(wait)
    await redis!.start()
  },
}

const redisStopped: Fault = {
  name: 'Redis gets SIGTERM',
  kills: 1,
  run: async ({ redis }) => {
    await redis!.terminate()
    await redis!.start()
  },
}

const redisFrozen: Fault = {
  name: 'Redis hangs',
  kills: 0,
  run: async ({ redis }, random) => freeze(redis!, random.between(100, 3000)),
}

const tailLost: Fault = {
  name: 'a power cut takes the tail of the append-only file',
  kills: 1,
  run: async ({ redis }, random) => {
    const cutBack = redis!.markFile()
    await sleep(random.between(200, 1500))
    await redis!.kill()
    cutBack()
    await redis!.start()
  },
}

const masterKilled: Fault = {
  name: 'a master of the Cluster is killed and its replica takes over',
  kills: 1,
  run: async ({ cluster }, random) => {
    await untilReplicated(cluster!.nodes)
    const master = random.pick(await mastersOf(cluster!.nodes))
    await master.kill()
    await untilTakenOver(cluster!.nodes, master)
    await master.start()
    await untilReplicated(cluster!.nodes)
  },
}

const laggingFailOver: Fault = {
  name: 'a replica that lags takes over',
  kills: 1,
  run: async ({ cluster }, random) => {
    await untilReplicated(cluster!.nodes)
    const master = random.pick(await mastersOf(cluster!.nodes))
    const replica = await replicaOf(cluster!.nodes, master)
    replica.process().kill('SIGSTOP')
    // What the kernel has buffered would reach it nevertheless.
    await withRedis(master.port, async (redis) => redis.client('KILL', 'TYPE', 'REPLICA'))
    await sleep(random.between(100, 1000))
    await master.kill()
    replica.process().kill('SIGCONT')
    await untilTakenOver(cluster!.nodes, master)
    await master.start()
    await untilReplicated(cluster!.nodes)
  },
}

const slotsMoved: Fault = {
  name: 'slots are moved',
  kills: 0,
  run: async ({ cluster }, random) => {
    const masters = await mastersOf(cluster!.nodes)
    const from = random.pick(masters)
    const to = random.pick(masters.filter((node) => node !== from))
    const ids = await Promise.all([from, to].map(async ({ port }) => idOf(port)))
    const count = Math.ceil(random.between(100, 1500))
    const moved = `--cluster-from ${ids[0]!} --cluster-to ${ids[1]!} --cluster-slots ${count}`
    const at = `127.0.0.1:${from.port}`
    await run('redis-cli', `--cluster reshard ${at} ${moved} --cluster-yes`.split(' '))
  },
}

/** Of any store. */
export const COMMON_FAULTS: readonly Fault[] = [
  receiverKilled,
  receiverKilled,
  receiverStopped,
  receiverFrozen,
  connectionsCut,
  answersSwallowed,
  networkSlow,
]

/** Faults of which one at a time loses nothing. */
export const SINGLE_FAULTS = {
  redis: [...COMMON_FAULTS, redisKilled, redisKilled, redisStopped, redisFrozen, tailLost],
  cluster: [...COMMON_FAULTS, masterKilled, laggingFailOver, slotsMoved],
}

export async function freeze(server: RedisServer, ms: number): Promise<void> {
  server.process().kill('SIGSTOP')
  await sleep(ms)
  server.process().kill('SIGCONT')
}

interface Node {
  readonly id: string
  readonly port: number
  readonly isMaster: boolean
  readonly masterId: string
}

async function nodesOf(port: number): Promise<Node[]> {
  const text = String(await withRedis(port, async (redis) => redis.cluster('NODES')))
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [id = '', address = '', flags = '', masterId = ''] = line.split(' ')
      const isMaster = flags.includes('master') && !flags.includes('fail')
      return { id, port: Number(/:(\d+)@/.exec(address)?.[1]), isMaster, masterId }
    })
}

async function idOf(port: number): Promise<string> {
  return withRedis(port, async (redis) => redis.cluster('MYID'))
}

async function mastersOf(servers: readonly RedisServer[]): Promise<RedisServer[]> {
  const nodes = await nodesOf(servers[0]!.port)
  const ports = new Set(nodes.filter(({ isMaster }) => isMaster).map(({ port }) => port))
  return servers.filter(({ port }) => ports.has(port))
}

async function replicaOf(
  servers: readonly RedisServer[],
  master: RedisServer,
): Promise<RedisServer> {
  const id = await idOf(master.port)
  const nodes = await nodesOf(master.port)
  const port = nodes.find(({ masterId }) => masterId === id)?.port
  return servers.find((server) => server.port === port)!
}

async function untilTakenOver(servers: readonly RedisServer[], dead: RedisServer): Promise<void> {
  const other = servers.find((server) => server !== dead)
  for (;;) {
    const info = await withRedis(other!.port, async (redis) => redis.cluster('INFO'))
    const masters = (await nodesOf(other!.port)).filter(({ isMaster }) => isMaster)
    const isReplaced = masters.length === 3 && masters.every(({ port }) => port !== dead.port)
    if (info.includes('cluster_state:ok') && isReplaced) return
    await sleep(100)
  }
}

/** Until each of three masters has a replica that follows it. */
async function untilReplicated(servers: readonly RedisServer[]): Promise<void> {
  for (;;) {
    const masters = await mastersOf(servers)
    const states = await Promise.all(
      masters.map(async ({ port }) =>
        withRedis(port, async (redis) => {
          const [info, replication] = [await redis.cluster('INFO'), await redis.info('replication')]
          const isMaster = /^role:master/m.test(replication)
          return isMaster && info.includes('cluster_state:ok') && isFollowed(replication)
        }),
      ),
    )
    if (masters.length === 3 && states.every(Boolean)) return
    await sleep(100)
  }
}

/** Whether a replica has all but the last moments. */
function isFollowed(replication: string): boolean {
  const own = Number(/^master_repl_offset:(\d+)/m.exec(replication)?.[1])
  const replica = /^slave0:.*state=online,offset=(\d+)/m.exec(replication)
  return replica !== null && own - Number(replica[1]) < MAX_LAG
}
