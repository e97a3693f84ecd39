import { parseSeriesKey } from '../model/series.ts'
import type { Window } from '../model/window.ts'
import { visitWindow } from '../codec/record-visitor.ts'
import { type SeriesSink, HOUR_MS, type WindowReader } from '../model/window-reader.ts'
import { createYielder } from '../codec/event-loop.ts'
import { createReportReader } from './report-reader.ts'
import type { SeriesCollector } from './series-collector.ts'
import { DYNO_NAMES, createDynos } from './series-dynos.ts'
import { FRAME_NAMES, createFrame } from './series-headers.ts'
import { type Grid, stepAt } from './series-grid.ts'
import { OWN_PREFIXES, createOwn } from './series-own.ts'
import { TRAFFIC_NAMES, createTraffic } from './series-traffic.ts'

/** The names that stand alone; the others are a prefix with a name or `*` behind it. */
export const FIXED_NAMES: readonly string[] = [
  'report',
  ...FRAME_NAMES,
  ...TRAFFIC_NAMES,
  ...DYNO_NAMES,
]

/** What the charts are drawn from: all but `report`, and what they don't show. */
export const CHART_NAMES: readonly string[] = [
  ...FRAME_NAMES,
  ...TRAFFIC_NAMES.filter((name) => name !== 'bytes' && name !== 'sessions'),
  ...DYNO_NAMES,
  ...OWN_PREFIXES.map((prefix) => `${prefix}:*`),
]

/** The answer of `/api/series`; `series` has an entry for each name, docs/API.md tells their shapes. */
export interface SeriesAnswer {
  readonly app: string
  readonly from: string
  readonly to: string
  /** Seconds. */
  readonly step: number
  readonly points: number
  /** The server's time: the step that holds it isn't over. */
  readonly now: string
  readonly series: Record<string, unknown>
}

/** Windows go in, in any order; percentiles of a step are those of its merged sketches. */
export interface SeriesBuilder {
  /** What takes the windows of a store. */
  readonly readers: readonly WindowReader[]
  readonly add: (start: number, window: Window) => void
  readonly isEmpty: () => boolean
  /** Others have their turn in between. */
  readonly result: () => Promise<SeriesAnswer>
}

export function createSeriesBuilder(
  app: string,
  names: readonly string[],
  grid: Grid,
): SeriesBuilder {
  const wanted = new Set(names)
  const collectors = createCollectors(wanted, grid)
  const report = wanted.has('report') ? createReportReader(app) : undefined
  let isEmpty = true

  const steps: WindowReader = {
    // Steps begin on whole hours when they are as wide.
    acceptsRollups: grid.step % HOUR_MS === 0,
    onHeader: (start, frame) => {
      isEmpty = false
      for (const collector of collectors) collector.addWindow(stepAt(grid, start), frame)
    },
    seriesSink: (key) => seriesSink(collectors, key, grid),
  }
  const readers = report === undefined ? [steps] : [steps, report]

  return {
    readers,
    add: (start, window) => {
      const step = stepAt(grid, start)
      if (step < 0 || step >= grid.count) return
      for (const reader of readers) visitWindow(window, start, reader)
    },
    isEmpty: () => isEmpty,
    result: async () => {
      const series = new Map<string, unknown>()
      const yielder = createYielder()
      for (const collector of collectors) {
        for (const [name, result] of collector.results()) {
          series.set(name, result)
          if (yielder.isOver()) await yielder.next()
        }
      }
      if (report !== undefined) series.set('report', report.report())
      return {
        app,
        from: new Date(grid.from).toISOString(),
        to: new Date(grid.to).toISOString(),
        step: grid.step / 1000,
        points: grid.count,
        now: new Date(grid.now).toISOString(),
        // Names are anyone's text: fromEntries makes `__proto__` a name like others.
        series: Object.fromEntries(series),
      }
    },
  }
}

function seriesSink(collectors: readonly SeriesCollector[], key: string, grid: Grid): SeriesSink[] {
  const series = parseSeriesKey(key)
  const cells = collectors.flatMap((collector) => collector.seriesSink(series) ?? [])
  return cells.map((cellAt) => (start) => cellAt(stepAt(grid, start)))
}

export function isSeriesName(name: string): boolean {
  if (FIXED_NAMES.includes(name)) return true
  const colon = name.indexOf(':')
  return colon > 0 && colon < name.length - 1 && isOwnPrefix(name.slice(0, colon))
}

function isOwnPrefix(text: string): boolean {
  return (OWN_PREFIXES as readonly string[]).includes(text)
}

/** Only those that have something to do. */
function createCollectors(wanted: ReadonlySet<string>, grid: Grid): SeriesCollector[] {
  const has = (names: readonly string[]) => names.some((name) => wanted.has(name))
  return [
    ...(has(FRAME_NAMES) ? [createFrame(wanted, grid)] : []),
    ...(has(TRAFFIC_NAMES) ? [createTraffic(wanted, grid)] : []),
    ...(has(DYNO_NAMES) ? [createDynos(wanted, grid)] : []),
    ...([...wanted].some((name) => name.includes(':')) ? [createOwn(wanted, grid)] : []),
  ]
}
