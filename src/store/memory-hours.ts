import type { MemoryApp } from './memory-app.ts'
import type { Packer } from './packer.ts'
import { rollUp } from './roll-up.ts'
import { HOUR_MS, ROLL_UP_AFTER_MS, ROLL_UP_LEAST } from './store.ts'

/** The hours of an app that are to be rolled up. */
export function dueHours({ coarse, hours }: MemoryApp, now: number): number[] {
  const counts = new Map<number, number>()
  for (const start of coarse.windows.keys()) {
    const hour = start - (start % HOUR_MS)
    counts.set(hour, (counts.get(hour) ?? 0) + 1)
  }
  const isDue = (hour: number) => hour + HOUR_MS + ROLL_UP_AFTER_MS <= now && !hours.has(hour)
  return [...counts].flatMap(([hour, n]) => (n >= ROLL_UP_LEAST && isDue(hour) ? [hour] : []))
}

/** Rolls an hour up, unless something comes in between: then it stays as it is until the next time. */
export async function rollUpHour(app: MemoryApp, hour: number, packer: Packer): Promise<void> {
  const { windows } = app.coarse
  const found = [...windows]
    .filter(([start]) => start >= hour && start < hour + HOUR_MS)
    .map(([start, packed]) => ({ start, packed }))
  const rolled = await rollUp(hour, found, { packer, maxSeries: app.maxSeries })
  if (found.some(({ start, packed }) => windows.get(start) !== packed)) return
  for (const { start } of found) {
    windows.delete(start)
    app.coarse.open.delete(start)
  }
  app.hours.set(hour, rolled)
}
