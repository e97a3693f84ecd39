import {
  type AppWindows,
  createAppWindows,
  releaseAccumulator,
  takeAccumulator,
} from '../aggregate/app-windows.ts'
import { type BodyCount, countBody, createBodyReader } from '../aggregate/body.ts'
import { OVER_LIMIT } from '../extract/extract.ts'
import { type Accumulator, countOne } from '../model/accumulator.ts'
import { internSeries } from '../model/series-table.ts'
import type { Committer, FrameResult } from './committer.ts'
import { FINE_MS, type Store } from './store.ts'

/** One drain body with what its request says. */
export interface Body {
  readonly app: string
  /** The sender's id of this body; undefined when it has none. */
  readonly id: string | undefined
  readonly bytes: Uint8Array
  /** Drain options `prefix` and `source-prefix`. */
  readonly prefix: string
  readonly sourcePrefix: string
}

/** Counts bodies and brings them into the store; what it resolves may be acknowledged. */
export type Intake = (body: Body) => Promise<IntakeResult>

export interface IntakeResult {
  readonly frame: FrameResult
  readonly lines: number
  readonly malformed: number
  readonly late: number
  /** See BodyCount. */
  readonly skew: number
}

/** More apps than this in one process are a fault or an attack; their lines count as over the limit. */
const MAX_APPS = 5000

export function createIntake(options: {
  readonly store: Store
  readonly committer: Committer
  readonly maxSeries: number
  readonly maxRoutes: number
  readonly pins: readonly string[]
}): Intake {
  const { store, committer } = options
  const reader = createBodyReader(FINE_MS)
  const apps = new Map<string, AppWindows>()
  const overflow = createAppWindows(options)

  const windowsFor = ({ app, prefix, sourcePrefix }: Body): AppWindows => {
    const key = `${app}\0${prefix}\0${sourcePrefix}`
    let windows = apps.get(key)
    if (windows === undefined && apps.size < MAX_APPS) {
      windows = createAppWindows({ ...options, prefix, sourcePrefix })
      apps.set(key, windows)
    }
    return windows ?? overflow
  }

  /** A duplicate has been counted before: only that it came again is new. */
  const countDuplicate = async (app: string, windows: AppWindows) => {
    const now = store.clock()
    const acc = takeAccumulator(windows)
    countFrame(windows, acc, 'duplicate')
    await committer.add(app, { id: undefined, deltas: [{ start: now - (now % FINE_MS), acc }] })
    releaseAccumulator(windows, acc)
  }

  return async (body) => {
    const windows = windowsFor(body)
    const app = windows === overflow ? OVERFLOW_APP : body.app
    const count = countBody(reader, windows, body.bytes, store.clock())
    if (windows === overflow) moveToOverLimit(count)
    countFrame(windows, count.deltas[0]!.acc, 'committed')
    const frame = await committer.add(app, { id: body.id, deltas: count.deltas })
    // A spilled frame is still to be committed: its accumulators are the committer's now.
    if (frame !== 'spilled') for (const { acc } of count.deltas) releaseAccumulator(windows, acc)
    if (frame === 'duplicate') await countDuplicate(app, windows)
    return {
      frame,
      lines: count.lines,
      malformed: count.malformed,
      late: count.late,
      skew: count.skew,
    }
  }
}

export const OVERFLOW_APP = '(other)'

function countFrame(windows: AppWindows, acc: Accumulator, result: string): void {
  const { table } = windows.state
  const labels = [['result', result]] as const
  countOne(acc, internSeries(table, { kind: 'count', name: 'l2met/frames', unit: '', labels }))
}

function moveToOverLimit({ deltas }: BodyCount): void {
  for (const { acc } of deltas) {
    const lines = acc.results.reduce((sum, n) => sum + n, 0)
    acc.results.fill(0)
    acc.results[OVER_LIMIT] = lines
  }
}
