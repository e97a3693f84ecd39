import { visitHour } from '../codec/hour.ts'
import { createVisitor, visitPacked } from '../codec/record-visitor.ts'
import { WIDTH_1M, HOUR_MS, type ReadRange, type WindowReader } from '../model/window-reader.ts'
import { createYielder } from '../codec/event-loop.ts'

/** A part of a range: windows of one hour, which may have been rolled up. */
export interface Span {
  /** Start of the hour, ms since 1970. */
  readonly hour: number
  /** Of its windows those that are read. */
  readonly starts: readonly number[]
  /** Whether what they were rolled up into is of use: their sum, each minute. */
  readonly usesTotal: boolean
  readonly usesMinutes: boolean
}

/** What there is of a span, packed, as of one moment. */
export interface SpanContent {
  readonly total: Buffer | undefined
  readonly minutes: Buffer | undefined
  /** What wasn't rolled up, or came after that. By the starts of the span. */
  readonly windows: readonly (Buffer | undefined)[]
}

/** The parts of a range, oldest first; `keptFrom` (ms) is where the windows begin that are kept. */
export function spansOf(
  { width, from, to }: ReadRange,
  keptFrom: number,
  readers: readonly WindowReader[],
): Span[] {
  const first = Math.max(from, keptFrom)
  const spans: Span[] = []
  for (let hour = first - modulo(first, HOUR_MS); hour < to; hour += HOUR_MS) {
    const isWhole = hour >= first && hour + HOUR_MS <= to
    const starts: number[] = []
    for (let start = hour; start < Math.min(hour + HOUR_MS, to); start += width) {
      if (start + width > first) starts.push(start)
    }
    if (starts.length === 0) continue
    const isCoarse = width === WIDTH_1M
    spans.push({
      hour,
      starts,
      usesTotal: isCoarse && isWhole && readers.some(({ acceptsRollups }) => acceptsRollups),
      usesMinutes: isCoarse && readers.some(({ acceptsRollups }) => !(acceptsRollups && isWhole)),
    })
  }
  return spans
}

/** Shows readers what spans hold; `fetch` gives some spans and is asked for the next ones meanwhile. */
export async function readSpans(
  spans: readonly Span[],
  fetch: (spans: readonly Span[]) => Promise<readonly SpanContent[]>,
  readers: readonly WindowReader[],
  { maxSeries, atOnce }: { readonly maxSeries: number; readonly atOnce: number },
): Promise<void> {
  const yielder = createYielder()
  const all = createVisitor(readers)
  const ofHours = createVisitor(readers.filter(({ acceptsRollups }) => acceptsRollups))
  const ofMinutes = createVisitor(readers.filter(({ acceptsRollups }) => !acceptsRollups))

  const show = async (span: Span, { total, minutes, windows }: SpanContent) => {
    const { hour, starts, usesTotal } = span
    if (total !== undefined) visitPacked(total, hour, ofHours, Infinity)
    if (minutes !== undefined) {
      const range = { from: starts[0]!, to: starts.at(-1)! + 1 }
      await visitHour(minutes, hour, range, usesTotal ? ofMinutes : all, yielder)
    }
    for (const [i, packed] of windows.entries()) {
      if (packed !== undefined) visitPacked(packed, starts[i]!, all, maxSeries)
      if (yielder.isOver()) await yielder.next()
    }
  }

  const groups: (readonly Span[])[] = []
  for (let at = 0; at < spans.length; at += atOnce) groups.push(spans.slice(at, at + atOnce))
  let next = groups[0] && fetch(groups[0])
  for (const [i, group] of groups.entries()) {
    const contents = await next!
    next = groups[i + 1] && fetch(groups[i + 1]!)
    // Awaited in the next round; until then a failure isn't one that nobody handles.
    next?.catch(() => {})
    for (const [at, span] of group.entries()) await show(span, contents[at]!)
    await yielder.next()
  }
}

function modulo(a: number, b: number): number {
  return ((a % b) + b) % b
}
