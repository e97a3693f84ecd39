import { DROPPED, MISSING, coverageRatio } from '../model/coverage.ts'
import { LINE_RESULTS } from '../model/line.ts'
import { type Counter, createCounter } from '../model/cell.ts'
import { label } from '../model/series.ts'
import { sumValue } from '../model/sum.ts'
import { type Window, type WindowEvent, createWindow, mergeHeader } from '../model/window.ts'
import { isoTime } from './iso-time.ts'
import { createReport } from './report.ts'
import type { SeriesCollector } from './series-collector.ts'
import { type Grid, countColumn } from './series-grid.ts'

export const FRAME_NAMES = ['lines', 'events', 'health'] as const

/** What windows hold beside series: lines, events, health. */
export function createFrame(wanted: ReadonlySet<string>, grid: Grid): SeriesCollector {
  const seen = new Uint8Array(grid.count)
  const lines = new Float64Array(grid.count)
  const dropped = new Map<string, Counter>()
  const missing = createCounter()
  const whole = createWindow()
  const events: WindowEvent[] = []

  return {
    addWindow: (step, frame) => {
      seen[step] = 1
      for (const n of frame.classes) lines[step]! += n
      mergeHeader(whole, frame)
      for (const event of frame.events) if (event.kind !== 'error') events.push(event)
    },
    seriesSink: (series) => {
      if (series.kind !== 'count') return undefined
      if (series.name === MISSING) return () => missing
      if (series.name !== DROPPED) return undefined
      const code = label(series, 'code')
      const counter = dropped.get(code) ?? createCounter()
      dropped.set(code, counter)
      return () => counter
    },
    *results() {
      if (wanted.has('lines')) yield ['lines', { count: countColumn(lines, seen) }]
      if (wanted.has('events')) yield ['events', eventsOf(events)]
      if (wanted.has('health')) yield ['health', healthOf(whole, dropped, missing)]
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
 * it says it dropped or sent, that came too late, or that couldn't be read are not.
 */
function healthOf(
  window: Window,
  counters: ReadonlyMap<string, Counter>,
  missing: Counter,
): unknown {
  const dropped = [...counters].map(([code, counter]) => [code, sumValue(counter)] as const)
  const results = Object.fromEntries(LINE_RESULTS.map((name, i) => [name, window.results[i]!]))
  const received = window.results.reduce((sum, n) => sum + n, 0)
  const lost = dropped.reduce((sum, [, n]) => sum + n, sumValue(missing))
  return {
    lastLine: isoTime(window.last),
    received,
    results,
    dropped: Object.fromEntries(dropped),
    missing: sumValue(missing),
    coverage: coverageRatio(window.results, lost),
  }
}
