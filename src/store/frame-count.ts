import { type Accumulator, countValue } from '../model/accumulator.ts'
import { internNamed, nameSeries } from '../model/series-table.ts'

/** What became of a frame; each frame is counted under exactly one of these. */
export type FrameFate = 'committed' | 'duplicate' | 'spilled' | 'refused'

const FRAMES = {
  committed: framesSeries('committed'),
  duplicate: framesSeries('duplicate'),
  spilled: framesSeries('spilled'),
  refused: framesSeries('refused'),
}

/** Counts frames in the store, among what their own lines count. */
export function countFrames(acc: Accumulator, fate: FrameFate, frames: number): void {
  countValue(acc, internNamed(acc.table, FRAMES[fate]), frames)
}

function framesSeries(result: FrameFate) {
  return nameSeries({ kind: 'count', name: 'l2met/frames', unit: '', labels: [['result', result]] })
}
