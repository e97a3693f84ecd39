import type { RedisClient } from './client.ts'

/** Moves keys out of the way that hold another type than ours do, so that they cost themselves alone. */
export interface Quarantine {
  /**
   * Looks at keys after a command met one of the wrong type; resolves with whether any was moved. `types`
   * are those that they should have.
   */
  clear(keys: readonly string[], types: readonly KeyType[]): Promise<boolean>
}

export type KeyType = 'string' | 'set' | 'zset'

/** What was moved stays for whoever wants to look at it, s. */
const KEPT_S = 7 * 86_400

/**
 * KEYS: keys, then for each the name that it gets.
 * ARGV: for each key the type that it should have, then how long what was moved is kept (s).
 * Returns the indexes of the keys that were moved, from 1, each with the type that it has.
 */
const QUARANTINE_SCRIPT = `
local moved = {}
local count = #KEYS / 2
for i = 1, count do
  local type = redis.call('TYPE', KEYS[i]).ok
  if type ~= 'none' and type ~= ARGV[i] then
    redis.call('RENAME', KEYS[i], KEYS[count + i])
    redis.call('EXPIRE', KEYS[count + i], ARGV[count + 1])
    moved[#moved + 1] = i
    moved[#moved + 1] = type
  end
end
return moved
`

interface Scripts {
  l2metQuarantine(keys: number, ...args: (string | number)[]): Promise<(number | string)[]>
}

export function createQuarantine(
  client: RedisClient,
  warn: (details: object, text: string) => void,
): Quarantine {
  client.defineCommand('l2metQuarantine', { lua: QUARANTINE_SCRIPT })
  const scripts = client as unknown as Scripts
  return {
    clear: async (keys, types) => {
      // In the slot of the key.
      const names = keys.map((key) => `${key.includes('{') ? key : `{${key}}`}:quarantine`)
      const moved = await scripts.l2metQuarantine(
        2 * keys.length,
        ...keys,
        ...names,
        ...types,
        KEPT_S,
      )
      for (let i = 0; i < moved.length; i += 2) {
        const at = Number(moved[i]) - 1
        const details = {
          key: keys[at],
          type: moved[i + 1],
          expected: types[at],
          movedTo: names[at],
        }
        warn(
          details,
          'A key in Redis held what l2met did not write, and was moved; its place starts empty',
        )
      }
      return moved.length > 0
    },
  }
}

/** Whether a command failed because a key holds another type. */
export function isWrongType(error: unknown): boolean {
  return error instanceof Error && /WRONGTYPE|wrong kind of value/.test(error.message)
}
