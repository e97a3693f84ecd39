import { fold, foldRipe, foldedPosition } from './folding.ts'
import { type LearnedRoutes, MAX_STORED, type Marks } from './learned-routes.ts'
import { hashOfPosition, joinMarks } from './marks.ts'

/** What was learned, in a form that is the same for the same: to be stored and joined. */
export interface Learned {
  readonly folds: readonly (readonly [position: string, kinds: number, since: number | null])[]
  /** Those with the most first. */
  readonly marks: readonly (readonly [hash: string, codes: Marks])[]
}

export function learnedOf({ folds, marks, foreign }: LearnedRoutes): Learned {
  const all = new Map(foreign)
  for (const [position, codes] of marks) all.set(hashOfPosition(position), codes)
  return {
    folds: [...folds]
      .map(([position, { kinds, since }]) => [position, kinds, timeOrNull(since)] as const)
      .toSorted(([a], [b]) => compare(a, b)),
    marks: largestOf(all).map(([hash, codes]) => [hash, codes.toSorted((a, b) => a - b)]),
  }
}

/** Joins what another replica, or this one before it started again, has learned; `time` is now, ms since 1970. */
export function joinLearned(learned: LearnedRoutes, { folds, marks }: Learned, time: number): void {
  // Shallow ones first, since the others are named after them.
  const waiting: string[] = []
  for (const [old, kinds, since] of folds.toSorted(([a], [b]) => a.length - b.length)) {
    const position = foldedPosition(learned, old)
    if (learned.forbidden.has(position)) continue
    waiting.push(...fold(learned, position, { kinds, since: since ?? NaN }))
  }
  const here = new Map(
    [...learned.folds.keys(), ...learned.marks.keys()].map((position) => [
      hashOfPosition(position),
      position,
    ]),
  )
  for (const [hash, codes] of marks) {
    const position = here.get(hash)
    if (position === undefined) keepForeign(learned, hash, codes)
    else {
      joinMarks(learned, position, codes)
      waiting.push(position)
    }
  }
  keepLargest(learned.foreign)
  for (const position of [...waiting, ...learned.folds.keys()]) foldRipe(learned, position, time)
}

function keepForeign({ foreign }: LearnedRoutes, hash: string, codes: Marks): void {
  foreign.set(hash, [...new Set([...(foreign.get(hash) ?? []), ...codes])])
}

/** The same that any replica would keep of the same: so none writes what others take out again. */
function largestOf(marks: ReadonlyMap<string, Marks>): (readonly [hash: string, codes: Marks])[] {
  const bySize = [...marks].toSorted(([a, x], [b, y]) => y.length - x.length || compare(a, b))
  return bySize.slice(0, MAX_STORED)
}

function keepLargest(marks: Map<string, Marks>): void {
  if (marks.size <= MAX_STORED) return
  const largest = largestOf(marks)
  marks.clear()
  for (const [hash, codes] of largest) marks.set(hash, codes)
}

function timeOrNull(time: number): number | null {
  return Number.isNaN(time) ? null : time
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
