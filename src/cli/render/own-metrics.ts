import type { Report } from '../../report/report-object.ts'
import type { ReportView } from './local-report.ts'
import { printable, widthOf } from './printable.ts'
import type { Style } from './style.ts'
import { type Column, fit, table } from './table.ts'
import { section } from './traffic.ts'
import { countText, valueText } from './units.ts'

/** A report, and the units of its samples. */
export interface OwnView extends Pick<ReportView, 'units'> {
  readonly report: Report
}

type Named<T> = readonly [name: string, value: T]

/** What the app itself logs by the l2met conventions. */
export function measureLines({ report }: OwnView, width: number, style: Style): string[] {
  const rows = Object.entries(report.measure)
  if (rows.length === 0) return []
  type Row = Named<Report['measure'][string]>
  const columns: Column<Row>[] = [
    { title: 'name', align: 'left', cell: ([name]) => printable(name), flexible: true },
    { title: 'count', align: 'right', cell: ([, { count }]) => countText(count) },
    ...(['mean', 'p50', 'p95', 'p99', 'max'] as const).map((key): Column<Row> => ({
      title: key,
      align: 'right',
      cell: ([, measure]) => valueText(measure[key], printable(measure.unit), 3),
      expendable: key !== 'p95',
    })),
  ]
  return section('Measures', table(columns, rows, width, style), style)
}

export function countLines({ report }: OwnView, width: number, style: Style): string[] {
  const counts = Object.entries(report.count).map(
    ([name, n]) => [printable(name), countText(n)] as const,
  )
  return section('Counts', grid(counts, width - 2), style)
}

export function sampleLines({ report, units }: OwnView, width: number, style: Style): string[] {
  const rows = Object.entries(report.sample)
  if (rows.length === 0) return []
  type Row = Named<Report['sample'][string]>
  const columns: Column<Row>[] = [
    { title: 'name', align: 'left', cell: ([name]) => printable(name), flexible: true },
    ...(['last', 'min', 'max'] as const).map((key): Column<Row> => ({
      title: key,
      align: 'right',
      cell: ([name, sample]) => valueText(sample[key], printable(units.get(`app/${name}`) ?? '')),
      expendable: key !== 'last',
    })),
  ]
  return section('Samples', table(columns, rows, width, style), style)
}

export function uniqueLines({ report }: OwnView, width: number, style: Style): string[] {
  const uniques = Object.entries(report.unique).map(
    ([name, n]) => [printable(name), countText(n)] as const,
  )
  return section('Uniques (how many different)', grid(uniques, width - 2), style)
}

/** The last values of the add-ons, one section each. */
export function addonLines({ report, units }: ReportView, width: number, style: Style): string[][] {
  return Object.entries(report.addons).map(([name, { kind: kindValue, ...values }]) => {
    const kind = typeof kindValue === 'string' ? kindValue : ''
    const cells = Object.entries(values).flatMap(([key, value]) => {
      if (typeof value === 'string') return []
      const unit = units.get(`${kind}/${key}`) ?? ''
      return [[printable(key), valueText(value.last, printable(unit))] as const]
    })
    return section(`${printable(name)} (${kind})`, grid(cells, width - 2), style)
  })
}

const GAP = 3

/** Names and values in as many columns as there is room for, read downwards. */
function grid(cells: readonly Named<string>[], width: number): string[] {
  if (cells.length === 0) return []
  const values = Math.max(...cells.map(([, value]) => widthOf(value)))
  const room = Math.max(1, Math.min(40, width - 2 - values))
  const names = Math.min(room, Math.max(...cells.map(([name]) => widthOf(name))))
  const cell = names + 2 + values
  const columns = Math.max(1, Math.floor((width + GAP) / (cell + GAP)))
  const height = Math.ceil(cells.length / columns)
  return Array.from({ length: height }, (_, row) =>
    cells
      .filter((_, i) => i % height === row)
      .map(([name, value]) => `${fit(name, names)}  ${fit(value, values, 'right')}`)
      .join(' '.repeat(GAP))
      .trimEnd(),
  )
}
