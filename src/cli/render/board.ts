import { sparkline } from './bars.ts'
import type { BoardView, Trend } from './board-view.ts'
import { ownLines } from './board-own.ts'
import { LABEL, errorsLine, otherTimes, statusLines } from './board-status.ts'
import { dynoLines } from './dynos.ts'
import { cut, padEnd, padStart, printable, whatFits, widthOf } from './printable.ts'
import { ROUTE_ORDERS, type RouteOrder, sortCounted } from './route-order.ts'
import { routeLines } from './routes.ts'
import type { Paint, Style } from './style.ts'
import { countText, durationText, percentText, rateText, spanText } from './units.ts'

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
  /** The conditions of --where, as the user wrote them. */
  readonly where?: readonly string[]
}

const VALUE = 8
/** Columns beside a sparkline: label, now, and the last minutes. */
const BESIDE = LABEL + VALUE + 2 + 2 + VALUE + 1
/** Lines above the tables, without those of otherTimes; in a low terminal without the blank ones between them. */
const ABOVE = 13
const ABOVE_WHEN_LOW = 10
const LOW = 20
/** Fewer columns hold no sparklines, and fewer lines for tables no dynos. */
const NARROW = 40
const ROOM_FOR_BOTH = 8

/** How many slots a sparkline has room for. */
export function slotsIn(columns: number): number {
  return Math.max(10, columns - BESIDE)
}

/** Exactly `rows` lines of at most `columns` columns. */
export function renderBoard(view: BoardView, state: BoardState, style: Style): string[] {
  const { columns, rows } = state
  if (columns < NARROW) return filled(narrowLines(view, columns), rows)
  const gap = rows < LOW ? [] : ['']
  const top = [
    headLine(view, state, style),
    ...gap,
    ...trendLines(view, columns, style),
    ...gap,
    ...statusLines(view, columns, style),
    errorsLine(view, columns, style),
    ...(rows < LOW ? [] : otherTimes(view, columns)),
    ...gap,
  ]
  return [
    ...filled([...top, ...tables(view, state, style)], rows - 1),
    footLine(view, state, style),
  ]
}

function filled(lines: readonly string[], rows: number): string[] {
  return Array.from({ length: Math.max(0, rows) }, (_, i) => lines[i] ?? '')
}

/** What is now, without the past. */
function narrowLines(view: BoardView, columns: number): string[] {
  const width = Math.min(columns, LABEL + VALUE)
  const lines = view.trends.map((trend) => {
    const value = nowText(trend)
    return padEnd(cut(trend.name, width - widthOf(value) - 1), width - widthOf(value)) + value
  })
  return ['l2met-local', ...lines].map((line) => cut(line, columns))
}

/** How far the routes and dynos of a view can be scrolled. */
export function scrollLimits(view: BoardView, state: BoardState): Limits {
  const routes = view.report.routes.length
  const dynos = Object.keys(view.report.dynos).length
  const { forRoutes, forDynos } = roomOf(roomIn(view, state.rows), dynos)
  return { routes: Math.max(0, routes - forRoutes), dynos: Math.max(0, dynos - forDynos) }
}

interface Limits {
  readonly routes: number
  readonly dynos: number
}

function headLine(view: BoardView, state: BoardState, style: Style): string {
  const { columns, paused, where = [] } = state
  const time = Number.isNaN(view.time)
    ? ''
    : `${style.zone.text(view.time).slice(11)} ${style.zone.name}`
  const mark = paused ? style.yellow('❚❚ paused') : liveMark(view, style)
  const facts = [
    `${countText(view.lines)} ${view.lines === 1 ? 'line' : 'lines'}`,
    ...(where.length > 0 ? [`only ${printable(where.join(' and '))}`] : []),
    rateText(view.linesPerSecond),
    ...(view.idleSeconds >= 2 ? [`last line ${spanText(view.idleSeconds)} ago`] : []),
  ]
  const markWidth = paused ? 9 : 6
  const left = `l2met-local  `
  const room = Math.max(0, columns - left.length - markWidth - 2 - time.length - 1)
  const middle = padEnd(whatFits(facts, ' · ', room).join(' · '), room)
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

function trendLine(trend: Trend, room: number, style: Style): string {
  const { name, now, slots, minutes } = trend
  const colour = trendColour(name, now ?? 0, style)
  const top = Math.max(0, ...slots.map((slot) => slot ?? 0))
  const line = padStart(sparkline(slots.slice(-room), top), room)
  const before = padStart(nowText({ name, now: minutes }), VALUE)
  return `${padEnd(name, LABEL)}${style.bold(padStart(nowText(trend), VALUE))}  ${colour(line)}  ${style.dim(before)}`
}

function nowText({ name, now }: Pick<Trend, 'name' | 'now'>): string {
  if (now === undefined) return '-'
  if (name === 'requests') return rateText(now)
  return name === 'failed' ? percentText(now) : durationText(now)
}

function trendColour(name: Trend['name'], now: number, style: Style): Paint {
  if (name === 'failed') return now > 0 ? style.red : style.dim
  if (name === 'requests') return style.cyan
  return name === 'p50' ? style.green : style.yellow
}

/** Lines between what stands above and the foot. */
function roomIn({ report: { queue, sessions } }: BoardView, rows: number): number {
  if (rows < LOW) return rows - ABOVE_WHEN_LOW - 1
  return rows - ABOVE - 1 - [queue, sessions].filter((stats) => stats !== null).length
}

/** Routes and dynos share the room: dynos get what they need, up to a third. */
function roomOf(room: number, dynos: number) {
  const forDynos = room < ROOM_FOR_BOTH ? 0 : Math.min(dynos, Math.floor(room / 3))
  return { forDynos, forRoutes: Math.max(0, room - (forDynos > 0 ? forDynos + 2 : 0) - 1) }
}

function tables(view: BoardView, state: BoardState, style: Style): string[] {
  const { columns, order } = state
  const { routes, requests, dynos } = view.report
  const dynoTable = dynoLines(dynos, columns, style)
  const dynoRows = Math.max(0, dynoTable.length - 1)
  const { forDynos, forRoutes } = roomOf(roomIn(view, state.rows), dynoRows)
  const limits = scrollLimits(view, state)
  const routesFrom = Math.min(state.routesFrom, limits.routes)
  const shown = sortCounted(routes, order).slice(routesFrom, routesFrom + forRoutes)
  const routeTable = routeLines(shown, requests.count, columns, style, order)
  const dynosFrom = Math.min(state.dynosFrom, limits.dynos)
  const dynosShown = dynoTable.slice(1 + dynosFrom, 1 + dynosFrom + forDynos)
  const shownTables = [
    ...routeTable,
    ...(dynosShown.length > 0 ? ['', dynoTable[0]!, ...dynosShown] : []),
  ]
  const left = roomIn(view, state.rows) - shownTables.length
  return [...shownTables, ...ownLines(view, columns, left, shownTables, style)]
}

function footLine(view: BoardView, state: BoardState, style: Style): string {
  const { columns, order, paused, hasKeys } = state
  const limits = scrollLimits(view, state)
  const keys = hasKeys
    ? [
        'q quit',
        `p ${paused ? 'go on' : 'pause'}`,
        `s sort by ${ROUTE_ORDERS[(ROUTE_ORDERS.indexOf(order) + 1) % ROUTE_ORDERS.length]}`,
        `↑↓ routes${placeText(state.routesFrom, limits.routes, view.report.routes.length)}`,
        `←→ dynos${placeText(state.dynosFrom, limits.dynos, Object.keys(view.report.dynos).length)}`,
      ]
    : ['Ctrl-C quit']
  const text = cut(` ${keys.join('   ')}`, columns)
  return style.inverse(text + ' '.repeat(Math.max(0, columns - widthOf(text))))
}

/** ` 5-8 of 20`: which of them are shown; nothing when all are. */
function placeText(from: number, limit: number, all: number): string {
  const first = Math.min(from, limit)
  const last = first + all - limit
  return limit === 0 || last === first ? '' : ` ${first + 1}-${last} of ${all}`
}
