import type { Cell } from './cell.ts'
import type { WindowHeader } from './window.ts'

/** Widths of finite windows and how long they are kept, ms. */
export const WIDTH_10S = 10_000
export const WIDTH_1M = 60_000
export const WIDTH_10S_KEPT_MS = 3_600_000

/** Coarse windows are rolled up by the hour (roll-up.ts). */
export const HOUR_MS = 3_600_000

/** The lifetime window forgets samples (gauges) that are older than this, ms. */
export const SAMPLES_KEPT_MS = 3_600_000

/** A dyno writes its gauges each 20 s: when it has been silent for so long, they are gone, ms. */
export const DYNO_GONE_MS = 3 * 60_000

export type Width = typeof WIDTH_10S | typeof WIDTH_1M

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
  readonly acceptsRollups: boolean
  /** What a piece holds beside its series and seconds, which stay empty. */
  readonly onHeader: (start: number, frame: WindowHeader) => void
  /** Takes the requests of a clock second (s since 1970); left out where they are of no use. */
  readonly onSecond?: ((start: number, second: number, requests: number) => void) | undefined
  /** Where the values of a series go, by its seriesKey: nowhere when they are of no use. */
  readonly seriesSink: (key: string) => readonly SeriesSink[]
  /**
   * The same for all series of one kind, unit and name, by what their seriesKeys begin with: nowhere, or
   * where they add up; undefined when they are told apart. That spares most of what their keys cost.
   */
  readonly seriesSinkByPrefix?: ((head: string) => readonly SeriesSink[] | undefined) | undefined
}

/** The cell, of the kind of the series, to which is added what it holds in the window that begins at `start`. */
export type SeriesSink = (start: number) => Cell
