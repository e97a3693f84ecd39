import { errorName } from '../../report/error-names.ts'
import type { Report } from '../../report/report-object.ts'
import type { Stats } from '../../report/stats.ts'
import type { BoardView } from './board-view.ts'
import { sortedDynos } from './dynos.ts'
import { cut, padEnd, printable, whatFits, widthOf } from './printable.ts'
import { type Style, statusColour } from './style.ts'
import { type StatusClass, byCount, statusClasses } from './traffic.ts'
import { countText, durationText, percentText } from './units.ts'

/** Columns of the names at the left of the board. */
export const LABEL = 9
const GLYPHS = new Map([
  ['2xx', '█'],
  ['3xx', '▓'],
  ['4xx', '▒'],
  ['5xx', '░'],
])

/** One bar of all requests by status class, and what its parts are. */
export function statusLines({ report, lines }: BoardView, columns: number, style: Style): string[] {
  if (lines === 0) return [style.dim('waiting for the first line'), '']
  if (report.requests.count === 0) return [padEnd('status', LABEL) + style.dim(whyNone(report)), '']
  const classes = statusClasses(report)
  const room = columns - LABEL - 1
  const widths = shares(classes, room)
  const paintOf = ({ name }: StatusClass) => statusColour(style, name)
  const parts = classes.map((one, i) =>
    paintOf(one)((style.on ? '█' : (GLYPHS.get(one.name) ?? '·')).repeat(widths[i]!)),
  )
  const nameOf = ({ name }: StatusClass) => (style.on ? name : `${GLYPHS.get(name) ?? '·'} ${name}`)
  const plain = classes.map((one) => `${nameOf(one)} ${percentText(one.share)}`)
  const gap = widthOf(plain.join('   ')) > room ? ' ' : '   '
  // What failed stands last and is the last to go.
  const legend = classes
    .slice(classes.length - whatFits(plain.toReversed(), gap, room).length)
    .map((one) => `${paintOf(one)(nameOf(one))} ${percentText(one.share)}`)
  return [padEnd('status', LABEL) + parts.join(''), ' '.repeat(LABEL) + legend.join(gap)]
}

/** Why there are no requests. */
function whyNone({ lines: { read = 0, malformed = 0 } }: Report): string {
  const isForeign = read > 0 && read === malformed
  return isForeign ? 'no line understood: is this a log of Heroku?' : 'no requests'
}

/** Columns for each class: at least one where there is any, `room` in all. */
function shares(classes: readonly StatusClass[], room: number): number[] {
  const widths = classes.map(({ share }) => Math.max(1, Math.round(share * room)))
  const excess = widths.reduce((sum, n) => sum + n, 0) - room
  const widest = widths.indexOf(Math.max(...widths))
  if (widest >= 0) widths[widest]! -= excess
  return widths
}

/** Times that not every app has: those of the queue and of sessions. */
export function otherTimes({ report: { queue, sessions } }: BoardView, columns: number): string[] {
  const lines: string[] = []
  if (queue !== null) lines.push(statsLine('queue', queue, columns))
  if (sessions !== null) lines.push(statsLine('sessions', sessions, columns))
  return lines
}

function statsLine(name: string, stats: Stats, columns: number): string {
  const parts = [
    countText(stats.count),
    ...(['p50', 'p95', 'p99', 'max'] as const).map((key) => `${key} ${durationText(stats[key])}`),
  ]
  return padEnd(name, LABEL) + whatFits(parts, ' · ', columns - LABEL).join(' · ')
}

/** What failed: requests by code, dynos by code, and messages that Logplex dropped. */
export function errorsLine({ report }: BoardView, columns: number, style: Style): string {
  const router = byCount(report.requests.errors).map(
    ([code, n]) => `${printable(code)} ${errorName(code)} ${countText(n)}`,
  )
  const dynos = sortedDynos(report.dynos).flatMap(({ name, errors }) =>
    byCount(errors).map(([code, n]) => `${printable(name)} ${printable(code)} ×${countText(n)}`),
  )
  const dropped = byCount(report.dropped).map(([code, n]) => `${code} dropped ${countText(n)}`)
  const all = [...router, ...dynos, ...dropped]
  const text =
    all.length === 0 ? style.dim('none') : style.red(cut(all.join(' · '), columns - LABEL))
  return padEnd('errors', LABEL) + text
}
