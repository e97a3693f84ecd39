import { errorName } from '../error-names.ts'
import { sparkline } from './bars.ts'
import type { BoardView, Trend } from './board-view.ts'
import { dynoLines, sortedDynos } from './dynos.ts'
import { cut, padEnd, padStart, printable, widthOf } from './printable.ts'
import { ROUTE_ORDERS, type RouteOrder, routeLines, sortRoutes } from './routes.ts'
import { type Paint, type Style, statusColour } from './style.ts'
import { type StatusClass, byCount, statusClasses } from './traffic.ts'
import { countText, durationText, percentText, rateText, spanText, timeText } from './units.ts'

/** What the user has chosen, and how much room there is. */
export interface BoardState {
  readonly columns: number
  readonly rows: number
  readonly paused: boolean
  readonly order: RouteOrder
  /** Rows of the routes and of the dynos that are scrolled past. */
  readonly routesFrom: number
  readonly dynosFrom: number
  /** Whether keys reach us; else nobody is told of them. */
  readonly hasKeys: boolean
}

const LABEL = 9
const VALUE = 8
/** Columns beside a sparkline: label, now, and the last minutes. */
const BESIDE = LABEL + VALUE + 2 + 2 + VALUE + 1
/** Lines above the tables. */
const ABOVE = 13
const GLYPHS: Readonly<Record<string, string>> = { '2xx': '█', '3xx': '▓', '4xx': '▒', '5xx': '░' }

/** How many slots a sparkline has room for. */
export function slotsIn(columns: number): number {
  return Math.max(10, columns - BESIDE)
}

/** Exactly `rows` lines of at most `columns` columns. */
export function renderBoard(view: BoardView, state: BoardState, style: Style): string[] {
  const { columns, rows } = state
  const top = [
    headLine(view, state, style),
    '',
    ...trendLines(view, columns, style),
    '',
    ...statusLines(view, columns, style),
    errorsLine(view, columns, style),
    '',
  ]
  const lines = [...top, ...tables(view, state, style)].slice(0, rows - 1)
  while (lines.length < rows - 1) lines.push('')
  return [...lines, footLine(state, style)]
}

/** How far the routes and dynos of a view can be scrolled. */
export function scrollLimits(view: BoardView, state: BoardState): Limits {
  const routes = view.report.routes.length
  const dynos = Object.keys(view.report.dynos).length
  const { forRoutes, forDynos } = roomOf(state.rows - ABOVE - 1, dynos)
  return { routes: Math.max(0, routes - forRoutes), dynos: Math.max(0, dynos - forDynos) }
}

interface Limits {
  readonly routes: number
  readonly dynos: number
}

function headLine(view: BoardView, { columns, paused }: BoardState, style: Style): string {
  const time = Number.isNaN(view.time) ? '' : `${timeText(view.time).slice(11)} UTC`
  const mark = paused ? style.yellow('❚❚ paused') : liveMark(view, style)
  const facts = [
    `${countText(view.lines)} lines`,
    rateText(view.linesPerSecond),
    ...(view.idleSeconds >= 2 ? [`last line ${spanText(view.idleSeconds)} ago`] : []),
  ].join(' · ')
  const markWidth = paused ? 9 : 6
  const left = `l2met-local  `
  const room = columns - left.length - markWidth - 2 - time.length - 1
  const middle = padEnd(cut(facts, Math.max(0, room)), Math.max(0, room))
  return `${style.bold(left)}${mark}  ${style.dim(middle)} ${time}`
}

function liveMark({ idleSeconds }: BoardView, style: Style): string {
  return idleSeconds < 10 ? style.green('● live') : style.dim('○ idle')
}

function trendLines(view: BoardView, columns: number, style: Style): string[] {
  const slots = slotsIn(columns)
  const span = spanText((view.trends[0]?.slots.length ?? 0) * 2)
  const minutes = view.lines === 0 ? '' : spanText(view.report.seconds)
  const head = `${padStart('now', LABEL + VALUE)}  ${padEnd(cut(`the last ${span}`, slots), slots)}  ${padStart(minutes, VALUE)}`
  return [style.dim(head), ...view.trends.map((trend) => trendLine(trend, slots, style))]
}

function trendLine({ name, now, slots, minutes }: Trend, room: number, style: Style): string {
  const colour = trendColour(name, now ?? 0, style)
  const text = name === 'requests' ? rateText : name === 'failed' ? percentText : durationText
  const valueOf = (value: number | undefined) =>
    padStart(value === undefined ? '-' : text(value), VALUE)
  const top = Math.max(0, ...slots.map((slot) => slot ?? 0))
  const line = padStart(sparkline(slots.slice(-room), top), room)
  return `${padEnd(name, LABEL)}${style.bold(valueOf(now))}  ${colour(line)}  ${style.dim(valueOf(minutes))}`
}

function trendColour(name: Trend['name'], now: number, style: Style): Paint {
  if (name === 'failed') return now > 0 ? style.red : style.dim
  if (name === 'requests') return style.cyan
  return name === 'p50' ? style.green : style.yellow
}

/** One bar of all requests by status class, and what its parts are. */
function statusLines({ report, lines }: BoardView, columns: number, style: Style): string[] {
  if (lines === 0) return [style.dim('waiting for the first line'), '']
  const classes = statusClasses(report)
  const room = columns - LABEL - 1
  const widths = shares(classes, room)
  const paintOf = ({ name }: StatusClass) => statusColour(style, name)
  const parts = classes.map((one, i) =>
    paintOf(one)((style.on ? '█' : (GLYPHS[one.name] ?? '·')).repeat(widths[i]!)),
  )
  const legend = classes.map((one) => {
    const glyph = style.on ? '' : `${GLYPHS[one.name] ?? '·'} `
    return paintOf(one)(`${glyph}${one.name}`) + ` ${percentText(one.share)}`
  })
  return [padEnd('status', LABEL) + parts.join(''), ' '.repeat(LABEL) + legend.join('   ')]
}

/** Columns for each class: at least one where there is any, `room` in all. */
function shares(classes: readonly StatusClass[], room: number): number[] {
  const widths = classes.map(({ share }) => Math.max(1, Math.round(share * room)))
  const excess = widths.reduce((sum, n) => sum + n, 0) - room
  const widest = widths.indexOf(Math.max(...widths))
  if (widest >= 0) widths[widest]! -= excess
  return widths
}

function errorsLine({ report }: BoardView, columns: number, style: Style): string {
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

/** Routes and dynos share the room: dynos get what they need, up to a third. */
function roomOf(room: number, dynos: number) {
  const forDynos = Math.max(0, Math.min(dynos, Math.floor(room / 3)))
  return { forDynos, forRoutes: Math.max(0, room - (forDynos > 0 ? forDynos + 2 : 0) - 1) }
}

function tables(view: BoardView, state: BoardState, style: Style): string[] {
  const { columns, order } = state
  const { routes, requests, dynos } = view.report
  const dynoTable = dynoLines(dynos, columns, style)
  const dynoRows = Math.max(0, dynoTable.length - 1)
  const { forDynos, forRoutes } = roomOf(state.rows - ABOVE - 1, dynoRows)
  const limits = scrollLimits(view, state)
  const routesFrom = Math.min(state.routesFrom, limits.routes)
  const shown = sortRoutes(routes, order).slice(routesFrom, routesFrom + forRoutes)
  const routeTable = routeLines(shown, requests.count, columns, style, order)
  const dynosFrom = Math.min(state.dynosFrom, limits.dynos)
  const dynosShown = dynoTable.slice(1 + dynosFrom, 1 + dynosFrom + forDynos)
  return [...routeTable, ...(dynosShown.length > 0 ? ['', dynoTable[0]!, ...dynosShown] : [])]
}

function footLine({ columns, order, paused, hasKeys }: BoardState, style: Style): string {
  const keys = hasKeys
    ? [
        'q quit',
        `p ${paused ? 'go on' : 'pause'}`,
        `s sort by ${ROUTE_ORDERS[(ROUTE_ORDERS.indexOf(order) + 1) % ROUTE_ORDERS.length]}`,
        '↑↓ routes',
        '←→ dynos',
      ]
    : ['Ctrl-C quit']
  const text = cut(` ${keys.join('   ')}`, columns)
  return style.inverse(text + ' '.repeat(Math.max(0, columns - widthOf(text))))
}
