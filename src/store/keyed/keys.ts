import { WIDTH_10S, type Width } from '../../model/window-reader.ts'

/*
 * Keys of an app after its prefix:
 *   p            append log (append-log.ts)
 *   t            cumulative totals
 *   f:START      10 s window, START in tens of seconds, base 36
 *   c:START      1 m window, the same
 *   h:START      the sum of an hour that was rolled up
 *   m:START      and each of its minutes; a 1 m window holds what came later
 *   k:KEY        a record of `Store.record`
 *
 * A commit appends to the log. A compaction moves the log into windows and totals, each of them one packed
 * record; a roll-up moves 1 m windows into hours. Each is one step, so that a reader that gets a window
 * together with the log sees each line once.
 */

export function windowKey(prefix: string, width: Width, start: number): string {
  return `${prefix}${width === WIDTH_10S ? 'f' : 'c'}:${(start / WIDTH_10S).toString(36)}`
}

export function appendLogKey(prefix: string): string {
  return `${prefix}p`
}

/** The two keys of an hour that was rolled up. */
export function hourKeys(prefix: string, hour: number): { total: string; minutes: string } {
  const start = (hour / WIDTH_10S).toString(36)
  return { total: `${prefix}h:${start}`, minutes: `${prefix}m:${start}` }
}

export function totalsKey(prefix: string): string {
  return `${prefix}t`
}

export function recordKey(prefix: string, key: string): string {
  return `${prefix}k:${key}`
}

/** How long an app's totals and append log outlive its last line, s. */
export const TOTALS_TTL_S = 30 * 86_400
