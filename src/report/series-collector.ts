import type { Cell } from '../model/cell.ts'
import type { Series } from '../model/series.ts'
import type { WindowHeader } from '../model/window.ts'

/** Gathers what some names of `/api/series` ask for while windows pass by, in any order. */
export interface SeriesCollector {
  /** Takes what a window holds beside its cells. */
  readonly addWindow: (step: number, frame: WindowHeader) => void
  /** Where the values of a series go, by step; undefined when this collector has no use for it. */
  readonly seriesSink: (series: Series) => StepCells | undefined
  /** What was asked for, by name, each made when its turn comes. */
  readonly results: () => Iterable<readonly [name: string, result: unknown]>
}

/** The cell of a step, of the kind of the series. */
export type StepCells = (step: number) => Cell
