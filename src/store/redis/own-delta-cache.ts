import {
  type OpenWindow,
  type Pool,
  openWindow,
  releaseAccumulator,
} from '../../aggregate/app-windows.ts'
import { addAccumulator, sizeOf } from '../../model/accumulator.ts'
import type { SeriesTable } from '../../model/series-table.ts'
import type { CommitBody } from '../store.ts'

/** What this process has appended to a pending window, as bytes and as their sum. */
export interface OwnDelta {
  /** One for each fine window and series table. */
  readonly open: OpenWindow[]
  /** In the order in which they were sent. That one is here doesn't say that it was written. */
  readonly chunks: Buffer[]
}

/**
 * Sums of what busy apps append: a fold that finds the bytes in the pending window need not unpack
 * them, which is dearer than all else that it does.
 */
export interface OwnDeltaCache {
  /** To be told that an app is busy: what is sent from now on is summed. */
  readonly keep: (prefix: string) => void
  /** Adds a batch of which `chunk` is being sent; reads its accumulators, which stay as they are. */
  readonly add: (prefix: string, frames: readonly CommitBody[], chunk: Buffer) => void
  /** Gives the sum so far, and begins another. */
  readonly take: (prefix: string) => OwnDelta | undefined
  /** `sum`, which had been taken, stands in the pending window as `chunk` now. */
  readonly putBack: (prefix: string, sum: OwnDelta, chunk: Buffer) => void
  /** `sum`, which had been taken, is needed no more. */
  readonly release: (prefix: string, sum: OwnDelta) => void
}

/** An app for which nobody said in so long that it is busy is not, ms. */
const KEPT_MS = 60_000
/** More is not summed: bytes of one app, tables of one app, cells of all. */
const MAX_BYTES = 4 * 2 ** 20
const MAX_TABLES = 8
const MAX_CELLS = 32_768

interface State {
  sum: OwnDelta
  bytes: number
  readonly pools: Map<SeriesTable, Pool>
  keptAt: number
}

export function createOwnDeltaCache(now: () => number): OwnDeltaCache {
  const states = new Map<string, State>()

  const poolOf = ({ pools }: State, table: SeriesTable): Pool => {
    let pool = pools.get(table)
    if (pool === undefined) pools.set(table, (pool = { table, free: [] }))
    return pool
  }

  const addTo = (state: State, open: OpenWindow[], deltas: CommitBody['deltas']) => {
    for (const { start, acc } of deltas) {
      addAccumulator(openWindow(open, poolOf(state, acc.table), start), acc)
    }
  }

  const cellsInAll = (): number => {
    let cells = 0
    for (const { sum } of states.values()) for (const { acc } of sum.open) cells += sizeOf(acc)
    return cells
  }

  return {
    keep: (prefix) => {
      const keptAt = now()
      const state = states.get(prefix)
      if (state !== undefined) state.keptAt = keptAt
      else if (cellsInAll() < MAX_CELLS) {
        states.set(prefix, { sum: { open: [], chunks: [] }, bytes: 0, pools: new Map(), keptAt })
      }
    },
    add: (prefix, frames, chunk) => {
      const state = states.get(prefix)
      if (state === undefined || chunk.length === 0) return
      for (const { deltas } of frames) addTo(state, state.sum.open, deltas)
      state.sum.chunks.push(chunk)
      state.bytes += chunk.length
      if (state.bytes > MAX_BYTES || state.pools.size > MAX_TABLES) states.delete(prefix)
    },
    take: (prefix) => {
      const state = states.get(prefix)
      if (state === undefined) return undefined
      const { sum } = state
      if (state.keptAt < now() - KEPT_MS || cellsInAll() > MAX_CELLS) states.delete(prefix)
      state.sum = { open: [], chunks: [] }
      state.bytes = 0
      return sum
    },
    putBack: (prefix, sum, chunk) => {
      const state = states.get(prefix)
      if (state === undefined) return
      addTo(state, sum.open, state.sum.open)
      giveBack(state.sum)
      state.sum = { open: sum.open, chunks: [chunk, ...state.sum.chunks] }
      state.bytes += chunk.length
    },
    release: (prefix, sum) => {
      if (states.has(prefix)) giveBack(sum)
    },
  }
}

function giveBack({ open }: OwnDelta): void {
  for (const { owner, acc } of open) releaseAccumulator(owner, acc)
}
