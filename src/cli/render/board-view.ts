import {
  type RateHistory,
  type RateSlot,
  SLOT_MS,
  historyBefore,
  sumOfSlots,
} from '../../aggregate/rate-history.ts'
import { quantile } from '../../model/sketch.ts'
import type { Window } from '../../model/window.ts'
import type { Report } from '../../report/report-object.ts'
import { createReport } from '../../report/report.ts'
import { unitsOf } from './local-report.ts'

/** What the board shows, at one moment. */
export interface BoardView {
  /** The log's own time, ms since 1970; NaN before there is any. */
  readonly time: number
  /** Seconds since the last line came, by our own clock. */
  readonly idleSeconds: number
  readonly lines: number
  readonly linesPerSecond: number
  /** The last minutes. */
  readonly report: Report
  /** Units of its samples, by series name. */
  readonly units: ReadonlyMap<string, string>
  readonly failed: number
  /** Oldest first. */
  readonly trends: readonly Trend[]
}

/** One value now, over the last slots, and over the minutes of the report; undefined where there is none. */
export interface Trend {
  readonly name: 'requests' | 'failed' | 'p50' | 'p95' | 'p99'
  readonly now: number | undefined
  readonly slots: readonly (number | undefined)[]
  readonly minutes: number | undefined
}

export interface BoardData {
  readonly time: number
  readonly idleSeconds: number
  readonly lines: number
  readonly linesPerSecond: number
  /** The last `minutesSeconds` of the log. */
  readonly window: Window
  readonly failed: number
  readonly rateHistory: RateHistory
  /** How many slots there is room for. */
  readonly slots: number
}

/** Slots that make up "now": ten seconds. */
const NOW_SLOTS = 5
const QUANTILES = { p50: 0.5, p95: 0.95, p99: 0.99 } as const

export function boardViewOf(data: BoardData): BoardView {
  const { time, idleSeconds, lines, linesPerSecond, window, failed, rateHistory } = data
  const report = createReport('local', window)
  const { count, perSecond } = report.requests
  const slots = historyBefore(rateHistory, time, Math.max(data.slots, NOW_SLOTS))
  const latest = slots.slice(-NOW_SLOTS).filter((slot) => slot !== undefined)
  const now = sumOfSlots(latest)
  const shown = slots.slice(-data.slots)
  const seconds = SLOT_MS / 1000
  const trends: Trend[] = [
    {
      name: 'requests',
      now: rateOf(latest),
      slots: shown.map((slot) => slot && slot.count / seconds),
      minutes: perSecond,
    },
    {
      name: 'failed',
      now: shareOf(now.errors, now.count),
      slots: shown.map((slot) => slot && (shareOf(slot.errors, slot.count) ?? 0)),
      minutes: shareOf(failed, count),
    },
  ]
  for (const name of ['p50', 'p95', 'p99'] as const) {
    trends.push({
      name,
      now: quantile(now.service, QUANTILES[name]),
      slots: shown.map((slot) => slot && quantile(slot.service, QUANTILES[name])),
      minutes: report.service?.[name],
    })
  }
  const units = unitsOf(window)
  return { time, idleSeconds, lines, linesPerSecond, report, units, failed, trends }
}

/** Requests per second. The slot that a log begins in isn't a whole one. */
function rateOf(latest: readonly RateSlot[]): number | undefined {
  const whole = latest.length < NOW_SLOTS ? latest.slice(1) : latest
  if (whole.length === 0) return undefined
  return (sumOfSlots(whole).count * 1000) / (whole.length * SLOT_MS)
}

function shareOf(part: number, whole: number): number | undefined {
  return whole === 0 ? undefined : part / whole
}
