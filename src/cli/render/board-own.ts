import type { BoardView } from './board-view.ts'
import { countLines, measureLines, sampleLines, uniqueLines } from './own-metrics.ts'
import type { Style } from './style.ts'

/** A heading, titles and one row, behind a blank line. */
const LEAST_OF_A_SECTION = 4

/** What the app itself logs, in at most `room` lines below those of `above`. */
export function ownLines(
  view: BoardView,
  columns: number,
  room: number,
  above: readonly string[],
  style: Style,
): string[] {
  const lines: string[] = []
  for (const linesOf of [measureLines, countLines, sampleLines, uniqueLines]) {
    const section = linesOf(view, columns - 2, style)
    if (section.length === 0 || room - lines.length < LEAST_OF_A_SECTION) continue
    if (above.length + lines.length > 0) lines.push('')
    lines.push(...section.slice(0, room - lines.length))
  }
  return lines
}
