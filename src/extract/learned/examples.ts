import { FOLDED_WORD, type LearnedRoutes } from './learned-routes.ts'
import { SLUG } from './word.ts'

/** A path whose template is that of a position, by which hashes know it. */
export interface Example {
  readonly path: Uint8Array
  readonly kinds: number
}

const SLUG_EXAMPLE = 'a-b-c'
const INNER_EXAMPLE = 'x'

/** The positions that fold as paths, each after those that it follows. */
export function examplesOf({ folds }: LearnedRoutes): Example[] {
  const positions = [...folds.keys()].toSorted((a, b) => a.length - b.length)
  return positions.map((position) => {
    let before = ''
    const words = position.split('/').map((word) => {
      const kinds = folds.get(before)?.kinds ?? 0
      before += `${word}/`
      if (word === FOLDED_WORD) return (kinds & SLUG) === 0 ? INNER_EXAMPLE : SLUG_EXAMPLE
      return word.replace(/^:id/, '1')
    })
    return { path: Buffer.from(words.join('/')), kinds: folds.get(position)!.kinds }
  })
}
