import type { Accumulator } from '../model/accumulator.ts'
import type { Window } from '../model/window.ts'
import type { ReadRange, WindowReader } from '../model/window-reader.ts'

/** Body ids are remembered at least this long, ms: longer than a line may be late, plus skew. */
export const IDS_KEPT_MS = 20 * 60_000

/**
 * Where windows live. Implemented by the memory store and the Redis store; test/contract/store.ts is
 * what each of them promises.
 */
export interface Store {
  /**
   * Adds frames of one app, all or nothing: to the fine and coarse windows of their deltas and to the
   * lifetime window, and remembers their ids. If any id is already known, writes nothing and gives
   * the indexes of the known ones; else gives an empty list. Rejects when the store can't be reached;
   * the same frames may then be committed again, and are added once. A batch holds no id twice. The
   * accumulators are read before the call returns its promise; it changes none of them.
   */
  commit(app: string, frames: readonly CommitBody[]): Promise<readonly number[]>
  /**
   * Shows readers what the windows of an app hold. It lets others have their turn in between; when it
   * rejects, what the readers have is of no use.
   */
  read(app: string, range: ReadRange, readers: readonly WindowReader[]): Promise<void>
  /**
   * The cumulative totals of each app: counters and distributions since its first line, last samples.
   * The windows are the store's own: to be read at once, and never changed.
   */
  totals(): Promise<ReadonlyMap<string, Window>>
  /**
   * Compares and sets a record of an app (a lease, the state of an alert): writes `value` for `ttlMs` when
   * the record has the expected version, which is 0 where there is none; `undefined` removes it. No record
   * ever has a version twice. With NO_VERSION it only reads.
   */
  record(
    app: string,
    key: string,
    expectedVersion: number,
    value: Uint8Array | undefined,
    ttlMs: number,
  ): Promise<StoredRecord>
  /** The store's time, ms since 1970: what all receivers go by. */
  clock(): number
  close(): Promise<void>
}

/** A record as it is after `Store.record`. */
export interface StoredRecord {
  /** Whether the call wrote or removed it. */
  readonly isWritten: boolean
  /** 0 where there is none. */
  readonly version: number
  readonly value: Uint8Array | undefined
}

/** The version that no record has: `Store.record` with it only reads. */
export const NO_VERSION = -1

/** The store can be reached, but it would not keep what it is given: nothing may be acknowledged. */
export class UnsafeStoreError extends Error {
  override name = 'UnsafeStoreError'
}

/** One request body: what its lines add, by fine window. */
export interface CommitBody {
  /** The sender's id of the body, the same when it tries again; without one it can't be recognised. */
  readonly id: string | undefined
  readonly deltas: readonly Delta[]
}

export interface Delta {
  /** Start of the fine window, ms since 1970. */
  readonly start: number
  readonly acc: Accumulator
}
