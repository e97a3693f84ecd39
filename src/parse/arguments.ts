/** A command line that can't be used; the message says in one line what is wrong and, where it is clear, what would do. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const MILLIS = new Map([
  ['us', 1e-3],
  ['ms', 1],
  ['s', 1e3],
  ['m', 60e3],
  ['h', 3600e3],
])

/** Milliseconds of `500ms`, `1.5s`, `10s`, `2m` or `1h`. */
export function parseMillis(text: string, flag: string): number {
  const match = /^(\d+(?:\.\d+)?|\.\d+)(us|ms|s|m|h)$/.exec(text.trim())
  if (match === null) {
    throw new UsageError(
      `${flag} '${text}' is no duration; write a number and a unit, as 500ms, 10s, 2m or 1h`,
    )
  }
  return Number(match[1]) * MILLIS.get(match[2]!)!
}

/** The name that was probably meant; undefined when none is near. */
export function suggestion(typed: string, names: readonly string[]): string | undefined {
  let best: string | undefined
  let least = Math.max(1, Math.floor(typed.length / 2))
  for (const name of names) {
    const steps = name.startsWith(typed) ? 0 : distance(typed, name)
    if (steps <= least && (best === undefined || steps < least)) {
      best = name
      least = steps
    }
  }
  return best
}

/** Edits from one text to the other (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
