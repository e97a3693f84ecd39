import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { appPrefix } from '../../src/store/redis/keys.ts'
import { forgetInRedis } from '../../src/store/redis/forget.ts'
import { countedBy, sendTo, startDrains } from '../support/drains.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { noRedis, startRedisCluster, withRedis } from '../support/redis.ts'

test.skipIf(noRedis !== undefined)(
  'the masters of three apps fail over under load: sent = counted, to the line',
  async () => {
    const cluster = await startRedisCluster(1)
    onTestFinished(cluster.stop)
    const all: Receiver[] = []
    for (let i = 0; i < 2; i += 1) {
      const receiver = await startReceiver(cluster.url)
      all.push(receiver)
      onTestFinished(receiver.stop)
    }
    const apps = ['one', 'two', 'three']
    const drains = apps.map((app) => startDrains(3, sendTo(app, all)))
    await sleep(1500)
    const [master] = await mastersOf(cluster.nodes[0]!.port, 'one')
    const node = cluster.nodes.find(({ port }) => port === master)!
    await node.kill()
    await sleep(6000)
    await node.start()
    await sleep(1500)
    await Promise.all(drains.map(({ stop }) => stop()))
    await Promise.all(all.map(({ committer }) => committer.stop(15_000)))
    expect(await mastersOf(cluster.nodes.find((other) => other !== node)!.port, 'one')).not.toEqual(
      [master],
    )
    for (const [i, app] of apps.entries()) {
      const exact = { counted: drains[i]!.sent().lines }
      await expect
        .poll(async () => (await countedBy(all[0]!.store, app)).lifetime, { timeout: 15_000 })
        .toEqual(exact)
      expect(await countedBy(all[1]!.store, app)).toMatchObject({ fine: exact, coarse: exact })
    }
    const options = { urls: cluster.url.split(','), trustSelfSigned: false }
    expect(await forgetInRedis(options, 'two')).toBeGreaterThan(1)
    expect([...(await all[0]!.store.totals()).keys()].toSorted()).toEqual(['one', 'three'])
  },
)

/** The port of the master that has an app's keys. */
async function mastersOf(port: number, app: string): Promise<number[]> {
  return withRedis(port, async (redis) => {
    const slot = await redis.cluster('KEYSLOT', `${appPrefix(app)}t`)
    const slots = await redis.cluster('SLOTS')
    return slots.flatMap(([from, to, at]) => (at && from <= slot && slot <= to ? [at[1]] : []))
  })
}
