import { SCHEMA, ZERO_THRESHOLD } from '../../model/buckets.ts'
import type { Buckets } from '../../model/bucket-counts.ts'
import { type Sketch } from '../../model/sketch.ts'
import { sumValue } from '../../model/sum.ts'
import type { LabelText, MetricFamily, Sample, Summary } from '../prometheus/family.ts'
import { eachLabel } from '../prometheus/labels.ts'

/** When what is exported was read, and since when it counts. */
export interface Times {
  /** ms since 1970. */
  readonly now: number
  /** Time of the first line of each app, ms since 1970. */
  readonly since: ReadonlyMap<string, number>
}

/**
 * A part of a family as a Metric of OTLP in JSON (opentelemetry-proto 1.x, metrics.proto): sums,
 * gauges and exponential histograms since the app's first line, under the names of /metrics. 64-bit
 * whole numbers are strings there.
 */
export function encodeMetric(
  family: MetricFamily,
  from: number,
  to: number,
  times: Times,
): OtlpMetric {
  const head = { name: family.name, description: family.help, unit: UNITS[family.unit] }
  const points = <T>(samples: readonly Sample<T>[], valueOf: (value: T) => object, counts = true) =>
    samples.slice(from, to).map(({ labels, value }) => ({
      ...pointHead(labels, times, counts),
      ...valueOf(value),
    }))
  if (family.type === 'histogram')
    return {
      ...head,
      exponentialHistogram: {
        aggregationTemporality: CUMULATIVE,
        dataPoints: points(family.samples, histogramValue),
      },
    }
  if (family.type === 'summary')
    return { ...head, summary: { dataPoints: points(family.samples, summaryValue) } }
  if (family.type === 'counter')
    return {
      ...head,
      sum: {
        aggregationTemporality: CUMULATIVE,
        isMonotonic: true,
        dataPoints: points(family.samples, numberValue),
      },
    }
  return { ...head, gauge: { dataPoints: points(family.samples, numberValue, false) } }
}

export interface OtlpMetric {
  readonly name: string
  readonly description: string
  readonly unit: string
  readonly sum?: object
  readonly gauge?: object
  readonly summary?: object
  readonly exponentialHistogram?: object
}

/** Metrics as the body of a request to `/v1/metrics`. */
export function encodeRequest(metrics: readonly OtlpMetric[], version: string): string {
  const attributes = [attribute('service.name', 'l2met'), attribute('service.version', version)]
  const scopeMetrics = [{ scope: { name: 'l2met', version }, metrics }]
  return JSON.stringify({ resourceMetrics: [{ resource: { attributes }, scopeMetrics }] })
}

const CUMULATIVE = 2
// UCUM. No unit isn't `1`: that is for ratios, and Prometheus would name them so.
const UNITS = { '': '', seconds: 's', bytes: 'By', ratio: '1' } as const

function pointHead(labels: LabelText, { now, since }: Times, counts: boolean): object {
  const attributes: object[] = []
  let start = now
  eachLabel(labels, (name, value) => {
    attributes.push(attribute(name, value))
    if (name === 'app') start = Math.min(since.get(value) ?? now, now)
  })
  const timeUnixNano = nanos(now)
  return counts
    ? { attributes, startTimeUnixNano: nanos(start), timeUnixNano }
    : { attributes, timeUnixNano }
}

function attribute(key: string, value: string): object {
  return { key, value: { stringValue: value } }
}

function nanos(ms: number): string {
  return `${Math.floor(ms)}000000`
}

function numberValue(value: number): object {
  return { asDouble: value }
}

function summaryValue({ count, sum, quantiles }: Summary): object {
  const quantileValues = quantiles.map(([quantile, value]) => ({ quantile, value }))
  return { count: String(count), sum, quantileValues }
}

function histogramValue(sketch: Sketch): object {
  const { count, zeros, min, max, positive, negative } = sketch
  const sides = {
    positive: bucketsOf(positive),
    ...(negative === undefined ? {} : { negative: bucketsOf(negative) }),
  }
  return {
    count: String(count),
    sum: sumValue(sketch),
    ...(count === 0 ? {} : { min, max }),
    scale: SCHEMA,
    zeroCount: String(zeros),
    zeroThreshold: ZERO_THRESHOLD,
    ...sides,
  }
}

/** OTLP numbers a bucket by its lower bound, we by its upper one: one less. */
function bucketsOf({ low, high, offset, counts }: Buckets): object {
  if (high < low) return { offset: 0, bucketCounts: [] }
  const bucketCounts = Array.from(counts.subarray(low - offset, high - offset + 1), String)
  return { offset: low - 1, bucketCounts }
}
