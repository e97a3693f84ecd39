import { cut, padStart } from './printable.ts'
import type { ReportView } from './local-report.ts'
import { type Style, statusColour } from './style.ts'
import { statusClasses } from './traffic.ts'
import { countText, durationText, rateText } from './units.ts'

const CLASSES = ['4xx', '5xx']
const PLACES = { time: 14, requests: 8, rate: 8, status: 6, failed: 6, duration: 8 }

/** The titles above the lines of --interval; both fit 80 columns. */
export function intervalTitles(style: Style): string {
  const titles = [
    cut(style.zone.name, PLACES.time).padEnd(PLACES.time),
    padStart('requests', PLACES.requests),
    padStart('rate', PLACES.rate),
    ...CLASSES.map((name) => padStart(name, PLACES.status)),
    padStart('failed', PLACES.failed),
    ...['p50', 'p95', 'p99'].map((name) => padStart(name, PLACES.duration)),
  ]
  return style.dim(titles.join(' '))
}

/** One interval as one line, aligned with the titles. */
export function intervalLine({ report, failed }: ReportView, style: Style): string {
  const { interval, requests, service } = report
  const start = interval?.start ?? null
  const classes = new Map(statusClasses(report).map(({ name, count }) => [name, count]))
  const cells = [
    (start === null ? 'no time' : style.zone.text(start).slice(5)).padEnd(PLACES.time),
    padStart(countText(requests.count), PLACES.requests),
    padStart(rateText(requests.count / (interval?.seconds ?? report.seconds)), PLACES.rate),
    ...CLASSES.map((name) => {
      const count = classes.get(name) ?? 0
      const text = padStart(countText(count), PLACES.status)
      return count > 0 ? statusColour(style, name)(text) : style.dim(text)
    }),
    (failed > 0 ? style.red : style.dim)(padStart(countText(failed), PLACES.failed)),
    ...[service?.p50, service?.p95, service?.p99].map((value) =>
      padStart(value === undefined ? '-' : durationText(value), PLACES.duration),
    ),
  ]
  return cells.join(' ')
}
