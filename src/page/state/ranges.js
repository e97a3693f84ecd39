import { formatDay, formatClock, formatSpan } from '../format.js'

/**
 * What the page shows: the last so many seconds, which move on, or a span that doesn't.
 * @typedef {{key: string, title: string, seconds: number}} LastRange
 * @typedef {{from: number, to: number}} Span ms since 1970
 * @typedef {LastRange | Span} Range
 */

/** @type {LastRange[]} */
const LAST = [
  { key: '15m', title: '15 min', seconds: 900 },
  { key: '1h', title: '1 h', seconds: 3600 },
  { key: '6h', title: '6 h', seconds: 21_600 },
  { key: '24h', title: '24 h', seconds: 86_400 },
  { key: '7d', title: '7 days', seconds: 604_800 },
  { key: '30d', title: '30 days', seconds: 2_592_000 },
]
/** Steps of charts, s. A range has at most so many of them. */
const STEPS = [10, 20, 30, 60, 120, 180, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400]
const MOST_STEPS = 480
/** Windows of 10 s are kept for an hour, those of a minute for as long as the server is set to, ms. */
const FINE_KEPT_MS = 3_600_000
const FINE_MS = 10_000
const COARSE_MS = 60_000
/** A range has at least so many steps. */
const LEAST_STEPS = 5
/** How many times in a range the figures that the stream can't bring are fetched. */
const FETCHES = 240

export const keptHours = Number(document.documentElement.dataset.retentionHours ?? 24)
/** Those that the server keeps. */
export const RANGES = LAST.filter(({ seconds }, i) => i === 0 || seconds <= keptHours * 3600)

/** Whether a range moves on with time. */
export function isMoving(range) {
  return 'seconds' in range
}

export function isSameRange(a, b) {
  return a.key === b.key && a.from === b.from && a.to === b.to
}

/**
 * The whole steps that a range covers (ms), up to the end of the step that holds `now` (ms, of the server),
 * and after how many seconds its figures are fetched again: the wider it is, the less one step changes them.
 */
export function gridOf(range, now) {
  const [from, to] = isMoving(range) ? [now - range.seconds * 1000, now] : [range.from, range.to]
  const step = stepOf(from, to, now)
  const end = isMoving(range) ? Math.floor(to / step) * step + step : Math.ceil(to / step) * step
  const start = isMoving(range) ? end - range.seconds * 1000 : Math.floor(from / step) * step
  return { from: start, to: end, step, refresh: Math.max(5, (to - from) / 1000 / FETCHES) }
}

function stepOf(from, to, now) {
  const least = isFine(from, now) ? FINE_MS : COARSE_MS
  const fits = STEPS.map((seconds) => seconds * 1000).find(
    (step) => step >= least && to - from <= step * MOST_STEPS,
  )
  return fits ?? STEPS.at(-1) * 1000
}

function isFine(from, now) {
  return from >= now - FINE_KEPT_MS
}

/** As many steps as a chart needs to be one: a shorter span is widened about its middle. */
export function widened({ from, to }, now) {
  const least = LEAST_STEPS * (isFine(from, now) ? FINE_MS : COARSE_MS)
  if (to - from >= least) return { from, to }
  const start = Math.min((from + to - least) / 2, now - least)
  return { from: Math.floor(start), to: Math.floor(start) + least }
}

/** A range before (-1) or after (1) another, moved by half of it; never past now or what is kept. */
export function moved(range, direction, now) {
  const [from, to] = isMoving(range) ? [now - range.seconds * 1000, now] : [range.from, range.to]
  const by = (direction * (to - from)) / 2
  const oldest = now - keptHours * 3_600_000
  const start = Math.max(Math.min(from + by, now - (to - from)), Math.min(oldest, from))
  const span = { from: Math.floor(start), to: Math.floor(start) + (to - from) }
  const last = RANGES.find(({ seconds }) => seconds * 1000 === to - from)
  return span.to >= now - 1000 && last !== undefined ? last : span
}

/** Half of a range about a time of it (`by` 0.5), or twice of it about its middle (2). */
export function scaled(range, by, now, about = null) {
  const [from, to] = isMoving(range) ? [now - range.seconds * 1000, now] : [range.from, range.to]
  const width = Math.min((to - from) * by, keptHours * 3_600_000)
  const middle = about ?? (from + to) / 2
  const start = Math.min(middle - width / 2, now - width)
  return widened({ from: Math.floor(start), to: Math.floor(start + width) }, now)
}

/** Why a span can't be shown, and what to do; empty when it can. */
export function problemOfSpan({ from, to }, now) {
  if (Number.isNaN(from) || Number.isNaN(to)) return 'Set both times.'
  if (from >= to) return 'The first time has to be before the second.'
  if (from > now) return `That is in the future: the server’s time is ${stamp(now)}.`
  const oldest = now - keptHours * 3_600_000
  if (to <= oldest) {
    return `Nothing is kept from before ${stamp(oldest)}: the server keeps ${formatSpan(keptHours * 3600)} (RETENTION_HOURS).`
  }
  return ''
}

function stamp(ms) {
  return `${formatDay(ms)} ${formatClock(ms, false)}`
}
