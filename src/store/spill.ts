import { type Accumulator, createAccumulator } from '../model/accumulator.ts'
import { parseSeriesKey } from '../model/series.ts'
import { type SeriesTable, createSeriesTable, internSeries } from '../model/series-table.ts'
import { createWindow } from '../model/window.ts'
import { countFrames } from './frame-count.ts'
import { mergePacked } from './packed.ts'
import type { Packer } from './packer.ts'
import type { Frame } from './store.ts'

/** A frame as bytes, while the store is away: it leaves the accumulators to their owner. */
export interface SpilledFrame {
  readonly id: string | undefined
  readonly deltas: readonly { readonly start: number; readonly packed: Buffer }[]
  readonly size: number
}

/** What a frame takes beside its packed windows, bytes. */
const OVERHEAD = 256

/** Packs a frame that counts itself as committed; from then on it counts itself as spilled. */
export function spillFrame(frame: Frame, packer: Packer): SpilledFrame {
  const deltas = frame.deltas.map(({ start, acc }, i) => ({
    start,
    packed: packer.packAccumulators(i === 0 ? [acc, createCorrection()] : [acc]),
  }))
  const size = deltas.reduce((sum, { packed }) => sum + packed.length, OVERHEAD)
  return { id: frame.id, deltas, size }
}

/** The frame again. `table` is one for all spilled frames of an app. */
export function restoreFrame(spilled: SpilledFrame, table: SeriesTable): Frame {
  const deltas = spilled.deltas.map(({ start, packed }) => ({ start, acc: unpack(packed, table) }))
  return { id: spilled.id, deltas }
}

function createCorrection(): Accumulator {
  const acc = createAccumulator(createSeriesTable(2))
  countFrames(acc, 'committed', -1)
  countFrames(acc, 'spilled', 1)
  return acc
}

function unpack(packed: Buffer, table: SeriesTable): Accumulator {
  const window = createWindow()
  mergePacked(window, packed)
  const { cells, ...frame } = window
  const acc = Object.assign(createAccumulator(table), frame)
  for (const [key, cell] of cells) {
    const series = internSeries(table, parseSeriesKey(key))
    while (acc.cells.length < series) acc.cells.push(undefined)
    acc.cells[series] = cell
    cell.epoch = acc.epoch
    acc.touched.push(series)
  }
  return acc
}
