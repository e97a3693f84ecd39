import { type Accumulator, countValue } from '../model/accumulator.ts'
import { internNamed, nameSeries } from '../model/series-table.ts'

/** What became of a frame that was taken: a spilled one is held in memory and committed when the store is back. */
export type FrameResult = 'committed' | 'duplicate' | 'spilled'

const FRAMES = {
  committed: framesSeries('committed'),
  duplicate: framesSeries('duplicate'),
  spilled: framesSeries('spilled'),
  refused: framesSeries('refused'),
}

/** Counts frames in the store, among what their own lines count; each under exactly one result. */
export function countFrames(
  acc: Accumulator,
  result: FrameResult | 'refused',
  frames: number,
): void {
  countValue(acc, internNamed(acc.table, FRAMES[result]), frames)
}

function framesSeries(result: FrameResult | 'refused') {
  return nameSeries({ kind: 'count', name: 'l2met/frames', unit: '', labels: [['result', result]] })
}
