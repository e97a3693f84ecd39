import type { RouteReport } from '../../report/report-object.ts'
import type { GroupRow, SlowRow } from './local-report.ts'
import { printable } from './printable.ts'
import { type Counted, type RouteOrder, weightOf } from './route-order.ts'
import { type Style, statusColour } from './style.ts'
import { type Column, table } from './table.ts'
import { countText, durationText, percentText } from './units.ts'

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
    { title: 'app', align: 'left', cell: ({ app = '' }) => printable(app) },
    {
      title: 'route',
      align: 'left',
      cell: ({ method, route }) => `${method} ${printable(route)}`,
      flexible: true,
      keepsEnd: true,
    },
  ]
  return table(marked(columns, order), routes, width, style)
}

/** The columns, of which one is marked: that which rows are sorted by. */
function marked<Row extends Counted>(
  columns: readonly Column<Row>[],
  order: RouteOrder | undefined,
): Column<Row>[] {
  const shown = order === 'total' ? columns.toSpliced(1, 1, totalColumn()) : columns
  const title = order === 'errors' ? 'failed' : order
  return shown.map((column) =>
    column.title === title ? { ...column, title: `${column.title}▾` } : column,
  )
}

export function groupLines(
  rows: readonly GroupRow[],
  by: string,
  total: number,
  width: number,
  style: Style,
  order?: RouteOrder,
): string[] {
  if (rows.length === 0) return []
  const columns: Column<GroupRow>[] = [
    ...countColumns<GroupRow>(total, style),
    { title: by, align: 'left', cell: ({ key }) => printable(key), flexible: true, keepsEnd: true },
  ]
  return table(marked(columns, order), rows, width, style)
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
      title: style.zone.name,
      align: 'left',
      cell: ({ time }) => (time === null ? '' : style.zone.text(time)),
    },
    {
      title: 'request',
      align: 'left',
      cell: ({ method, path }) => `${method} ${printable(path)}`,
      flexible: true,
      keepsEnd: true,
    },
    {
      title: 'request_id',
      align: 'left',
      cell: (row) => printable(row.request_id),
      optional: true,
    },
  ]
  return table(columns, slow, width, style)
}

/** All the time that the requests took, as a sum. */
function totalColumn(): Column<Counted> {
  return {
    title: 'total',
    align: 'right',
    cell: (row) => durationText(weightOf(row, 'total')),
  }
}
