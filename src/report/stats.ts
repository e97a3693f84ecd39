import { type Sketch, quantile } from '../model/sketch.ts'
import { sumValue } from '../model/sum.ts'

/** A distribution in base units; null where there is none. */
export interface Stats {
  readonly count: number
  readonly min: number
  readonly max: number
  readonly mean: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
}

/** null when the distribution is empty. */
export function statsOf(sketch: Sketch): Stats | null {
  if (sketch.count === 0) return null
  return {
    count: sketch.count,
    min: sketch.min,
    max: sketch.max,
    mean: Math.min(Math.max(sumValue(sketch) / sketch.count, sketch.min), sketch.max),
    p50: quantile(sketch, 0.5)!,
    p95: quantile(sketch, 0.95)!,
    p99: quantile(sketch, 0.99)!,
  }
}
