import { setTimeout as sleep } from 'node:timers/promises'
import { type Fault, freeze } from './faults.ts'
import { type World, sumOf } from './world.ts'

const HELD_MS = 1500

function acknowledged({ apps }: World): number {
  const drains = apps.flatMap(({ timely, late, future }) => [...timely, late, future])
  return sumOf(
    drains.map(({ ledger }) => ledger),
    'acknowledged',
  )
}

const killedWhileHolding: Fault = {
  name: 'a receiver is killed while it holds lines',
  kills: 1,
  run: async (world, random) => {
    const receiver = random.pick(world.receivers)
    const thawed = freeze(world.redis!, HELD_MS + 1500)
    await sleep(HELD_MS)
    const held = (await receiver.held()) ?? 0
    const before = acknowledged(world)
    await receiver.kill()
    // What it took between the answer and the kill.
    const bound = held + (acknowledged(world) - before)
    await thawed
    await receiver.start()
    return bound
  },
}

const tailLostWithReceiver: Fault = {
  name: 'a power cut takes the tail, and a receiver dies with it',
  kills: 2,
  run: async (world, random) => {
    const receiver = random.pick(world.receivers)
    const before = acknowledged(world)
    const cutBack = world.redis!.markFile()
    await sleep(random.between(200, 1000))
    await Promise.all([world.redis!.kill(), receiver.kill()])
    const bound = acknowledged(world) - before
    cutBack()
    await world.redis!.start()
    await receiver.start()
    return bound
  },
}

/** Two things that go wrong together. */
export const DOUBLE_FAULTS = {
  redis: [killedWhileHolding, tailLostWithReceiver],
  cluster: [],
  disk: [],
}
