import { errorName } from '../../report/error-names.ts'
import type { Report } from '../../report/report-object.ts'
import type { Stats } from '../../report/stats.ts'
import { bar } from './bars.ts'
import { padEnd, padStart, printable, whatFits, widthOf, wrapList } from './printable.ts'
import { type Style, statusColour } from './style.ts'
import { type Column, table } from './table.ts'
import { countText, durationText, percentText, rateText, sizeText } from './units.ts'

const BAR = 24

export interface StatusClass {
  /** `2xx`, or `none` for requests that never got a status. */
  readonly name: string
  readonly count: number
  readonly share: number
  /** Single statuses, most frequent first. */
  readonly statuses: readonly (readonly [status: string, count: number])[]
}

/** Requests by status class, in the order of their numbers. */
export function statusClasses(report: Report): StatusClass[] {
  const classes = new Map<string, [string, number][]>()
  for (const [status, count] of Object.entries(report.requests.status)) {
    const name = /^\d{3}$/.test(status) ? `${status[0]!}xx` : status
    const known = classes.get(name)
    if (known === undefined) classes.set(name, [[status, count]])
    else known.push([status, count])
  }
  return [...classes]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, statuses]) => {
      const count = statuses.reduce((sum, [, n]) => sum + n, 0)
      return {
        name,
        count,
        share: count / report.requests.count,
        statuses: statuses.toSorted(([, a], [, b]) => b - a),
      }
    })
}

/** How many requests, how fast, and what they were answered. */
export function requestLines(
  report: Report,
  failed: number,
  width: number,
  style: Style,
): string[] {
  const { count, perSecond, peakPerSecond } = report.requests
  const share = failed > 0 ? ` (${percentText(failed / count)})` : ''
  const facts = [
    style.bold(countText(count)),
    // Of lines without times nobody knows how long they took.
    ...(report.from === null ? [] : [rateText(perSecond)]),
    ...(report.seconds > 1 ? [`busiest second ${countText(peakPerSecond)}`] : []),
    failed === 0 ? style.green('none failed') : style.red(`${countText(failed)} failed${share}`),
  ]
  return [
    `${style.bold('Requests')}  ${facts.join(' · ')}`,
    ...statusLines(report, width, style),
    ...wrapList(partsOf(byCount(report.requests.methods)), width - 2).map(
      (line) => `  ${style.dim(line)}`,
    ),
  ]
}

/** Requests that the platform failed, with the names of the codes in plain words. */
export function errorLines(report: Report, width: number, style: Style): string[] {
  const errors = byCount(report.requests.errors)
  if (errors.length === 0) return []
  const columns: Column<[string, number]>[] = [
    { title: 'code', align: 'left', cell: ([code]) => code, colour: () => style.red },
    { title: 'count', align: 'right', cell: ([, n]) => countText(n) },
    { title: 'share', align: 'right', cell: ([, n]) => percentText(n / report.requests.count) },
    { title: 'what Heroku says', align: 'left', cell: ([code]) => errorName(code), flexible: true },
  ]
  return section('Errors', table(columns, errors, width, style), style)
}

/** Service, connect, queue and session times and response sizes. */
export function timeLines(report: Report, width: number, style: Style): string[] {
  const rows: TimeRow[] = []
  const { service, connect, queue, sessions, bytes } = report
  if (service !== null) rows.push({ name: 'service', stats: service, text: durationText })
  if (connect !== null) rows.push({ name: 'connect', stats: connect, text: durationText })
  if (queue !== null) rows.push({ name: 'queue', stats: queue, text: durationText })
  if (sessions !== null) rows.push({ name: 'session', stats: sessions, text: durationText })
  if (bytes !== null) rows.push({ name: 'response size', stats: bytes, text: sizeText })
  const columns: Column<TimeRow>[] = [
    { title: '', align: 'left', cell: ({ name }) => name },
    ...(['mean', 'p50', 'p95', 'p99', 'max'] as const).map((key): Column<TimeRow> => ({
      title: key,
      align: 'right',
      cell: ({ stats, text }) => text(stats[key]),
    })),
    { title: 'count', align: 'right', cell: ({ stats }) => countText(stats.count), optional: true },
  ]
  return rows.length === 0 ? [] : section('Times', table(columns, rows, width, style), style)
}

interface TimeRow {
  readonly name: string
  readonly stats: Stats
  readonly text: (value: number) => string
}

/** A heading and what stands under it, set in by two columns. */
export function section(title: string, lines: readonly string[], style: Style): string[] {
  return lines.length === 0 ? [] : [style.bold(title), ...lines.map((line) => `  ${line}`)]
}

/** `200 5,321` and so on. */
export function partsOf(entries: readonly (readonly [string, number])[]): string[] {
  return entries.map(([name, n]) => `${printable(name)} ${countText(n)}`)
}

export function byCount(record: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(record).toSorted(([, a], [, b]) => b - a)
}

function statusLines(report: Report, width: number, style: Style): string[] {
  const classes = statusClasses(report)
  const counts = Math.max(...classes.map(({ count }) => widthOf(countText(count))))
  return classes.map(({ name, count, share, statuses }) => {
    const colour = statusColour(style, name)
    const text = `  ${padEnd(name, 5)} ${padStart(countText(count), counts)}  ${padStart(percentText(share), 6)}  `
    const room = width - widthOf(text) - BAR - 2
    const details = statuses.length === 1 && name === statuses[0]![0] ? [] : partsOf(statuses)
    const all = details.join(' · ')
    const detail =
      widthOf(all) <= room ? all : [...whatFits(details, ' · ', room - 4), '…'].join(' · ')
    return `${text}${colour(padEnd(bar(share, BAR), BAR))}  ${style.dim(detail)}`.trimEnd()
  })
}
