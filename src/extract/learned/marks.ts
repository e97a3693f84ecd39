import { type LearnedRoutes, MARKS, MAX_POSITIONS, type Marks } from './learned-routes.ts'
import { hashOfWord } from './word.ts'

/** Positions that make room at a time. */
const DROPPED = MAX_POSITIONS / 4

/** Adds marks to a position, but those of kinds that have folded there. */
export function joinMarks(learned: LearnedRoutes, position: string, marks: Marks): void {
  const known = marksOf(learned, position)
  const more = unfolded(learned, position, marks).filter((code) => !known.includes(code))
  if (more.length > 0) setMarks(learned, position, [...known, ...more])
}

/** Marks without those of kinds that have folded at a position. */
export function unfolded({ folds }: LearnedRoutes, position: string, marks: Marks): Marks {
  const folded = (folds.get(position)?.kinds ?? 0) * MARKS
  return folded === 0 ? marks : marks.filter((code) => (code & folded) === 0)
}

export function setMarks(learned: LearnedRoutes, position: string, marks: Marks): void {
  if (!learned.marks.has(position) && learned.marks.size >= MAX_POSITIONS)
    dropSmallest(learned.marks)
  learned.marks.set(position, marks)
  learned.isNew = true
}

function dropSmallest(marks: Map<string, Marks>): void {
  const bySize = [...marks].toSorted(([, a], [, b]) => a.length - b.length)
  for (const [position] of bySize.slice(0, DROPPED)) marks.delete(position)
}

/** The marks of a position: of one that is new here those that other replicas have met. */
export function marksOf(learned: LearnedRoutes, position: string): Marks {
  const known = learned.marks.get(position)
  if (known !== undefined) return known
  if (learned.foreign.size === 0) return []
  const hash = hashOfPosition(position)
  const marks = unfolded(learned, position, learned.foreign.get(hash) ?? [])
  learned.foreign.delete(hash)
  if (marks.length > 0) setMarks(learned, position, marks)
  return marks
}

/** 64 bits, as text. What is stored of a position that hasn't folded can't be read. */
export function hashOfPosition(position: string): string {
  const bytes = Buffer.from(position)
  const high = hashOfWord(bytes, 0, bytes.length)
  const low = hashOfWord(Buffer.from(`${high}${position}`), 0, bytes.length + `${high}`.length)
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0')
}
