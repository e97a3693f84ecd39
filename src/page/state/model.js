/**
 * What the page shows: an answer of `/api/series` with its times as numbers (ms since 1970).
 * @typedef {object} Model
 * @property {string} app
 * @property {number} from
 * @property {number} to
 * @property {number} viewFrom where charts begin
 * @property {number} viewTo where charts end
 * @property {number} step
 * @property {number} last the last step that is over, by its place; -1 when none is
 * @property {Record<string, string>} focus the route, dyno or code that series and report are about
 * @property {string} find a part of the names of what is shown
 * @property {{title: string, by: number, answer: object} | null} earlier what it is compared with
 * @property {boolean} isLive it follows time: `last` is now
 * @property {number} now the server's time
 * @property {number[]} times middle of each step, s
 * @property {(number | null)[]} lines lines in each step
 * @property {{time: string, kind: string, text: string}[]} events
 * @property {Record<string, any>} series
 * @property {Record<string, any>} report
 */

/** An app that is new is drawn from its first line on, over this at least, ms. */
const LEAST_VIEW_MS = 90_000

/**
 * @param {object} answer
 * @param {{firstLine?: number, isLive?: boolean, focus?: Record<string, string>, find?: string, earlier?: object | null}} [options] time of the app's first line of all, ms: an app
 *   that is new is drawn from there on
 * @returns {Model}
 */
export function toModel(
  answer,
  { firstLine = 0, isLive = false, focus = {}, find = '', earlier = null } = {},
) {
  const from = Date.parse(answer.from)
  const to = Date.parse(answer.to)
  const now = Date.parse(answer.now)
  const step = answer.step * 1000
  const { series } = answer
  return {
    app: answer.app,
    from,
    to,
    viewFrom: Math.max(from, to - Math.max((to - firstLine) * 1.08, LEAST_VIEW_MS)),
    viewTo: to,
    step,
    now,
    last: Math.min(Math.floor((now - from) / step), answer.points) - 1,
    isLive,
    focus,
    find,
    earlier,
    times: Array.from({ length: answer.points }, (_, i) => (from + (i + 0.5) * step) / 1000),
    lines: series.lines.count,
    events: series.events,
    series,
    report: series.report,
  }
}

/**
 * Lays the newest steps of a live answer over a whole one and moves its range on, by whole steps.
 * @returns an answer of the same shape and length
 */
export function overlay(whole, live) {
  const step = whole.step * 1000
  const end = Math.max(Date.parse(whole.to), Date.parse(live.to))
  const start = end - whole.points * step
  const shift = Math.round((start - Date.parse(whole.from)) / step)
  const place = Math.round((Date.parse(live.from) - start) / step)
  const grid = { shift, place, points: whole.points, livePoints: live.points }
  return {
    ...whole,
    from: new Date(start).toISOString(),
    to: new Date(end).toISOString(),
    now: live.now,
    series: {
      ...overlayAny(whole.series, live.series, grid),
      events: joinEvents(whole.series.events, live.series.events),
      health: { ...whole.series.health, lastLine: later(whole, live) },
      report: whole.series.report,
    },
  }
}

function overlayAny(old, live, grid) {
  if (isColumn(old, grid.points) || isColumn(live, grid.livePoints))
    return overlayColumn(old, live, grid)
  if (!isGroup(old) && !isGroup(live)) return live ?? old
  const [before, now] = [old, live].map((group) => new Map(Object.entries(group ?? {})))
  const keys = new Set([...before.keys(), ...now.keys()])
  return Object.fromEntries(
    [...keys].map((key) => [key, overlayAny(before.get(key), now.get(key), grid)]),
  )
}

/**
 * @param {any} old
 * @param {any} live
 * @param {{ shift: number, place: number, points: number, livePoints: number }} grid
 */
function overlayColumn(old, live, { shift, place, points, livePoints }) {
  return Array.from({ length: points }, (_, i) => {
    if (i >= place && i < place + livePoints) return live?.[i - place] ?? null
    return old?.[i + shift] ?? null
  })
}

function isColumn(value, points) {
  return Array.isArray(value) && value.length === points
}

function isGroup(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function joinEvents(old, live) {
  const known = new Set(old.map(({ time, kind, text }) => `${time} ${kind} ${text}`))
  return [...old, ...live.filter(({ time, kind, text }) => !known.has(`${time} ${kind} ${text}`))]
}

function later(whole, live) {
  const [a, b] = [whole.series.health.lastLine, live.series.health.lastLine]
  if (a === null || b === null) return a ?? b
  return a > b ? a : b
}

/** A name with its column; classes that no request had in a step count as zero there. */
export function stack(columns, lines) {
  return Object.entries(columns).map(([name, values]) => {
    return { name, values: values.map((value, i) => (lines.at(i) === null ? null : (value ?? 0))) }
  })
}

/** What the steps of a column add up to. */
export function sumOf(values) {
  return values.reduce((sum, value) => sum + (value ?? 0), 0)
}
