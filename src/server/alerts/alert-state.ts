import type { Verdict } from '../../report/expression/readings.ts'

/** One alert of one app, as it is kept in the store. Times are ms since 1970. */
export interface AlertEntry {
  /** The expression, as it was written. */
  readonly alert: string
  /** Since when it holds; null while it doesn't. */
  readonly since: number | null
  readonly value: number | null
  /** Whether the last message said that it holds. */
  readonly isReported: boolean
  /** When messages about it were sent in the last hour. */
  readonly sent: readonly number[]
}

export type AlertMessageState = 'firing' | 'recovered'

export interface AlertStep {
  readonly entry: AlertEntry
  readonly message: AlertMessageState | undefined
}

const HOUR_MS = 3_600_000
/** So many messages an hour about one alert of one app. */
const MAX_SENT = 2

export function createEntry(alert: string): AlertEntry {
  return { alert, since: null, value: null, isReported: false, sent: [] }
}

/**
 * The state of an alert after a verdict, and the message that is due. While `isMuted`, and while two
 * messages were sent within the hour, nothing is sent; what is still so afterwards is sent then.
 */
export function nextStep(
  entry: AlertEntry,
  verdict: Verdict,
  now: number,
  isMuted: boolean,
): AlertStep {
  const sent = entry.sent.filter((time) => time > now - HOUR_MS)
  const since = verdict.holds ? (entry.since ?? now) : null
  const next = { ...entry, since, value: verdict.value, sent }
  const isDue = verdict.holds !== entry.isReported
  if (!isDue || sent.length >= MAX_SENT || (verdict.holds && isMuted))
    return { entry: next, message: undefined }
  return {
    entry: { ...next, isReported: verdict.holds, sent: [...sent, now] },
    message: verdict.holds ? 'firing' : 'recovered',
  }
}

/** Whether anything but the shown value differs. */
export function isSameState(a: AlertEntry, b: AlertEntry): boolean {
  return a.since === b.since && a.isReported === b.isReported && a.sent.length === b.sent.length
}
