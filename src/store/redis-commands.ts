import { createHash } from 'node:crypto'
import type { RedisClient } from './redis-client.ts'
import { COMMIT_SCRIPT, COMPACT_SCRIPT } from './redis-scripts.ts'

/** The commands of the Redis store: scripts with typed answers. */
export interface RedisCommands {
  commit(keys: readonly string[], args: readonly (string | Buffer)[]): Promise<CommitReply>
  /** Whether `record` took the place of `head`. */
  replaceHead(key: string, head: Buffer, record: Buffer): Promise<boolean>
}

export interface LongWindow {
  /** Index of the part of the batch. */
  readonly part: number
  readonly kind: 'fine' | 'coarse' | 'lifetime'
  /** Bytes. */
  readonly length: number
  /** Its first ten bytes. */
  readonly head: Buffer
}

export interface CommitReply {
  /** How many batches this process has committed; less than before when Redis went back in time. */
  readonly counter: number
  /** Indexes of the ids that were known; then nothing was written. */
  readonly known: readonly number[]
  /** The windows that have grown long by it. */
  readonly long: readonly LongWindow[]
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
      const [counter, known, long] = reply as [number, number[], (number | Buffer)[]]
      return { counter, known, long: long.length === 0 ? NONE : longWindows(long) }
    },
    replaceHead: async (key, head, record) => {
      const digest = createHash('sha1').update(head).digest('hex')
      const done = await scripts.l2metCompactBuffer(1, key, `${head.length}`, digest, record)
      return done === 1
    },
  }
}

const NONE: readonly LongWindow[] = []
const KINDS = ['fine', 'coarse', 'lifetime'] as const

function longWindows(fields: readonly (number | Buffer)[]): LongWindow[] {
  const windows: LongWindow[] = []
  for (let at = 0; at + 2 < fields.length; at += 3) {
    const number = fields[at] as number
    const [length, head] = [fields[at + 1] as number, fields[at + 2] as Buffer]
    windows.push({ part: Math.floor(number / 3), kind: KINDS[number % 3]!, length, head })
  }
  return windows
}
