import { LINE_RESULTS } from './line.ts'

/** Messages that Logplex or log-shuttle said it dropped, by code. */
export const DROPPED = 'logplex/dropped'
/** Messages that `Logplex-Msg-Count` announced and the body didn't hold. */
export const MISSING = 'l2met/missing'

const COUNTED = LINE_RESULTS.indexOf('counted')
const IGNORED = LINE_RESULTS.indexOf('ignored')

/**
 * The share of an app's lines that are in its numbers; null where there are no lines. `results` are
 * lines by LINE_RESULTS; `lost` never came: they were dropped or are missing.
 */
export function coverageRatio(results: Float64Array, lost: number): number | null {
  const all = results.reduce((sum, n) => sum + n, lost)
  return all === 0 ? null : understood(results) / all
}

/** Lines that were counted or hold nothing to count. */
export function understood(results: Float64Array): number {
  return results[COUNTED]! + results[IGNORED]!
}
