import { UsageError } from './usage-error.ts'

const MILLIS: Readonly<Record<string, number>> = { us: 1e-3, ms: 1, s: 1e3, m: 60e3, h: 3600e3 }

/** Milliseconds of `500ms`, `1.5s`, `10s`, `2m` or `1h`. */
export function parseMillis(text: string, flag: string): number {
  const match = /^(\d+(?:\.\d+)?|\.\d+)(us|ms|s|m|h)$/.exec(text.trim())
  if (match === null) {
    throw new UsageError(
      `${flag} '${text}' is no duration; write a number and a unit, as 500ms, 10s, 2m or 1h`,
    )
  }
  return Number(match[1]) * MILLIS[match[2]!]!
}
