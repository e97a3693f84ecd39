import type { ReportView } from './local-report.ts'
import type { Style } from './style.ts'
import { type Column, table } from './table.ts'
import { byCount, section } from './traffic.ts'
import { countText } from './units.ts'

/** What a reason of `l2met_refused_values_total` means to whoever wrote the line. */
const REASONS = new Map([
  ['name', 'its name is too long or holds more than A-Z a-z 0-9 _ . : / -'],
  ['number', 'no number, or one beyond 2^40'],
  ['negative', 'a count below zero; what can fall is a sample#'],
  ['cut', 'the line was cut within the number'],
  ['label', 'a label beyond the first eight of its line; the values count without it'],
  ['limit', 'too many names in this log, or values on one line'],
])

/** Values on log lines that can't be counted, and why. */
export function refusedLines({ refused }: ReportView, width: number, style: Style): string[] {
  const columns: Column<[string, number]>[] = [
    { title: 'values', align: 'right', cell: ([, n]) => countText(n), colour: () => style.yellow },
    {
      title: 'why',
      align: 'left',
      cell: ([reason]) => REASONS.get(reason) ?? reason,
      flexible: true,
    },
  ]
  const rows = byCount(refused)
  return rows.length === 0
    ? []
    : section("Refused: values that can't be counted", table(columns, rows, width, style), style)
}

/** The same as sentences, for where there is no report to read. */
export function refusedSentences({ refused }: ReportView): string[] {
  return byCount(refused).map(
    ([reason, n]) =>
      `${countText(n)} ${n === 1 ? 'value was' : 'values were'} refused: ${REASONS.get(reason) ?? reason}`,
  )
}
