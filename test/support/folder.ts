import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { createPacker } from '../../src/codec/packer.ts'
import { type RedisClient, createRedisClient } from '../../src/store/redis/client.ts'
import { type RedisCommands, defineCommands } from '../../src/store/redis/commands.ts'
import { type Folder, createFolder } from '../../src/store/redis/compactor.ts'

export interface OwnFolder extends Folder {
  readonly client: RedisClient
  readonly commands: RedisCommands
}

/** A folder with a connection of its own, until the test is over. */
export async function openFolder(url: string, maxSeries = 10_000): Promise<OwnFolder> {
  const client = createRedisClient({ urls: url.split(','), trustSelfSigned: false })
  client.on('error', () => {})
  while (client.status !== 'ready') await sleep(5)
  const commands = defineCommands(client)
  const folder = createFolder({
    client,
    commands,
    packer: createPacker(),
    now: Date.now,
    retentionMs: 24 * 3_600_000,
    maxSeries,
    warn: (details, text) => {
      throw new Error(`${text} ${JSON.stringify(details)}`)
    },
  })
  onTestFinished(async () => {
    await folder.close()
    client.disconnect()
  })
  return { ...folder, client, commands }
}
