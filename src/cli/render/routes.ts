import type { RouteReport } from '../../report/report-object.ts'
import type { GroupRow, SlowRow } from './local-report.ts'
import { printable } from './printable.ts'
import { type Style, statusColour } from './style.ts'
import { type Column, table } from './table.ts'
import { countText, durationText, percentText, timeText } from './units.ts'

/** What routes can be sorted by: how often, how slow, how often failed, or all the time they took. */
export const ROUTE_ORDERS = ['requests', 'p95', 'failed', 'time'] as const
export type RouteOrder = (typeof ROUTE_ORDERS)[number]

/** Most first; where that is the same, the more frequent first. */
export function sortRoutes(routes: readonly RouteReport[], order: RouteOrder): RouteReport[] {
  return routes.toSorted((a, b) => weightOf(b, order) - weightOf(a, order) || b.count - a.count)
}

type Counted = Pick<RouteReport, 'count' | 'errors' | 'service'>

/** Columns that say how much and how fast, for anything that requests are counted by. */
function countColumns<Row extends Counted>(total: number, style: Style): Column<Row>[] {
  return [
    { title: 'requests', align: 'right', cell: ({ count }) => countText(count) },
    {
      title: 'share',
      align: 'right',
      cell: ({ count }) => percentText(total > 0 ? count / total : 0),
      optional: true,
    },
    {
      title: 'failed',
      align: 'right',
      cell: ({ errors }) => (errors > 0 ? countText(errors) : ''),
      colour: () => style.red,
    },
    ...(['p50', 'p95', 'p99'] as const).map((key): Column<Row> => ({
      title: key,
      align: 'right',
      cell: ({ service }) => (service === null ? '' : durationText(service[key])),
      expendable: key !== 'p95',
    })),
  ]
}

/** `order` marks the column that the routes are sorted by. */
export function routeLines(
  routes: readonly RouteReport[],
  total: number,
  width: number,
  style: Style,
  order?: RouteOrder,
): string[] {
  if (routes.length === 0) return []
  const columns: Column<RouteReport>[] = [
    ...countColumns<RouteReport>(total, style),
    {
      title: 'route',
      align: 'left',
      cell: ({ method, route }) => `${method} ${printable(route)}`,
      flexible: true,
      keepsEnd: true,
    },
  ]
  if (order === 'time') columns.splice(1, 1, timeColumn())
  const marked = columns.map((column) =>
    column.title === order ? { ...column, title: `${column.title}▾` } : column,
  )
  return table(marked, routes, width, style)
}

export function groupLines(
  groups: Readonly<Record<string, GroupRow>>,
  by: string,
  width: number,
  style: Style,
): string[] {
  const rows = Object.entries(groups)
    .map(([key, group]) => ({ key, ...group }))
    .toSorted((a, b) => b.count - a.count)
  if (rows.length === 0) return []
  const total = rows.reduce((sum, { count }) => sum + count, 0)
  type Row = (typeof rows)[number]
  const columns: Column<Row>[] = [
    ...countColumns<Row>(total, style),
    { title: by, align: 'left', cell: ({ key }) => printable(key), flexible: true, keepsEnd: true },
  ]
  return table(columns, rows, width, style)
}

export function slowLines(slow: readonly SlowRow[], width: number, style: Style): string[] {
  if (slow.length === 0) return []
  const columns: Column<SlowRow>[] = [
    { title: 'service', align: 'right', cell: ({ service }) => durationText(service) },
    {
      title: 'status',
      align: 'right',
      cell: ({ status }) => (status === null ? 'none' : String(status)),
      colour: ({ status }) => statusColour(style, String(status ?? '')),
    },
    { title: 'dyno', align: 'left', cell: ({ dyno }) => printable(dyno) },
    {
      title: 'time',
      align: 'left',
      cell: ({ time }) => (time === null ? '' : timeText(time)),
      optional: true,
    },
    {
      title: 'request',
      align: 'left',
      cell: ({ method, path }) => `${method} ${printable(path)}`,
      flexible: true,
      keepsEnd: true,
    },
  ]
  return table(columns, slow, width, style)
}

function weightOf({ count, errors, service }: RouteReport, order: RouteOrder): number {
  if (order === 'requests') return count
  if (order === 'failed') return errors
  if (service === null) return 0
  return order === 'p95' ? service.p95 : service.mean * service.count
}

/** All the time that requests of a route took, as a sum. */
function timeColumn(): Column<RouteReport> {
  return {
    title: 'time',
    align: 'right',
    cell: (route) => durationText(weightOf(route, 'time')),
  }
}
