import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { createPacker } from '../../src/codec/packer.ts'
import { type RedisClient, createRedisClient } from '../../src/store/redis/client.ts'
import { type RedisCommands, defineCommands } from '../../src/store/redis/commands.ts'
import { type Compactor, createCompactor } from '../../src/store/keyed/compactor.ts'
import { createValueFaults } from '../../src/store/keyed/value-faults.ts'

export interface OwnCompactor extends Compactor {
  readonly client: RedisClient
  readonly commands: RedisCommands
}

/** A compactor with a connection of its own, until the test is over. */
export async function openCompactor(
  url: string,
  maxSeries = 10_000,
  warn = fail,
  now = Date.now,
): Promise<OwnCompactor> {
  const client = createRedisClient({ urls: url.split(','), trustSelfSigned: false })
  client.on('error', () => {})
  while (client.status !== 'ready') await sleep(5)
  const commands = defineCommands(client)
  const compactor = createCompactor({
    values: commands,
    faults: createValueFaults(warn),
    packer: createPacker(),
    now,
    retentionMs: 24 * 3_600_000,
    maxSeries,
    warn,
  })
  onTestFinished(async () => {
    await compactor.close()
    client.disconnect()
  })
  return { ...compactor, client, commands }
}

function fail(details: object, text: string): void {
  throw new Error(`${text} ${JSON.stringify(details)}`)
}
