import { type Accumulator, countValue, measure } from '../model/accumulator.ts'
import { MISSING } from '../model/coverage.ts'
import { internNamed, nameSeries } from '../model/series-table.ts'
import { REFUSAL_REASONS, type RefusalReason } from '../receive/refusal-reason.ts'

/** What became of a body that was taken: a spilled one is held in memory and committed when the store is back. */
export type BodyResult = 'committed' | 'duplicate' | 'spilled'

const REFUSALS = new Map(
  REFUSAL_REASONS.map((reason) => [
    reason,
    nameSeries({ kind: 'count', name: 'l2met/refusals', unit: '', labels: [['reason', reason]] }),
  ]),
)

/** Counts refused requests in the store. */
export function countRefusals(acc: Accumulator, reason: RefusalReason, requests: number): void {
  countValue(acc, internNamed(acc.table, REFUSALS.get(reason)!), requests)
}

const FRAMES = {
  committed: bodiesSeries('committed'),
  duplicate: bodiesSeries('duplicate'),
  spilled: bodiesSeries('spilled'),
  refused: bodiesSeries('refused'),
}

/** Counts bodies in the store, among what their own lines count; each under exactly one result. */
export function countBodies(
  acc: Accumulator,
  result: BodyResult | 'refused',
  bodies: number,
): void {
  countValue(acc, internNamed(acc.table, FRAMES[result]), bodies)
}

function bodiesSeries(result: BodyResult | 'refused') {
  return nameSeries({ kind: 'count', name: 'l2met/bodies', unit: '', labels: [['result', result]] })
}

const MISMATCHED = nameSeries({
  kind: 'count',
  name: 'l2met/bodies_mismatched',
  unit: '',
  labels: [],
})
const MISSING_LINES = nameSeries({ kind: 'count', name: MISSING, unit: '', labels: [] })

/** Counts a body with another number of frames than its sender says, and the frames that it lacks. */
export function compareFrames(acc: Accumulator, announced: number, found: number): void {
  if (announced === found) return
  countValue(acc, internNamed(acc.table, MISMATCHED), 1)
  if (announced > found) countValue(acc, internNamed(acc.table, MISSING_LINES), announced - found)
}

/**
 * How long commits take, as a series of the app itself, so that every replica shows the same. What
 * was measured goes along with the next commit, and is rather lost with it than counted twice.
 */
export interface CommitTimes {
  note(app: string, seconds: number): void
  /** Measures what was noted since the last call into a window of the app. */
  moveTo(acc: Accumulator, app: string): void
}

const COMMIT = nameSeries({ kind: 'measure', name: 'l2met/commit', unit: 's', labels: [] })

export function createCommitTimes(noteCommit: (seconds: number) => void = () => {}): CommitTimes {
  const noted = new Map<string, number[]>()

  return {
    note: (app, seconds) => {
      noteCommit(seconds)
      const times = noted.get(app)
      if (times === undefined) noted.set(app, [seconds])
      else times.push(seconds)
    },
    moveTo: (acc, app) => {
      const times = noted.get(app)
      if (times === undefined || times.length === 0) return
      for (const seconds of times) measureCommit(acc, seconds)
      times.length = 0
    },
  }
}

export function measureCommit(acc: Accumulator, seconds: number): void {
  measure(acc, internNamed(acc.table, COMMIT), seconds)
}
