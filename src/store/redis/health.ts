import { type RedisClient, mastersOf } from './client.ts'

/** Why a Redis can't keep what it is given; undefined when it can. */
export async function findUnfitness(client: RedisClient): Promise<string | undefined> {
  for (const master of mastersOf(client)) {
    const info = await master.info('memory')
    const policy = field(info, 'maxmemory_policy')
    const limit = Number(field(info, 'maxmemory') ?? 0)
    if (limit > 0 && policy !== undefined && policy !== 'noeviction') {
      return (
        `Redis evicts keys when its memory is full (maxmemory-policy ${policy}), which would falsify the metrics; ` +
        'set it to noeviction (Heroku: heroku redis:maxmemory --policy noeviction)'
      )
    }
  }
  return undefined
}

function field(info: string, name: string): string | undefined {
  const line = info.split(/\r?\n/).find((line) => line.startsWith(`${name}:`))
  return line?.slice(name.length + 1)
}
