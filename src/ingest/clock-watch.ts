import type { BodyCount } from '../aggregate/body.ts'

/** Says which clock is wrong when lines are late by as much as the store's clock differs from this machine's. */
export interface ClockWatch {
  /** Whether the lines of a body are late because of the store's clock; logged once until that is over. */
  isStoreWrong(body: Pick<BodyCount, 'lines' | 'late' | 'skew'>): boolean
}

/** Clocks that agree differ by less, ms: lines are some seconds under way. */
const SLACK_MS = 60_000

export function createClockWatch(options: {
  readonly storeTime: () => number
  readonly hostTime?: () => number
  readonly warn: (details: object, text: string) => void
}): ClockWatch {
  const { storeTime, hostTime = Date.now, warn } = options
  let isLogged = false

  return {
    isStoreWrong: ({ lines, late, skew }) => {
      if (late * 2 <= lines) {
        if (lines > 0) isLogged = false
        return false
      }
      const offset = storeTime() - hostTime()
      const isWrong =
        Math.abs(offset) > SLACK_MS && Math.abs(skew - Math.abs(offset)) <= 2 * SLACK_MS
      if (isWrong && !isLogged) {
        isLogged = true
        const seconds = Math.round(Math.abs(offset) / 1000)
        warn(
          { clockOffsetSeconds: Math.round(offset / 1000) },
          `The clock of Redis is ${seconds} s ${offset > 0 ? 'ahead of' : 'behind'} this machine's, and the lines agree with this machine: set the clock of Redis. Until then they enter no window`,
        )
      }
      return isWrong
    },
  }
}
