import { textOf } from '../../model/line.ts'
import {
  FOLDED_WORD,
  type Fold,
  type LearnedRoutes,
  MARKS,
  type Marks,
  ROOT,
} from './learned-routes.ts'
import { joinMarks, marksOf, unfolded } from './marks.ts'
import { INNER, KINDS, type Kind, LAST, SLUG, isConventional, kindOfWord } from './word.ts'

const SLASH = 47

/** Marks at which words of a kind fold. Where others have folded already fewer suffice. */
const FOLDS_AT: Readonly<Record<Kind, readonly [first: number, others: number]>> = {
  [SLUG]: [16, 16],
  [LAST]: [60, 30],
  [INNER]: [114, 60],
}
const ROOT_FOLDS_AT = 100

/** Whether a word folds at a position where these kinds do. */
export function folds(
  kinds: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  pathEnd: number,
): boolean {
  if (kinds === 0 || start === end) return false
  const kind = kindOfWord(bytes, start, end, pathEnd)
  return (kinds & kind) !== 0 && (kind === SLUG || !isConventional(bytes, start, end))
}

/** The template that one from before the last folds has now; others stay. */
export function foldedTemplate(learned: LearnedRoutes, template: string): string {
  const isPath = learned.folds.size > 0 && template.startsWith('/')
  return isPath ? refold(learned, Buffer.from(template), template.length) : template
}

export function foldedPosition(learned: LearnedRoutes, position: string): string {
  return refold(learned, Buffer.from(position), Infinity)
}

/** A path that ends at `pathEnd`: what is before it may go on. */
function refold(learned: LearnedRoutes, bytes: Buffer, pathEnd: number): string {
  let normal = '/'
  for (let at = 1; at <= bytes.length; at += 1) {
    const from = at
    while (at < bytes.length && bytes[at] !== SLASH) at += 1
    const text = textOf(bytes, from, at)
    const kinds = text.startsWith(':') || text === '*' ? 0 : (learned.folds.get(normal)?.kinds ?? 0)
    normal += folds(kinds, bytes, from, at, pathEnd) ? FOLDED_WORD : text
    if (at < bytes.length) normal += '/'
  }
  return normal
}

/** Folds what has enough marks at a position, and what follows from that. */
export function foldRipe(learned: LearnedRoutes, position: string, time: number): void {
  const waiting = [position]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const kinds = ripeKinds(learned, next)
    if (kinds !== 0) waiting.push(next, ...fold(learned, next, { kinds, since: time }))
  }
}

function ripeKinds({ folds, forbidden, limit, marks }: LearnedRoutes, position: string): number {
  const folded = folds.get(position)?.kinds ?? 0
  if (forbidden.has(position) || (folded === 0 && folds.size >= limit)) return 0
  const counts = countsOf(marks.get(position) ?? [])
  const isRipe = (kind: Kind) => counts[kind]! >= foldsAt(position, kind, folded)
  return KINDS.reduce((ripe, kind) => (isRipe(kind) ? ripe | kind : ripe), 0) & ~folded
}

function foldsAt(position: string, kind: Kind, folded: number): number {
  if (position === ROOT) return kind === SLUG ? ROOT_FOLDS_AT : Infinity
  return FOLDS_AT[kind][folded === 0 ? 0 : 1]
}

function countsOf(marks: Marks): number[] {
  const counts = [0, 0, 0, 0, 0]
  for (const code of marks) counts[Math.floor(code / MARKS)]! += 1
  return counts
}

/**
 * Folds kinds of words at a position: the positions behind these words become one, with the marks and folds
 * of all. Gives those that have other marks now.
 */
export function fold(learned: LearnedRoutes, position: string, { kinds, since }: Fold): string[] {
  const known = learned.folds.get(position)
  const times = [since, known?.since ?? NaN].filter((time) => !Number.isNaN(time))
  const all = kinds | (known?.kinds ?? 0)
  const first = times.length > 0 ? Math.min(...times) : NaN
  if (all === known?.kinds && Object.is(first, known.since)) return []
  learned.folds.set(position, { kinds: all, since: first })
  learned.isNew = true
  if (all === known?.kinds) return []
  learned.generation += 1
  const left = unfolded(learned, position, marksOf(learned, position))
  if (left.length > 0) learned.marks.set(position, left)
  else learned.marks.delete(position)
  const moved: string[] = []
  const isBehind = (other: string) => other.startsWith(position) && other !== position
  for (const [old, marks] of learned.marks) {
    const normal = isBehind(old) ? foldedPosition(learned, old) : old
    if (normal === old) continue
    learned.marks.delete(old)
    joinMarks(learned, normal, marks)
    moved.push(normal)
  }
  for (const [old, one] of learned.folds) {
    const normal = isBehind(old) ? foldedPosition(learned, old) : old
    if (normal === old || !learned.folds.delete(old)) continue
    moved.push(...fold(learned, normal, one))
  }
  return moved
}
