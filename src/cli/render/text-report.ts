import { errorName } from '../../report/error-names.ts'
import type { AppReport } from '../../report/report-apps.ts'
import type { DynoReport, Report } from '../../report/report-object.ts'
import { dynoLines } from './dynos.ts'
import { eventLines } from './events.ts'
import type { ReportView } from './local-report.ts'
import { addonLines, countLines, measureLines, sampleLines, uniqueLines } from './own-metrics.ts'
import { cut, printable, wrapList } from './printable.ts'
import { refusedLines } from './refused.ts'
import type { RouteOrder } from './route-order.ts'
import { groupLines, routeLines, slowLines } from './routes.ts'
import type { Style } from './style.ts'
import { type Column, table } from './table.ts'
import { byCount, errorLines, partsOf, requestLines, section, timeLines } from './traffic.ts'
import { timelineLines } from './timeline-lines.ts'
import { countText, durationText, spanText } from './units.ts'

export interface TextOptions {
  /** Columns of text and lists. */
  readonly width: number
  /** Columns that the rows of tables may take. */
  readonly tableWidth: number
  readonly style: Style
  /** What requests are grouped by, where they are. */
  readonly by?: string | undefined
  /** The least service time of --slow, as the user wrote it. */
  readonly slow?: string | undefined
  /** The conditions of --where, as the user wrote them. */
  readonly where?: readonly string[]
  /** What else leaves lines out, in words. */
  readonly only?: readonly string[]
  readonly order?: RouteOrder | undefined
}

const MAX_DYNOS = 50

/** The report for people: sections without data are left out. Ends in a newline. */
export function renderReport(view: ReportView, options: TextOptions): string {
  const { report } = view
  const { width, style } = options
  const inner = options.tableWidth - 2
  const sections = [
    headLines(report, options),
    requestSection(view, options),
    timelineLines(report, inner, style),
    options.by === 'app' ? [] : appsSection(view, inner, style),
    errorLines(report, inner, style),
    timeLines(report, inner, style),
    // The same with the method.
    options.by === 'route' ? [] : routesSection(view, options),
    groupsSection(view, options),
    section(
      `Slowest requests, ${options.slow ?? ''} and more`,
      slowLines(report.slow ?? [], inner, style),
      style,
    ),
    dynosSection(report, inner, style),
    measureLines(view, inner, style),
    countLines(view, width, style),
    sampleLines(view, inner, style),
    uniqueLines(view, width, style),
    ...addonLines(view, width, style),
    eventLines(report, inner, style),
    refusedLines(view, inner, style),
    droppedLines(report, inner, style),
  ]
  const shown = sections.filter((lines) => lines.length > 0)
  return `${shown.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

function headLines(report: Report, options: TextOptions): string[] {
  const { width, style, where = [], only = [] } = options
  const { read = 0, ...classes } = report.lines
  const kinds = byCount(classes).filter(([, n]) => n > 0)
  const parts = [`${countText(read)} ${read === 1 ? 'line' : 'lines'}`, ...partsOf(kinds)]
  if (read === 0) return [`${style.bold('l2met-local')}  no lines`]
  return [
    `${style.bold('l2met-local')}  ${spanOf(report, style)}`,
    ...wrapList(parts, width).map(style.dim),
    ...filterTexts(where, only).map((text) => style.yellow(cut(text, width))),
  ]
}

/** What was left out, in words; printable. */
export function filterTexts(where: readonly string[], only: readonly string[]): string[] {
  const requests = where.length > 0 ? [`only requests with ${printable(where.join(' and '))}`] : []
  return [...only.map(printable), ...requests]
}

/** `2014-01-09 06:16:53 to 06:17:19 UTC (26s)`; the second date only where it is another. */
function spanOf({ from, to, seconds }: Report, { zone }: Style): string {
  if (from === null || to === null) return 'no line carried a time'
  const first = zone.text(from)
  const last = zone.text(to)
  const end = last.startsWith(first.slice(0, 10)) ? last.slice(11) : last
  return `${first} to ${end} ${zone.name} (${spanText(seconds)})`
}

/** Who asked for some requests is told when there are none. */
function requestSection(view: ReportView, { width, style, where = [] }: TextOptions): string[] {
  if (view.report.requests.count > 0) return requestLines(view.report, view.failed, width, style)
  return where.length > 0 ? [`${style.bold('Requests')}  none`] : []
}

function routesSection(view: ReportView, { tableWidth, style, order }: TextOptions): string[] {
  const { routes, requests } = view.report
  const title = `Routes${shownText(routes.length, view.moreRoutes)}`
  const lines = routeLines(routes, requests.count, tableWidth - 2, style, order)
  return section(title, lines, style)
}

function groupsSection(view: ReportView, { by, tableWidth, style, order }: TextOptions): string[] {
  if (by === undefined) return []
  const { groups, moreGroups, report } = view
  const title = `By ${by}${shownText(groups.length, moreGroups)}`
  return section(
    title,
    groupLines(groups, by, report.requests.count, tableWidth - 2, style, order),
    style,
  )
}

function shownText(shown: number, more: number): string {
  return more > 0 ? `, the first ${shown} of ${shown + more}` : ''
}

function appsSection({ report }: ReportView, width: number, style: Style): string[] {
  const columns: Column<AppReport>[] = [
    { title: 'lines', align: 'right', cell: ({ lines }) => countText(lines) },
    { title: 'requests', align: 'right', cell: ({ requests }) => countText(requests) },
    {
      title: 'failed',
      align: 'right',
      cell: ({ errors }) => (errors > 0 ? countText(errors) : ''),
      colour: () => style.red,
    },
    {
      title: 'p95',
      align: 'right',
      cell: ({ service }) => (service === null ? '' : durationText(service.p95)),
    },
    { title: 'app', align: 'left', cell: ({ app }) => printable(app), flexible: true },
  ]
  const { apps } = report
  return apps.length === 0 ? [] : section('Apps', table(columns, apps, width, style), style)
}

/** Each job of the scheduler is a dyno of its own: those with requests and errors come before them. */
function dynosSection({ dynos }: Report, width: number, style: Style): string[] {
  const all = Object.entries(dynos)
  const shown = all.toSorted(([, a], [, b]) => weightOf(b) - weightOf(a)).slice(0, MAX_DYNOS)
  const title = all.length > MAX_DYNOS ? `Dynos, ${MAX_DYNOS} of ${countText(all.length)}` : 'Dynos'
  return section(title, dynoLines(Object.fromEntries(shown), width, style), style)
}

function weightOf({ requests, errors }: DynoReport): number {
  return requests + Object.values(errors).reduce((sum, n) => sum + n, 0)
}

function droppedLines({ dropped }: Report, width: number, style: Style): string[] {
  const rows = byCount(dropped).filter(([, n]) => n > 0)
  if (rows.length === 0) return []
  const columns: Column<[string, number]>[] = [
    { title: 'code', align: 'left', cell: ([code]) => printable(code), colour: () => style.red },
    { title: 'messages', align: 'right', cell: ([, n]) => countText(n) },
    { title: 'what Heroku says', align: 'left', cell: ([code]) => errorName(code), flexible: true },
  ]
  return section(
    'Dropped by Logplex: this log has holes',
    table(columns, rows, width, style),
    style,
  )
}
