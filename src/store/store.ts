import type { Accumulator } from '../model/accumulator.ts'
import type { Cell } from '../model/cell.ts'
import type { Window, WindowFrame } from '../model/window.ts'

/** Widths of finite windows and how long they are kept, ms. */
export const FINE_MS = 10_000
export const COARSE_MS = 60_000
export const FINE_KEPT_MS = 3_600_000

/** Coarse windows are rolled up by the hour (roll-up.ts). */
export const HOUR_MS = 3_600_000

/** The lifetime window forgets samples (gauges) that are older than this, ms. */
export const SAMPLES_KEPT_MS = 3_600_000

/** Frame ids are remembered at least this long, ms: longer than a line may be late, plus skew. */
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
  commit(app: string, frames: readonly Frame[]): Promise<readonly number[]>
  /**
   * Shows readers what the windows of an app hold. It lets others have their turn in between; when it
   * rejects, what the readers have is of no use.
   */
  read(app: string, range: ReadRange, readers: readonly WindowReader[]): Promise<void>
  /**
   * The lifetime window of each app: counters and distributions since its first line, last samples.
   * The windows are the store's own: to be read at once, and never changed. A distribution that is the
   * same object and has the same count as it had is the same.
   */
  lifetime(): Promise<ReadonlyMap<string, Window>>
  /** The store's time, ms since 1970: what all receivers go by. */
  clock(): number
  close(): Promise<void>
}

/** The store can be reached, but it would not keep what it is given: nothing may be acknowledged. */
export class UnfitStoreError extends Error {
  override name = 'UnfitStoreError'
}

export type Width = typeof FINE_MS | typeof COARSE_MS

/** One request body: what its lines add, by fine window. */
export interface Frame {
  /** The sender's id of the body, the same when it tries again; without one it can't be recognised. */
  readonly id: string | undefined
  readonly deltas: readonly Delta[]
}

export interface Delta {
  /** Start of the fine window, ms since 1970. */
  readonly start: number
  readonly acc: Accumulator
}

/** The windows of one width that touch [from, to), ms. */
export interface ReadRange {
  readonly width: Width
  readonly from: number
  readonly to: number
}

/**
 * Takes what windows hold, in any order. One window may come in pieces, and what it holds is their
 * merge. `start` is that of the window, ms since 1970.
 */
export interface WindowReader {
  /** Takes whole hours that lie in the range as one window each, so that a day is read fast. */
  readonly takesHours: boolean
  /** What a piece holds beside its series and seconds, which stay empty. */
  readonly takeFrame: (start: number, frame: WindowFrame) => void
  /** Takes the requests of a clock second (s since 1970); left out where they are of no use. */
  readonly takeSecond?: ((start: number, second: number, requests: number) => void) | undefined
  /** Where the values of a series go, by its seriesKey: nowhere when they are of no use. */
  readonly cellsOf: (key: string) => readonly SeriesCells[]
  /**
   * The same for all series of one kind, unit and name, by what their seriesKeys begin with: nowhere, or
   * where they add up; undefined when they are told apart. That spares most of what their keys cost.
   */
  readonly cellsOfHead?: ((head: string) => readonly SeriesCells[] | undefined) | undefined
}

/** The cell, of the kind of the series, to which is added what it holds in the window that begins at `start`. */
export type SeriesCells = (start: number) => Cell
