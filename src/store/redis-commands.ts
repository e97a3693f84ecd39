import { createHash } from 'node:crypto'
import type { RedisClient } from './redis-client.ts'
import { COMMIT_SCRIPT, COMPACT_SCRIPT } from './redis-scripts.ts'

/** The commands of the Redis store: scripts with typed answers. */
export interface RedisCommands {
  commit(keys: readonly string[], args: readonly (string | Buffer)[]): Promise<CommitReply>
  /** Whether `record` took the place of `head`. */
  replaceHead(key: string, head: Buffer, record: Buffer): Promise<boolean>
}

export interface CommitReply {
  /** How many batches this process has committed; less than before when Redis went back in time. */
  readonly counter: number
  /** Indexes of the ids that were known; then nothing was written. */
  readonly known: readonly number[]
  /** Of each window key: its length in bytes now, and if that is LONG_WINDOW its first ten bytes. */
  readonly lengths: readonly number[]
  readonly heads: readonly Buffer[]
}

interface Scripts {
  l2metCommitBuffer(keys: number, ...args: (string | Buffer)[]): Promise<unknown>
  l2metCompactBuffer(keys: number, ...args: (string | Buffer)[]): Promise<unknown>
}

export function defineCommands(client: RedisClient): RedisCommands {
  client.defineCommand('l2metCommit', { lua: COMMIT_SCRIPT })
  client.defineCommand('l2metCompact', { lua: COMPACT_SCRIPT })
  const scripts = client as unknown as Scripts
  return {
    commit: async (keys, args) => {
      const reply = await scripts.l2metCommitBuffer(keys.length, ...keys, ...args)
      const [counter, known, lengths, heads] = reply as [number, number[], number[], Buffer[]]
      return { counter, known, lengths, heads }
    },
    replaceHead: async (key, head, record) => {
      const digest = createHash('sha1').update(head).digest('hex')
      const done = await scripts.l2metCompactBuffer(1, key, `${head.length}`, digest, record)
      return done === 1
    },
  }
}
