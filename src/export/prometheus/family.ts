import type { Sketch } from '../../model/sketch.ts'

/**
 * All samples of one metric name, made new for each scrape. A distribution's sketch is the store's
 * own: render it before the next `await`, and never write to it.
 */
export type MetricFamily = NumberFamily | HistogramFamily | SummaryFamily

export interface NumberFamily extends FamilyHead {
  /** A gauge that is always 1 and tells by its labels is an `info`. */
  readonly type: 'counter' | 'gauge' | 'info'
  readonly samples: readonly Sample<number>[]
}

export interface HistogramFamily extends FamilyHead {
  readonly type: 'histogram'
  /** Upper bounds of the classic buckets, ascending, without +Inf. */
  readonly bucketBounds: readonly number[]
  readonly samples: readonly Sample<Sketch>[]
}

export interface SummaryFamily extends FamilyHead {
  readonly type: 'summary'
  readonly samples: readonly Sample<Summary>[]
}

export interface FamilyHead {
  /** With its unit, and `_total` on a counter. */
  readonly name: string
  readonly help: string
  /** In which the name ends; empty for none. */
  readonly unit: FamilyUnit
}

export type FamilyType = MetricFamily['type']
export type FamilyUnit = '' | 'seconds' | 'bytes' | 'ratio'

export interface Sample<T> {
  readonly labels: LabelText
  readonly value: T
  /** Of a gauge: when its value came, ms since 1970. */
  readonly time?: number | undefined
}

/** Labels as both text formats write them, without the braces: `app="shop",dyno="web.1"`. */
export type LabelText = string

/** Count and sum since the first line, quantiles of a recent time. */
export interface Summary {
  readonly count: number
  readonly sum: number
  readonly quantiles: readonly (readonly [quantile: number, value: number])[]
}
