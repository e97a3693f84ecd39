import type { Stats } from '../../report/stats.ts'
import type { ReportView } from './local-report.ts'
import { printable } from './printable.ts'
import type { Counted } from './route-order.ts'

const STATS = ['min', 'mean', 'p50', 'p95', 'p99', 'max'] as const satisfies (keyof Stats)[]

/** The routes, or what --by groups by, as CSV (RFC 4180) with a line of titles; durations in seconds. */
export function csvOf({ report, groups }: ReportView, by: string | undefined): string {
  const hasApps = report.apps.length > 0
  const rows: [string[], Counted][] =
    by === undefined
      ? report.routes.map((row) => [
          [...(hasApps ? [row.app ?? ''] : []), row.method, row.route],
          row,
        ])
      : groups.map((row) => [[row.key], row])
  const names = by === undefined ? [...(hasApps ? ['app'] : []), 'method', 'route'] : [by]
  const lines = rows.map(([texts, { count, errors, service }]) => [
    ...texts.map(cell),
    count,
    errors,
    ...STATS.map((key) => service?.[key] ?? ''),
  ])
  return [[...names, 'requests', 'failed', ...STATS], ...lines]
    .map((line) => `${line.join(',')}\n`)
    .join('')
}

/** A text that a spreadsheet would take for a formula is marked as a text. */
function cell(value: string): string {
  const text = printable(value)
  const safe = /^[=+@-]/.test(text) ? `'${text}` : text
  return /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
