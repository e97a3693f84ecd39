import {
  type Accumulator,
  createAccumulator,
  measure,
  resetAccumulator,
} from '../model/accumulator.ts'
import { createSeriesTable, internSeries } from '../model/series-table.ts'
import { FINE_MS, type Frame } from './store.ts'

/**
 * How long commits take, as a series of the app itself, so that every replica shows the same. What
 * was measured goes along with the next commit, and is rather lost with it than counted twice.
 */
export interface CommitTimes {
  note(app: string, seconds: number): void
  /** What was noted since the last call as a frame without an id; undefined when nothing was. */
  take(app: string, now: number): Frame | undefined
}

export function createCommitTimes(): CommitTimes {
  const table = createSeriesTable(1)
  const series = internSeries(table, {
    kind: 'measure',
    name: 'l2met/commit',
    unit: 's',
    labels: [],
  })
  const noted = new Map<string, Accumulator>()
  /** Not yet taken, and taken last: the store reads a frame before the next is taken. */
  const isNoted = new Set<string>()

  return {
    note: (app, seconds) => {
      let acc = noted.get(app)
      if (acc === undefined) noted.set(app, (acc = createAccumulator(table)))
      else if (!isNoted.has(app)) resetAccumulator(acc)
      isNoted.add(app)
      measure(acc, series, seconds)
    },
    take: (app, now) => {
      if (!isNoted.delete(app)) return undefined
      return { id: undefined, deltas: [{ start: now - (now % FINE_MS), acc: noted.get(app)! }] }
    },
  }
}
