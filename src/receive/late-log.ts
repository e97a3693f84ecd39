/** What the log of late drains has to know of a body. */
export interface Lateness {
  readonly lines: number
  /** Lines that were late or from the future. */
  readonly late: number
  /** The greatest distance of such a line from now, ms. */
  readonly skew: number
}

/** More apps than this are not told apart: the log is no place to keep state for strangers. */
const MAX_APPS = 5000

/**
 * Says once for an app that most of its lines are late or from the future, and again only after a
 * body with mostly timely lines: its clock is wrong, or the lines waited for long.
 */
export function createLateLog(
  warn: (details: object, message: string) => void,
): (app: string, body: Lateness) => void {
  const told = new Set<string>()
  return (app, { lines, late, skew }) => {
    if (lines === 0) return
    if (late * 2 <= lines) {
      told.delete(app)
      return
    }
    if (told.has(app) || told.size >= MAX_APPS) return
    told.add(app)
    warn(
      { app, lines, late, skewSeconds: Math.round(skew / 1000) },
      'most lines of this drain are late or from the future and enter no window: is its clock right?',
    )
  }
}
