import { UsageError, parseMillis } from '../parse/arguments.ts'
import type { Repeats } from './repeats.ts'
import type { Zone } from './render/zone.ts'

/** A time of --since or --until: `ago` is before the end of the log, or before now where that isn't known. */
export type Moment = { readonly at: number } | { readonly ago: number }

const CLOCK = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?$/i

/** Reads `-2h`, `2026-11-21`, `2026-11-21T10:00` or `2026-11-21T10:00:00Z`; without an offset it is in `zone`. */
export function parseMoment(text: string, flag: string, zone: Zone): Moment {
  const given = text.trim()
  if (/^-?(?:\d|\.\d)[\d.]*(?:us|ms|s|m|h|d)$/.test(given)) return { ago: agoOf(given, flag) }
  const match = CLOCK.exec(given)
  const [, date, clock = '00:00', seconds = ':00', offset] = match ?? []
  const shown = match === null ? NaN : Date.parse(`${date}T${clock}${seconds}Z`)
  if (Number.isNaN(shown) || new Date(shown).toISOString().slice(0, 10) !== date) {
    throw new UsageError(
      `${flag} '${text}' is no time; write 2026-11-21T10:00, with or without Z or an offset, or -2h`,
    )
  }
  if (offset === undefined) return { at: zone.timeOf(shown) }
  const whole = offset.length === 5 ? `${offset.slice(0, 3)}:${offset.slice(3)}` : offset
  return { at: Date.parse(`${date}T${clock}${seconds}${whole.toUpperCase()}`) }
}

function agoOf(text: string, flag: string): number {
  const amount = text.replace(/^-/, '')
  const days = /^([\d.]+)d$/.exec(amount)
  return days === null ? parseMillis(amount, flag) : Number(days[1]) * 86_400_000
}

/** Whether the end of the log must be known. */
export function isAgo(moment: Moment | undefined): boolean {
  return moment !== undefined && 'ago' in moment
}

/** ms since 1970; `end` is that of the log. */
export function timeOfMoment(moment: Moment | undefined, end: number): number | undefined {
  if (moment === undefined) return undefined
  return 'at' in moment ? moment.at : end - moment.ago
}

/** What is known of a run before its first line is counted. */
export interface Run {
  /** Lines from here on, ms since 1970. */
  readonly since: number | undefined
  /** Lines before this, ms since 1970. */
  readonly until: number | undefined
  /** With --dedupe. */
  readonly repeats: Repeats | undefined
  /** The width of the steps that the log is best cut into, as far as its length is known, ms. */
  readonly stepMs: number | undefined
}
