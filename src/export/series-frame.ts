import { LINE_RESULTS } from '../model/line.ts'
import { type Series, label } from '../model/series.ts'
import { sumValue } from '../model/sum.ts'
import {
  type Window,
  type WindowEvent,
  createWindow,
  mergeFrame,
  mergeWindow,
} from '../model/window.ts'
import { createReport } from './report.ts'
import type { Collector, Sink } from './series-collector.ts'
import { type Grid, countColumn } from './series-grid.ts'

export const FRAME_NAMES = ['lines', 'events', 'health', 'report'] as const

/** What windows hold beside series (lines, events, health), and the report over the whole range. */
export function createFrame(wanted: ReadonlySet<string>, grid: Grid, app: string): Collector {
  const seen = new Uint8Array(grid.count)
  const lines = new Float64Array(grid.count)
  const dropped = new Map<string, number>()
  const whole = createWindow()
  const events: WindowEvent[] = []
  const isWhole = wanted.has('report')

  return {
    addWindow: (step, window) => {
      seen[step] = 1
      for (const n of window.classes) lines[step]! += n
      if (isWhole) mergeWindow(whole, window)
      else mergeFrame(whole, window)
      for (const event of window.events) if (event.kind !== 'error') events.push(event)
    },
    sinkOf: (series: Series): Sink | undefined => {
      if (series.name !== 'logplex/dropped') return undefined
      const code = label(series, 'code')
      return (_, cell) => {
        if (cell.kind === 'count') dropped.set(code, (dropped.get(code) ?? 0) + sumValue(cell))
      }
    },
    result: () => {
      const report = createReport(app, whole)
      return {
        ...(wanted.has('lines') && { lines: { count: countColumn(lines, seen) } }),
        ...(wanted.has('events') && { events: eventsOf(events) }),
        ...(wanted.has('health') && { health: healthOf(whole, dropped) }),
        ...(isWhole && { report }),
      }
    },
  }
}

/**
 * Events but for errors, which have a series of their own: a dyno over its quota makes thousands, and
 * they would push the releases out.
 */
function eventsOf(events: WindowEvent[]): unknown {
  return createReport('', { ...createWindow(), events }).events
}

/**
 * `coverage` is the share of the lines that Heroku had for us that are in these numbers: lines that
 * it says it dropped, that came too late, or that couldn't be read are missing.
 */
function healthOf(window: Window, dropped: ReadonlyMap<string, number>): unknown {
  const results = Object.fromEntries(LINE_RESULTS.map((name, i) => [name, window.results[i]!]))
  const received = window.results.reduce((sum, n) => sum + n, 0)
  const lost = [...dropped.values()].reduce((sum, n) => sum + n, 0)
  const taken = (results['counted'] ?? 0) + (results['ignored'] ?? 0)
  return {
    lastLine: Number.isFinite(window.last) ? new Date(window.last).toISOString() : null,
    received,
    results,
    dropped: Object.fromEntries(dropped),
    coverage: received + lost === 0 ? null : taken / (received + lost),
  }
}
