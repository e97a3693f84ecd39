import { type OpenWindow, releaseWindows } from '../aggregate/app-windows.ts'
import { type Accumulator, createAccumulator, fromWindow } from '../model/accumulator.ts'
import { type SeriesTable, createSeriesTable } from '../model/series-table.ts'
import { createWindow } from '../model/window.ts'
import { countBodies } from './self-metrics.ts'
import type { QueuedBody } from './commit-queue.ts'
import { mergePacked } from '../codec/window.ts'
import type { Packer } from '../codec/packer.ts'
import type { CommitBody } from '../store/store.ts'

/** A body as bytes, while the store is away. */
export interface SpilledBody {
  readonly deltas: readonly { readonly start: number; readonly packed: Buffer }[]
  readonly lines: number
  readonly size: number
}

/** What a body takes beside its packed windows, bytes: objects, and what each has of memory of its own. */
const OVERHEAD = 768

/** Packs a body that counts itself as committed; from then on it counts itself as spilled. */
export function spillBody(body: QueuedBody, packer: Packer): SpilledBody {
  const open: OpenWindow[] = []
  body.count(open)
  let lines = 0
  let size = OVERHEAD
  const deltas = open.map(({ start, acc }, i) => {
    const packed = copyAlone(packer.packAccumulators(i === 0 ? [acc, createCorrection()] : [acc]))
    for (const n of acc.results) lines += n
    size += packed.length
    return { start, packed }
  })
  releaseWindows(open)
  return { deltas, lines, size }
}

/** Small Buffers are parts of a larger one, of which all would be held. */
function copyAlone(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  copy.set(bytes)
  return copy
}

/** The body again. `table` is one for all spilled bodies of a batch. */
export function restoreBody(id: string, spilled: SpilledBody, table: SeriesTable): CommitBody {
  return {
    id,
    deltas: spilled.deltas.map(({ start, packed }) => ({ start, acc: unpackInto(table, packed) })),
  }
}

function createCorrection(): Accumulator {
  const acc = createAccumulator(createSeriesTable(2))
  countBodies(acc, 'committed', -1)
  countBodies(acc, 'spilled', 1)
  return acc
}

function unpackInto(table: SeriesTable, packed: Buffer): Accumulator {
  const window = createWindow()
  mergePacked(window, packed)
  return fromWindow(table, window)
}
