import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { routerBody } from '../support/app.ts'
import { countedBy, sendTo, startDrains } from '../support/drains.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { noRedis, startRedis } from '../support/redis.ts'

const APP = 'shop'

async function redis(...args: string[]) {
  const server = await startRedis(args)
  onTestFinished(server.stop)
  return server
}

async function receivers(url: string, count = 2, options = {}): Promise<Receiver[]> {
  const all = await Promise.all(Array.from({ length: count }, () => startReceiver(url, options)))
  onTestFinished(async () => {
    await Promise.all(all.map(({ stop }) => stop()))
  })
  return all
}

async function expectCounted(receiver: Receiver, lines: number, frames: number): Promise<void> {
  const counted = await countedBy(receiver.store, APP)
  const exact = { counted: lines }
  expect(counted).toMatchObject({ lifetime: exact, fine: exact, coarse: exact })
  const { committed, spilled } = counted.frames
  expect(committed! + spilled!).toBe(frames)
}

/** What the lifetime window holds; why it can't be told while something is being brought back. */
async function linesOf({ store }: Receiver): Promise<unknown> {
  try {
    return (await countedBy(store, APP)).lifetime
  } catch (error) {
    return String(error)
  }
}

describe.skipIf(noRedis !== undefined)('exactly once', () => {
  test('four copies of 5,000 frames race on two receivers', async () => {
    const server = await redis()
    const [a, b] = (await receivers(server.url)) as [Receiver, Receiver]
    const frames = 5000
    const bodies = [routerBody(1), routerBody(2), routerBody(3)]
    let next = 0
    const race = async () => {
      while (next < frames) {
        const n = next
        next += 1
        const send = sendTo(APP, [a])
        const sendOther = sendTo(APP, [b])
        const bytes = bodies[n % 3]!
        const id = `frame-${n}`
        const acks = await Promise.all(
          [send, sendOther, sendOther, send].map((to) => to(id, bytes)),
        )
        expect(acks).toEqual([true, true, true, true])
      }
    }
    await Promise.all(Array.from({ length: 32 }, race))
    const lines = Array.from({ length: frames }, (_, n) => 1 + (n % 3)).reduce((x, y) => x + y)
    await expectCounted(a, lines, frames)
    expect((await countedBy(b.store, APP)).frames).toMatchObject({ duplicate: 3 * frames })
  })

  test('Redis is killed and started again under load, with its file', async () => {
    const server = await redis('--appendonly', 'yes', '--appendfsync', 'everysec')
    const all = await receivers(server.url)
    const drains = startDrains(8, sendTo(APP, all))
    for (let i = 0; i < 3; i += 1) {
      await sleep(700)
      await server.kill()
      await sleep(300)
      await server.start()
    }
    await sleep(700)
    await drains.stop()
    await Promise.all(all.map(({ committer }) => committer.stop(10_000)))
    await expectCounted(all[0]!, drains.sent().lines, drains.sent().frames)
  })

  test('Redis stays away for longer than anyone waits: frames are held, and none is lost', async () => {
    const server = await redis('--appendonly', 'yes')
    const all = await receivers(server.url, 2, { holdMs: 300 })
    const drains = startDrains(8, sendTo(APP, all))
    await sleep(500)
    await server.kill()
    await sleep(2500)
    expect(all[0]!.committer.spilledLines()).toBeGreaterThan(0)
    expect(all[0]!.store.fault()).toMatch(/^Redis can't be reached: .*ECONNREFUSED/)
    await server.start()
    await sleep(1000)
    await drains.stop()
    await Promise.all(all.map(({ committer }) => committer.stop(10_000)))
    expect(all.map(({ committer }) => committer.spilledLines())).toEqual([0, 0])
    await expectCounted(all[0]!, drains.sent().lines, drains.sent().frames)
    expect((await countedBy(all[0]!.store, APP)).frames['spilled']).toBeGreaterThan(0)
  })

  test('the connection is cut after Redis has written and before it answers', async () => {
    const server = await redis()
    const proxy = await startFaultProxy(server.port)
    onTestFinished(proxy.stop)
    const all = await receivers(`redis://127.0.0.1:${proxy.port}`)
    const drains = startDrains(8, sendTo(APP, all))
    for (let i = 0; i < 15; i += 1) {
      await sleep(150)
      await proxy.swallowAndCut()
    }
    await drains.stop()
    await Promise.all(all.map(({ committer }) => committer.stop(10_000)))
    expect(proxy.swallowed()).toBeGreaterThan(0)
    await expectCounted(all[0]!, drains.sent().lines, drains.sent().frames)
  })

  test('Redis without a file forgets everything, and gets the last ten seconds back', async () => {
    const server = await redis()
    const all = await receivers(server.url)
    const drains = startDrains(4, sendTo(APP, all))
    await sleep(1500)
    await server.kill()
    await server.start()
    await sleep(1500)
    await drains.stop()
    await Promise.all(all.map(({ committer }) => committer.stop(10_000)))
    await expect
      .poll(async () => linesOf(all[0]!), { timeout: 20_000 })
      .toEqual({ counted: drains.sent().lines })
    await expectCounted(all[1]!, drains.sent().lines, drains.sent().frames)
  })

  test('Redis forgets its last moments in a power cut, and the receivers bring them back', async () => {
    const server = await redis('--appendonly', 'yes', '--appendfsync', 'everysec')
    const all = await receivers(server.url)
    const drains = startDrains(4, sendTo(APP, all))
    await sleep(1500)
    for (let i = 0; i < 2; i += 1) {
      const cutBack = server.markFile()
      await sleep(1000)
      await server.kill()
      cutBack()
      await server.start()
      await sleep(1500)
    }
    await drains.stop()
    await Promise.all(all.map(({ committer }) => committer.stop(10_000)))
    await expect
      .poll(async () => linesOf(all[0]!), { timeout: 20_000 })
      .toEqual({ counted: drains.sent().lines })
    await expectCounted(all[0]!, drains.sent().lines, drains.sent().frames)
    const back = all.flatMap(({ warnings }) => warnings.map(({ text }) => text))
    expect(back).toContain('Redis went back in time; its last moments were brought back')
  })
})
