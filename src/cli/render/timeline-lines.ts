import { sparkline } from './bars.ts'
import type { LocalReport, TimelineRow } from './local-report.ts'
import { padEnd } from './printable.ts'
import type { Paint, Style } from './style.ts'
import { section } from './traffic.ts'
import { countText, durationText, rateText, spanText } from './units.ts'

const LABEL = 10
/** Room for the peaks. */
const PEAKS = 30

interface Column {
  readonly time: string
  readonly seconds: number
  readonly requests: number
  readonly errors: number
  readonly p95: number | undefined
}

/** The log from its beginning to its end: requests, failed ones and the p95, and when each was highest. */
export function timelineLines(
  { timeline, requests }: LocalReport,
  width: number,
  style: Style,
): string[] {
  if (timeline.length < 2 || requests.count === 0) return []
  const columns = columnsOf(timeline, Math.max(10, width - LABEL - PEAKS))
  const clock = (time: string) => style.zone.text(time).slice(11)
  const first = columns[0]!
  const last = columns.at(-1)!
  const end = new Date(Date.parse(last.time) + last.seconds * 1000).toISOString()
  const lineOf = (
    name: string,
    valueOf: (column: Column) => number | undefined,
    text: (value: number) => string,
    colour: Paint,
  ): string[] => {
    const values = columns.map(valueOf)
    const top = Math.max(...values.map((value) => value ?? 0))
    if (!values.some((value) => value !== undefined)) return []
    const at = columns[values.indexOf(top)]
    const peak = top > 0 && at !== undefined ? `  peak ${text(top)} at ${clock(at.time)}` : ''
    return [`${padEnd(name, LABEL)}${colour(sparkline(values, top))}${style.dim(peak)}`]
  }
  const lines = [
    ...lineOf('requests', (c) => c.requests / c.seconds, rateText, style.cyan),
    ...lineOf(
      'failed',
      (c) => c.errors,
      (n) => countText(n),
      style.red,
    ),
    ...lineOf('p95', (c) => c.p95, durationText, style.yellow),
  ]
  const span = `${clock(first.time)} to ${clock(end)} ${style.zone.name}, ${spanText(first.seconds)} a column`
  return section(`Timeline  ${span}`, lines, style)
}

/** As many columns as there is room for; a p95 of several steps can't be known, so it is the highest of them. */
function columnsOf(timeline: readonly TimelineRow[], room: number): Column[] {
  const step = Math.ceil(timeline.length / room)
  return Array.from({ length: Math.ceil(timeline.length / step) }, (_, i) => {
    const rows = timeline.slice(i * step, (i + 1) * step)
    const times = rows.flatMap(({ service }) => (service === null ? [] : [service.p95]))
    return {
      time: rows[0]!.time,
      seconds: rows[0]!.seconds * step,
      requests: rows.reduce((sum, row) => sum + row.requests, 0),
      errors: rows.reduce((sum, row) => sum + row.errors, 0),
      p95: times.length === 0 ? undefined : Math.max(...times),
    }
  })
}
