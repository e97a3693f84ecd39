import { mergeCell } from '../model/cell.ts'
import { type Series, label, parseSeriesKey, seriesKey, splitName } from '../model/series.ts'
import { APP_LABEL } from '../model/series-table.ts'
import { createSketch, mergeSketch } from '../model/sketch.ts'
import { sumValue } from '../model/sum.ts'
import { type Window, cellOf, createWindow, mergeHeader } from '../model/window.ts'
import { type Stats, statsOf } from './stats.ts'

/** One app of several in one stream. */
export interface AppReport {
  /** `(none)` for lines that name none. */
  readonly app: string
  readonly lines: number
  readonly requests: number
  /** Failed requests. */
  readonly errors: number
  readonly service: Stats | null
}

const NO_APP = '(none)'

/** The apps of a window that holds those of several, the one with the most lines first; none where there is one. */
export function appReports(window: Window): AppReport[] {
  const apps = new Map<string, { lines: number; requests: number; errors: number }>()
  const services = new Map<string, ReturnType<typeof createSketch>>()
  const rowOf = (app: string) => {
    let row = apps.get(app)
    if (row === undefined) {
      apps.set(app, (row = { lines: 0, requests: 0, errors: 0 }))
      services.set(app, createSketch())
    }
    return row
  }
  let lines = window.classes.reduce((sum, n) => sum + n, 0)
  for (const [key, cell] of window.cells) {
    const series = parseSeriesKey(key)
    const app = label(series, APP_LABEL) || NO_APP
    if (cell.kind === 'measure' && series.name === 'router/service') {
      rowOf(app)
      mergeSketch(services.get(app)!, cell)
    } else if (cell.kind === 'count') {
      const n = sumValue(cell)
      if (series.name === 'router/requests') rowOf(app).requests += n
      if (series.name === 'route/failed') rowOf(app).errors += n
      if (series.name !== 'l2met/lines') continue
      rowOf(app).lines += n
      lines -= n
    }
  }
  if (lines > 0) rowOf(NO_APP).lines = lines
  const named = [...apps.keys()].filter((app) => app !== NO_APP)
  if (named.length < 2) return []
  return [...apps]
    .map(([app, row]) => ({ app, ...row, service: statsOf(services.get(app)!) }))
    .toSorted((a, b) => b.lines - a.lines || (a.app < b.app ? -1 : 1))
}

/**
 * A window as people read it. Of one app the label that would tell it from others is taken off; of several
 * the names of dynos, add-ons and samples, which have a last value, begin with their app's.
 */
export function readableWindow(window: Window, apps: readonly AppReport[]): Window {
  const mark = `\0${APP_LABEL}\0`
  const isApart = apps.length > 0
  if (!isApart && ![...window.cells.keys()].some((key) => key.includes(mark))) return window
  const into = createWindow()
  mergeHeader(into, window)
  into.events = window.events.map(({ app = '', ...event }) =>
    isApart && app !== '' ? { ...event, text: `${app}/${event.text}` } : event,
  )
  for (const [key, cell] of window.cells) {
    const series = parseSeriesKey(key)
    const app = label(series, APP_LABEL)
    const readable = isApart && app !== '' ? qualified(series, app) : withoutApp(series)
    mergeCell(cellOf(into, seriesKey(readable)), cell)
  }
  return into
}

const NAMES_OF_APP = new Set(['dyno', 'source', 'addon'])

function qualified(series: Series, app: string): Series {
  const [namespace, name] = splitName(series.name)
  const isOwn = namespace === 'app'
  const labels = series.labels.map(([key, value]): [string, string] => [
    key,
    !isOwn && NAMES_OF_APP.has(key) && value !== '' ? `${app}/${value}` : value,
  ])
  return isOwn && series.kind === 'sample'
    ? { ...series, name: `app/${app}/${name}`, labels }
    : { ...series, labels }
}

function withoutApp(series: Series): Series {
  return { ...series, labels: series.labels.filter(([key]) => key !== APP_LABEL) }
}
