/** What the board says about the flow of lines, at one moment. */
export interface Flow {
  /** The log's own time, ms since 1970; NaN before there is any. */
  readonly time: number
  readonly idleSeconds: number
  readonly lines: number
  readonly linesPerSecond: number
}

export interface FlowClock {
  /** `now` is our own clock, `lines` were counted so far and `newest` is the newest of their times. */
  see(now: number, lines: number, newest: number): Flow
}

/** A log whose newest line is at most this old is being written now. */
const LIVE_MS = 120_000
const RATE_MS = 2000

/**
 * The log's time goes on while no line comes, if the log is being written now: sparklines move and
 * what is over stays over. For an old log piped in, time is that of its lines.
 */
export function createFlowClock(start: number): FlowClock {
  const marks: { readonly at: number; readonly lines: number }[] = [{ at: start, lines: 0 }]
  let newestSeen = NaN
  let newestAt = start
  let lineAt = start
  return {
    see(now, lines, newest) {
      if (lines > marks.at(-1)!.lines) lineAt = now
      if (newest !== newestSeen) {
        newestSeen = newest
        newestAt = now
      }
      marks.push({ at: now, lines })
      while (marks.length > 2 && marks[1]!.at <= now - RATE_MS) marks.shift()
      const { at, lines: before } = marks[0]!
      const isLive = Math.abs(newestAt - newest) <= LIVE_MS
      return {
        time: isLive ? newest + (now - newestAt) : newest,
        idleSeconds: (now - lineAt) / 1000,
        lines,
        linesPerSecond: now > at ? ((lines - before) * 1000) / (now - at) : 0,
      }
    },
  }
}
