import { textOf } from '../../model/line.ts'
import { cleanText } from '../../model/series.ts'
import { endOfIdentifier } from '../segment.ts'
import { foldRipe, folds } from './folding.ts'
import { FOLDED_WORD, type LearnedRoutes, MARKS, ROOT } from './learned-routes.ts'
import { marksOf, setMarks } from './marks.ts'
import { type Kind, SLUG, hashOfWord, isConventional, kindOfWord } from './word.ts'

/** Longer paths have more segments than anybody's routes. */
const MAX_DEPTH = 10
const MAX_PREFIX = 126
const SLASH = 47

/**
 * Learns from the path of a request that was answered; `time` is that of its line. Keeps nothing of `bytes`.
 * Says whether it held anything new.
 */
export function learnPath(
  learned: LearnedRoutes,
  bytes: Uint8Array,
  start: number,
  end: number,
  time: number,
): boolean {
  if (bytes[start] !== SLASH) return false
  let position = ROOT
  let isNew = false
  for (let depth = 0, at = start + 1; depth < MAX_DEPTH && at < end; depth += 1) {
    const from = at
    while (at < end && bytes[at] !== SLASH) at += 1
    const kind = learnWord(learned, position, bytes, from, at, end)
    if (kind !== 0) {
      isNew = true
      foldRipe(learned, position, time)
    }
    position += `${pieceOf(learned, position, bytes, from, at, end)}/`
    if (position.length > MAX_PREFIX) break
    at += 1
  }
  return isNew
}

/** Marks a word and returns its kind: 0 when it is none, was marked already, or has folded. */
function learnWord(
  learned: LearnedRoutes,
  position: string,
  bytes: Uint8Array,
  start: number,
  end: number,
  pathEnd: number,
): Kind | 0 {
  if (start === end || endOfIdentifier(bytes, start, end) > start) return 0
  const kind = kindOfWord(bytes, start, end, pathEnd)
  if (((learned.folds.get(position)?.kinds ?? 0) & kind) !== 0) return 0
  if (kind !== SLUG && (position === ROOT || isConventional(bytes, start, end))) return 0
  const code = kind * MARKS + (hashOfWord(bytes, start, end) % MARKS)
  const known = marksOf(learned, position)
  if (known.includes(code)) return 0
  setMarks(learned, position, [...known, code])
  return kind
}

/** How a segment is written in the templates of its position. */
function pieceOf(
  learned: LearnedRoutes,
  position: string,
  bytes: Uint8Array,
  start: number,
  end: number,
  pathEnd: number,
): string {
  const stem = endOfIdentifier(bytes, start, end)
  if (stem > start) return `:id${cleanText(textOf(bytes, stem, end))}`
  const kinds = learned.folds.get(position)?.kinds ?? 0
  return folds(kinds, bytes, start, end, pathEnd)
    ? FOLDED_WORD
    : cleanText(textOf(bytes, start, end))
}
