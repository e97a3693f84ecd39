import { createAppWindows } from '../../src/aggregate/app-windows.ts'
import { countBody, createBodyReader } from '../../src/aggregate/body.ts'
import { createTextScan } from '../../src/aggregate/scanner/scan-text.ts'
import type { Scanner } from '../../src/aggregate/scanner/scanner.ts'
import { MAX_TEXT_LINE, countTextLine, createTextCounter } from '../../src/aggregate/text.ts'
import type { ExtractOptions } from '../../src/extract/app-state.ts'
import { createBulkLines } from '../../src/input/text-lines.ts'
import { createAccumulator, mergeAccumulator, toWindow } from '../../src/model/accumulator.ts'
import { createWindow } from '../../src/model/window.ts'
import { plainWindow } from './windows.ts'

/** Counting with the scanner (`by`) and without, for tests that compare the two. */
export const START = Date.parse('2026-11-20T10:00:00Z')
const LIMITS: ExtractOptions = { maxSeries: 10_000, maxRoutes: 200 }

/** Windows of `widthMs` by their start, or one for all; cut into chunks as a file is read. */
export function ofText(
  some: readonly string[],
  by: Scanner | undefined,
  widthMs?: number,
  options: Partial<ExtractOptions> = {},
): unknown {
  const { state } = createAppWindows({ ...LIMITS, ...options })
  const spans = new Map<
    number,
    { acc: ReturnType<typeof createAccumulator>; start: number; end: number }
  >()
  const spanOf = (time: number) => {
    const start = widthMs === undefined ? -Infinity : Math.floor(time / widthMs) * widthMs
    let span = spans.get(start)
    if (span === undefined) {
      span = { acc: createAccumulator(state.table), start, end: start + (widthMs ?? NaN) }
      if (widthMs === undefined) span.end = Infinity
      spans.set(start, span)
    }
    return span
  }
  const counter = createTextCounter(state, START)
  const scan = by && createTextScan(by, counter, spanOf, () => {})
  const accOf = scan?.accumulatorOf ?? ((time: number) => spanOf(time).acc)
  const reader = createBulkLines(MAX_TEXT_LINE, {
    onLine: (bytes, start, end, isClean) =>
      countTextLine(counter, bytes, start, end, isClean, accOf),
    onTooLong: () => {},
    ...(scan && { onLines: scan.count }),
  })
  const bytes = Buffer.from(`${some.join('\n')}\n`)
  for (let at = 0; at < bytes.length; at += 10_000) reader.write(bytes.subarray(at, at + 10_000))
  void reader.end()
  return [...spans].map(([start, { acc }]) => [start, plainWindow(toWindow(acc))])
}

export function ofBodies(
  bodies: readonly Buffer[],
  by: Scanner | undefined,
  lateSeconds: number,
  options: Partial<ExtractOptions> = {},
): unknown {
  const windows = createAppWindows({ ...LIMITS, ...options })
  const reader = createBodyReader(10_000, by)
  const now = START + 14 * 60_000 + lateSeconds * 1000
  const counts = bodies.map((bytes) => countBody(reader, windows, bytes, now))

  return counts.map(({ deltas, ...count }) => {
    const all = deltas.map(({ start, acc }) => {
      const window = createWindow()
      mergeAccumulator(window, acc)
      return [start, plainWindow(window)] as const
    })
    return [count, all.toSorted(([a], [b]) => a - b)]
  })
}
