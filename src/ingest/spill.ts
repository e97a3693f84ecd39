import { type OpenWindow, closeWindows, settleWindows } from '../aggregate/app-windows.ts'
import { type Accumulator, createAccumulator } from '../model/accumulator.ts'
import { parseSeriesKey } from '../model/series.ts'
import { type SeriesTable, createSeriesTable, internSeries } from '../model/series-table.ts'
import { createWindow } from '../model/window.ts'
import { countFrames } from './body-counts.ts'
import type { PendingFrame } from './commit-queue.ts'
import { mergePacked } from '../codec/window.ts'
import type { Packer } from '../codec/packer.ts'
import type { Frame } from '../store/store.ts'

/** A frame as bytes, while the store is away. */
export interface SpilledFrame {
  readonly deltas: readonly { readonly start: number; readonly packed: Buffer }[]
  readonly lines: number
  readonly size: number
}

/** What a frame takes beside its packed windows, bytes: objects, and what each has of memory of its own. */
const OVERHEAD = 768

/** Packs a frame that counts itself as committed; from then on it counts itself as spilled. */
export function spillFrame(frame: PendingFrame, packer: Packer): SpilledFrame {
  const open: OpenWindow[] = []
  frame.count(open)
  settleWindows()
  let lines = 0
  let size = OVERHEAD
  const deltas = open.map(({ start, acc }, i) => {
    const packed = copyAlone(packer.packAccumulators(i === 0 ? [acc, createCorrection()] : [acc]))
    for (const n of acc.results) lines += n
    size += packed.length
    return { start, packed }
  })
  closeWindows(open)
  return { deltas, lines, size }
}

/** Small Buffers are parts of a larger one, of which all would be held. */
function copyAlone(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  copy.set(bytes)
  return copy
}

/** The frame again. `table` is one for all spilled frames of a batch. */
export function restoreFrame(id: string, spilled: SpilledFrame, table: SeriesTable): Frame {
  return {
    id,
    deltas: spilled.deltas.map(({ start, packed }) => ({ start, acc: unpackInto(table, packed) })),
  }
}

function createCorrection(): Accumulator {
  const acc = createAccumulator(createSeriesTable(2))
  countFrames(acc, 'committed', -1)
  countFrames(acc, 'spilled', 1)
  return acc
}

function unpackInto(table: SeriesTable, packed: Buffer): Accumulator {
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
