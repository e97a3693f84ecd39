import { errorName } from '../../report/error-names.ts'
import type { DynoReport, Report } from '../../report/report-object.ts'
import { dynoLines } from './dynos.ts'
import type { ReportView } from './local-report.ts'
import { addonLines, countLines, measureLines, sampleLines, uniqueLines } from './own-metrics.ts'
import { cut, printable, wrapList } from './printable.ts'
import { refusedLines } from './refused.ts'
import { groupLines, routeLines, slowLines } from './routes.ts'
import type { Style } from './style.ts'
import { type Column, table } from './table.ts'
import { byCount, errorLines, partsOf, requestLines, section, timeLines } from './traffic.ts'
import { countText, spanText, timeText } from './units.ts'

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
}

const MAX_EVENTS = 20
const MAX_DYNOS = 50

/** The report for people: sections without data are left out. Ends in a newline. */
export function renderReport(view: ReportView, options: TextOptions): string {
  const { report } = view
  const { width, style } = options
  const inner = options.tableWidth - 2
  const sections = [
    headLines(report, options),
    requestSection(view, options),
    errorLines(report, inner, style),
    timeLines(report, inner, style),
    routesSection(view, inner, style),
    section(
      `By ${options.by ?? ''}`,
      groupLines(report.groups ?? {}, options.by ?? '', inner, style),
      style,
    ),
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

function headLines(report: Report, { width, style, where }: TextOptions): string[] {
  const { read = 0, ...classes } = report.lines
  const kinds = byCount(classes).filter(([, n]) => n > 0)
  const parts = [`${countText(read)} ${read === 1 ? 'line' : 'lines'}`, ...partsOf(kinds)]
  if (read === 0) return [`${style.bold('l2met-local')}  no lines`]
  return [
    `${style.bold('l2met-local')}  ${spanOf(report)}`,
    ...wrapList(parts, width).map(style.dim),
    ...(where !== undefined && where.length > 0
      ? [style.yellow(cut(`only requests with ${printable(where.join(' and '))}`, width))]
      : []),
  ]
}

/** `2014-01-09 06:16:53 to 06:17:19 UTC (26s)`; the second date only where it is another. */
function spanOf({ from, to, seconds }: Report): string {
  if (from === null || to === null) return 'no line carried a time'
  const first = timeText(from)
  const last = timeText(to)
  const end = last.startsWith(first.slice(0, 10)) ? last.slice(11) : last
  return `${first} to ${end} UTC (${spanText(seconds)})`
}

/** Who asked for some requests is told when there are none. */
function requestSection(view: ReportView, { width, style, where = [] }: TextOptions): string[] {
  if (view.report.requests.count > 0) return requestLines(view.report, view.failed, width, style)
  return where.length > 0 ? [`${style.bold('Requests')}  none`] : []
}

function routesSection(view: ReportView, width: number, style: Style): string[] {
  const { routes, requests } = view.report
  const shown =
    view.moreRoutes > 0 ? `, the first ${routes.length} of ${routes.length + view.moreRoutes}` : ''
  const title = `Routes${shown}`
  return section(title, routeLines(routes, requests.count, width, style), style)
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

function eventLines({ events }: Report, width: number, style: Style): string[] {
  const runs = runsOf(events)
  const rows = runs.slice(-MAX_EVENTS)
  if (rows.length === 0) return []
  const isBad = ({ kind }: EventRun) => kind === 'crash' || kind === 'error'
  const columns: Column<EventRun>[] = [
    {
      title: 'time',
      align: 'left',
      cell: ({ time }) => (time === null ? '' : timeText(time)),
      colour: () => style.dim,
    },
    {
      title: 'event',
      align: 'left',
      cell: ({ kind }) => kind,
      colour: (run) => (isBad(run) ? style.red : style.cyan),
    },
    { title: 'what', align: 'left', cell: eventText, flexible: true },
    {
      title: 'times',
      align: 'right',
      cell: ({ count }) => (count > 1 ? countText(count) : ''),
    },
  ]
  const title = runs.length > MAX_EVENTS ? 'Events, the last ones' : 'Events'
  return section(title, table(columns, rows, width, style), style)
}

function eventText({ kind, text }: EventRun): string {
  const words = kind === 'error' ? errorName(text.split(' ').at(-1)!) : ''
  return printable(words === '' ? text : `${text} ${words}`)
}

type EventRun = Report['events'][number] & { readonly count: number }

/** What happened several times in a row is one run, at its last time: a dyno over its quota says so every 20 s. */
function runsOf(events: Report['events']): EventRun[] {
  const runs: EventRun[] = []
  for (const event of events) {
    const last = runs.at(-1)
    if (last?.kind === event.kind && last.text === event.text) {
      runs[runs.length - 1] = { ...event, count: last.count + 1 }
    } else runs.push({ ...event, count: 1 })
  }
  return runs
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
