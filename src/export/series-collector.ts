import type { Cell } from '../model/cell.ts'
import type { Series } from '../model/series.ts'
import type { Window } from '../model/window.ts'

/** Gathers what some names of `/api/series` ask for while windows pass by, in any order. */
export interface Collector {
  /** Takes what a window holds beside its cells. */
  readonly addWindow: (step: number, window: Window) => void
  /** What takes the cells of a series; undefined when this collector has no use for it. */
  readonly sinkOf: (series: Series) => Sink | undefined
  /** By the names that were asked for. */
  readonly result: () => Record<string, unknown>
}

export type Sink = (step: number, cell: Cell) => void
