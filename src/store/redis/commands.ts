import { createHash } from 'node:crypto'
import type { RedisClient } from './client.ts'
import { sampleOf, COMMIT_SCRIPT, FOLD_SCRIPT } from './scripts.ts'

/** The commands of the Redis store: scripts with typed answers. */
export interface RedisCommands {
  commit(keys: readonly string[], args: readonly (string | Buffer)[]): Promise<CommitReply>
  /**
   * Puts `rest` in the place of `head` in the pending window, and the new values of windows in theirs.
   * Resolves with false when something wasn't any more what it was, and nothing was done.
   */
  fold(key: string, head: Buffer, rest: Buffer, windows: readonly NewWindow[]): Promise<boolean>
}

export interface CommitReply {
  /** How many batches this process has committed; less than before when Redis went back in time. */
  readonly counter: number
  readonly pending: AppendLogLength
  /** Indexes of the ids that were known; then nothing was written. */
  readonly known: readonly number[]
}

/** How much is pending. */
export interface AppendLogLength {
  /** Bytes. */
  readonly length: number
  /** The first of them, enough to tell the first entry's start. */
  readonly head: Buffer
}

export interface NewWindow {
  readonly key: string
  /** What it was. */
  readonly before: Buffer | undefined
  readonly packed: Buffer
  /** s since 1970. */
  readonly expires: number
}

interface Scripts {
  l2metCommitBuffer(keys: number, ...args: (string | Buffer)[]): Promise<unknown>
  l2metFold(keys: number, ...args: (string | Buffer)[]): Promise<unknown>
}

export function defineCommands(client: RedisClient): RedisCommands {
  client.defineCommand('l2metCommit', { lua: COMMIT_SCRIPT })
  client.defineCommand('l2metFold', { lua: FOLD_SCRIPT })
  const scripts = client as unknown as Scripts
  return {
    commit: async (keys, args) => {
      const reply = await scripts.l2metCommitBuffer(keys.length, ...keys, ...args)
      const [counter, length, head, ...known] = reply as [number, number, Buffer, ...number[]]
      return { counter, pending: { length, head }, known }
    },
    fold: async (key, head, rest, windows) => {
      const keys = [key, ...windows.map((window) => window.key)]
      const args = windows.flatMap(({ before, packed, expires }) => [
        sha1(before ?? NOTHING),
        packed,
        `${expires}`,
      ])
      const done = await scripts.l2metFold(
        keys.length,
        ...keys,
        `${head.length}`,
        sampleOf(head),
        rest,
        ...args,
      )
      return done === 1
    },
  }
}

/** In hex, as scripts compare it. */
export function sha1(bytes: Buffer): string {
  return createHash('sha1').update(bytes).digest('hex')
}

const NOTHING = Buffer.alloc(0)
