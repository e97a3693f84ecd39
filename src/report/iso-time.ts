/** A time (ms since 1970) as ISO 8601, UTC; null where there is none. */
export function isoTime(time: number): string | null {
  return Number.isFinite(time) ? new Date(time).toISOString() : null
}
