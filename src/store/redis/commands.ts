import { createHash } from 'node:crypto'
import type { AppendLogLength } from '../keyed/compactor.ts'
import type { KeyedValues } from '../keyed/keyed-values.ts'
import type { RedisClient } from './client.ts'
import { COMMIT_SCRIPT, COMPACT_SCRIPT, RECORD_SCRIPT, ROLL_UP_SCRIPT } from './scripts.ts'

/** The commands of the Redis store: scripts with typed answers. */
export interface RedisCommands extends KeyedValues {
  commit(keys: readonly string[], args: readonly (string | Buffer)[]): Promise<CommitReply>
  /** `value` undefined removes the record. */
  record(
    key: string,
    expectedVersion: number,
    value: Buffer | undefined,
    ttlMs: number,
  ): Promise<{ isWritten: boolean; version: number; value: Buffer | undefined }>
}

export interface CommitReply {
  /** How many batches this process has committed; less than before when Redis went back in time. */
  readonly counter: number
  readonly log: AppendLogLength
  /** Indexes of the ids that were known; then nothing was written. */
  readonly known: readonly number[]
}

type Script = (keys: number, ...args: (string | Buffer)[]) => Promise<unknown>

interface Scripts {
  readonly l2metCommitBuffer: Script
  readonly l2metCompact: Script
  readonly l2metRollUp: Script
  readonly l2metRecordBuffer: Script
}

export function defineCommands(client: RedisClient): RedisCommands {
  client.defineCommand('l2metCommit', { lua: COMMIT_SCRIPT })
  client.defineCommand('l2metCompact', { lua: COMPACT_SCRIPT })
  client.defineCommand('l2metRollUp', { lua: ROLL_UP_SCRIPT })
  client.defineCommand('l2metRecord', { lua: RECORD_SCRIPT })
  const scripts = client as unknown as Scripts
  return {
    isReachable: () => client.status === 'ready',
    get: async (keys) => (await client.mgetBuffer(...keys)).map((value) => value ?? undefined),
    commit: async (keys, args) => {
      const reply = await scripts.l2metCommitBuffer(keys.length, ...keys, ...args)
      const [counter, length, head, ...known] = reply as [number, number, Buffer, ...number[]]
      return { counter, log: { length, head }, known }
    },
    compact: async (log, head, rest, windows) => {
      const keys = [log, ...windows.map((window) => window.key)]
      const args = windows.flatMap(({ before, packed, expires }) => [
        sha1(before),
        packed,
        `${expires}`,
      ])
      const start = [`${head.length}`, sha1(head), rest]
      return (await scripts.l2metCompact(keys.length, ...keys, ...start, ...args)) === 1
    },
    rollUp: async ({ total, minutes, windows }) => {
      const keys = [total.key, minutes.key, ...windows.map(({ key }) => key)]
      const digests = [minutes.before, ...windows.map(({ packed }) => packed)].map(sha1)
      const args = [`${total.expires}`, total.packed, minutes.packed, ...digests]
      return (await scripts.l2metRollUp(keys.length, ...keys, ...args)) === 1
    },
    record: async (key, expectedVersion, value, ttlMs) => {
      const args = [`${expectedVersion}`, value ? '0' : '1', value ?? NOTHING, `${ttlMs}`]
      const reply = await scripts.l2metRecordBuffer(1, key, ...args)
      const [isWritten, version, now] = reply as [number, Buffer, Buffer | null]
      return { isWritten: isWritten === 1, version: Number(version), value: now ?? undefined }
    },
  }
}

/** In hex, as scripts compare it. */
function sha1(bytes: Buffer | undefined): string {
  return createHash('sha1')
    .update(bytes ?? NOTHING)
    .digest('hex')
}

const NOTHING = Buffer.alloc(0)
