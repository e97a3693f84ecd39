/**
 * What one app's paths have shown about its routes: positions that take too many different words are folded,
 * for good. A position is the template before it, as `/blog/`.
 *
 * All of it only grows: marks join by union, folds by union and the earlier time, and which positions fold
 * follows from the marks alone. So replicas that exchange it in any order end up with the same folds.
 */
export interface LearnedRoutes {
  /** At most so many positions fold. */
  readonly limit: number
  /** Positions that the operator doesn't let fold. */
  readonly forbidden: ReadonlySet<string>
  readonly folds: Map<string, Fold>
  /** Changes with each fold. */
  generation: number
  /** By position: for the words that it took a code each, of MARKS for each kind. No words are kept. */
  readonly marks: Map<string, Marks>
  /** The same of positions that only other replicas have met, by hashOfPosition. */
  readonly foreign: Map<string, Marks>
  /** Whether anything is new since this was last set to false. */
  isNew: boolean
}

export type Marks = readonly number[]

/** The words of some kinds are one at a position. */
export interface Fold {
  readonly kinds: number
  /** Time of the line that made it, ms since 1970; NaN for none. */
  readonly since: number
}

/** Words of one kind at one position are told apart by so many marks: two may have the same. */
export const MARKS = 256
/** Of each app so many positions are known; those with the fewest marks make room for new ones. */
export const MAX_POSITIONS = 1024
/** And so many are stored: those with the most marks. */
export const MAX_STORED = 256
export const FOLDED_WORD = ':slug'
/** The first segment names the parts of an app: only slugs fold there, and late. */
export const ROOT = '/'

export function createLearnedRoutes(
  limit: number,
  unfolded: readonly string[] = [],
): LearnedRoutes {
  return {
    limit,
    forbidden: new Set(unfolded.map((pattern) => pattern.replace(/[^/]*$/, ''))),
    folds: new Map(),
    generation: 0,
    marks: new Map(),
    foreign: new Map(),
    isNew: false,
  }
}
