import type { MemoryApp } from './memory-app.ts'
import type { Packer } from '../../codec/packer.ts'
import { isWorthRollingUp, rollUp, rollUpTime } from '../../codec/roll-up.ts'
import { HOUR_MS } from '../../model/window-reader.ts'

/** The hours of an app that are to be rolled up, or once more because enough came later. */
export function dueHours({ coarse, hours }: MemoryApp, now: number): number[] {
  const counts = new Map<number, number>()
  for (const start of coarse.windows.keys()) {
    const hour = start - (start % HOUR_MS)
    counts.set(hour, (counts.get(hour) ?? 0) + 1)
  }
  return [...counts]
    .filter(([hour, n]) => isWorthRollingUp(n) && rollUpTime(hour, hours.has(hour)) <= now)
    .map(([hour]) => hour)
}

/** Rolls an hour up, unless something comes in between: then it stays as it is until the next time. */
export async function rollUpHour(app: MemoryApp, hour: number, packer: Packer): Promise<void> {
  const { maxSeries, hours, coarse } = app
  const before = hours.get(hour)
  const found = [...coarse.windows]
    .filter(([start]) => start >= hour && start < hour + HOUR_MS)
    .map(([start, packed]) => ({ start, packed }))
  const rolled = await rollUp(hour, found, { packer, maxSeries }, before?.minutes)
  const isSame = found.every(({ start, packed }) => coarse.windows.get(start) === packed)
  if (!isSame || hours.get(hour) !== before) return
  for (const { start } of found) {
    coarse.windows.delete(start)
    coarse.open.delete(start)
  }
  hours.set(hour, rolled)
}
