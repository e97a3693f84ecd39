import { createAppWindows } from '../../src/aggregate/app-windows.ts'
import { type BodyCount, countBody, createBodyReader } from '../../src/aggregate/body.ts'
import { sharedScanner } from '../../src/aggregate/scanner/scanner.ts'
import { countTextLine, createTextCounter } from '../../src/aggregate/text.ts'
import { type ExtractOptions, createAppState } from '../../src/extract/app-state.ts'
import { createAccumulator, mergeAccumulator, toWindow } from '../../src/model/accumulator.ts'
import { LINE_CLASSES, LINE_RESULTS } from '../../src/model/line.ts'
import type { Buckets } from '../../src/model/bucket-counts.ts'
import { type Window, createWindow } from '../../src/model/window.ts'
import { createReport } from '../../src/report/report.ts'

export const NOW = Date.UTC(2026, 10, 21, 12, 0, 0)

const LIMITS: ExtractOptions = { maxSeries: 10_000, maxRoutes: 200 }

/** Counts text, line by line, as l2met-local does. */
export function countText(text: string, options: Partial<ExtractOptions> = {}): Window {
  const state = createAppState({ ...LIMITS, ...options })
  const acc = createAccumulator(state.table)
  const counter = createTextCounter(state, NOW)
  for (const line of text.split('\n')) {
    const bytes = Buffer.from(line)
    countTextLine(counter, bytes, 0, bytes.length, false, () => acc)
  }
  return toWindow(acc)
}

export function reportOn(text: string, options: Partial<ExtractOptions> = {}) {
  return createReport('local', countText(text, options))
}

/** Counts bodies as the drain does, all into one window. */
export function countBodies(
  bodies: readonly Uint8Array[],
  { now = NOW, ...options }: Partial<ExtractOptions> & { now?: number } = {},
): { window: Window; counts: BodyCount[] } {
  const windows = createAppWindows({ ...LIMITS, ...options })
  const reader = createBodyReader(10_000, sharedScanner())
  const window = createWindow()
  const counts = bodies.map((body) => countBody(reader, windows, body, now))

  for (const { deltas } of counts) for (const { acc } of deltas) mergeAccumulator(window, acc)
  return { window, counts }
}

/** Messages as one Logplex body. */
export function body(...messages: string[]): Buffer {
  return Buffer.concat(
    messages.map((message) => {
      const bytes = Buffer.from(message)
      return Buffer.concat([Buffer.from(`${bytes.length} `), bytes])
    }),
  )
}

/** A message as an HTTPS drain gets it. */
export function syslog(app: string, proc: string, message: string, time = NOW): string {
  return `<158>1 ${new Date(time).toISOString().replace('Z', '+00:00')} host ${app} ${proc} - ${message}`
}

export function classesOf(window: Window): Record<string, number> {
  return nonZero(LINE_CLASSES, window.classes)
}

export function resultsOf(window: Window): Record<string, number> {
  return nonZero(LINE_RESULTS, window.results)
}

function nonZero(names: readonly string[], counts: Float64Array): Record<string, number> {
  return Object.fromEntries(
    names.flatMap((name, i) => (counts[i] === 0 ? [] : [[name, counts[i]!]])),
  )
}

/** A window as plain data that vitest compares deeply and in full. */
export function plain(window: Window): unknown {
  const cells = [...window.cells].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return {
    ...window,
    seconds: [...window.seconds].toSorted(([a], [b]) => a - b),
    cells: cells.map(([key, cell]) => [key, plainCell(cell)]),
  }
}

function plainCell(cell: Window['cells'] extends Map<string, infer C> ? C : never): unknown {
  if (cell.kind === 'unique') {
    return { hashes: [...cell.hashes].toSorted((a, b) => a - b), registers: cell.registers }
  }
  if (cell.kind !== 'measure') return { ...cell, epoch: 0 }
  const { count, zeros, high, low, min, max, positive, negative } = cell
  return {
    count,
    zeros,
    high,
    low,
    min,
    max,
    positive: counts(positive),
    negative: counts(negative),
  }
}

function counts(buckets: Buckets | undefined): [number, number][] {
  if (buckets === undefined) return []
  return [...buckets.counts].flatMap((n, i) =>
    n === 0 ? [] : [[buckets.offset + i, n] as [number, number]],
  )
}
