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
