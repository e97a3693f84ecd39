import { type Accumulator, countValue } from '../model/accumulator.ts'
import { internSeries } from '../model/series-table.ts'

/** What became of a frame; each frame is counted under exactly one of these. */
export type FrameFate = 'committed' | 'duplicate' | 'spilled' | 'refused'

/** Counts frames in the store, among what their own lines count. */
export function countFrames(acc: Accumulator, result: FrameFate, frames: number): void {
  const labels = [['result', result]] as const
  const series = internSeries(acc.table, { kind: 'count', name: 'l2met/frames', unit: '', labels })
  countValue(acc, series, frames)
}
