import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MetricFamily } from '../../src/export/prometheus/family.ts'
import { eachLabel, withLabel } from '../../src/export/prometheus/labels.ts'
import {
  RESPONSE_BYTES,
  SECONDS,
  cumulativeCounts,
} from '../../src/export/prometheus/bucket-bounds.ts'
import { renderOpenMetrics } from '../../src/export/prometheus/openmetrics.ts'
import { renderText } from '../../src/export/prometheus/text.ts'
import { bucketEntries } from '../../src/model/bucket-counts.ts'
import { ZERO_THRESHOLD, nearestBoundary, upperBound } from '../../src/model/buckets.ts'
import { type Sketch, addToSketch, createSketch } from '../../src/model/sketch.ts'
import { createTarget, rendered } from '../support/scrape.ts'

const sketch = createSketch()
for (const value of [0.004, 0.25, 0.25, 40]) addToSketch(sketch, value)

const FAMILIES: MetricFamily[] = [
  {
    name: 'x_requests_total',
    type: 'counter',
    unit: '',
    help: 'Back\\slash, "quote" and\nnewline.',
    samples: [
      { labels: withLabel(withLabel('', 'app', 'a"b\\c'), 'k', 'two\\n'), value: 2 ** 53 },
      { labels: '', value: 0.5 },
    ],
  },
  {
    name: 'x_info',
    type: 'info',
    unit: '',
    help: 'Version.',
    samples: [{ labels: 'version="v1"', value: 1 }],
  },
  {
    name: 'x_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Time.',
    bucketBounds: [0.005, 1, 1e6],
    samples: [{ labels: 'app="shop"', value: sketch }],
  },
  {
    name: 'x_window_seconds',
    type: 'summary',
    unit: 'seconds',
    help: 'Time.',
    samples: [{ labels: 'app="shop"', value: { count: 4, sum: 40.504, quantiles: [[0.5, 0.25]] } }],
  },
]

test('text 0.0.4', () => {
  expect(rendered(renderText, FAMILIES)).toBe(`\
# HELP x_requests_total Back\\\\slash, "quote" and\\nnewline.
# TYPE x_requests_total counter
x_requests_total{app="a\\"b\\\\c",k="two\\\\n"} 9007199254740992
x_requests_total 0.5
# HELP x_info Version.
# TYPE x_info gauge
x_info{version="v1"} 1
# HELP x_seconds Time.
# TYPE x_seconds histogram
x_seconds_bucket{app="shop",le="0.005"} 1
x_seconds_bucket{app="shop",le="1"} 3
x_seconds_bucket{app="shop",le="1e+06"} 4
x_seconds_bucket{app="shop",le="+Inf"} 4
x_seconds_sum{app="shop"} 40.504
x_seconds_count{app="shop"} 4
# HELP x_window_seconds Time.
# TYPE x_window_seconds summary
x_window_seconds{app="shop",quantile="0.5"} 0.25
x_window_seconds_sum{app="shop"} 40.504
x_window_seconds_count{app="shop"} 4
`)
})

test('OpenMetrics 1.0.0', () => {
  expect(rendered(renderOpenMetrics, FAMILIES)).toBe(`\
# TYPE x_requests counter
# HELP x_requests Back\\\\slash, \\"quote\\" and\\nnewline.
x_requests_total{app="a\\"b\\\\c",k="two\\\\n"} 9007199254740992
x_requests_total 0.5
# TYPE x info
# HELP x Version.
x_info{version="v1"} 1
# TYPE x_seconds histogram
# UNIT x_seconds seconds
# HELP x_seconds Time.
x_seconds_bucket{app="shop",le="0.005"} 1
x_seconds_bucket{app="shop",le="1.0"} 3
x_seconds_bucket{app="shop",le="1e+06"} 4
x_seconds_bucket{app="shop",le="+Inf"} 4
x_seconds_sum{app="shop"} 40.504
x_seconds_count{app="shop"} 4
# TYPE x_window_seconds summary
# UNIT x_window_seconds seconds
# HELP x_window_seconds Time.
x_window_seconds{app="shop",quantile="0.5"} 0.25
x_window_seconds_sum{app="shop"} 40.504
x_window_seconds_count{app="shop"} 4
# EOF
`)
})

test('in OpenMetrics a counter gives way to a family of its name', async () => {
  const target = createTarget()
  await target.send('shop', 'web.1', 'sample#x=1 count#x=2 measure#y=3 count#y=4')
  const text = rendered(renderOpenMetrics, await target.families())
  expect(text.match(/^# TYPE app_.*$/gm)).toEqual([
    '# TYPE app_x gauge',
    '# TYPE app_x_total unknown',
    '# TYPE app_y counter',
    '# TYPE app_y_value histogram',
  ])
  expect(text).toContain('\napp_x_total{app="shop"} 2\n')
})

test('in OpenMetrics a sum is a counter: with values below zero there is none', async () => {
  const target = createTarget()
  await target.send('shop', 'web.1', 'measure#cold=-5 measure#warm=5')
  const families = await target.families()
  const cold = ['app_cold_value_sum{app="shop"} -5', 'app_cold_value_count{app="shop"} 1']
  const text = rendered(renderText, families)
  for (const line of cold) expect(text).toContain(`\n${line}\n`)
  const open = rendered(renderOpenMetrics, families)
  expect(open).toContain('\napp_cold_value_bucket{app="shop",le="+Inf"} 1\n')
  expect(open).not.toMatch(/app_cold_value_(?:sum|count)/)
  expect(open).toContain('\napp_warm_value_sum{app="shop"} 5\napp_warm_value_count{app="shop"} 1\n')
})

test('labels come back as they were', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom('a', 'b_c'), fc.string().map(withoutControls))),
      (labels) => {
        const text = labels.reduce((all, [name, value]) => withLabel(all, name, value), '')
        const read: [string, string][] = []
        eachLabel(text, (name, value) => read.push([name, value]))
        expect(read).toEqual(labels)
      },
    ),
  )
})

describe('classic buckets', () => {
  test('are counted at the boundaries nearest to theirs', () => {
    const value = fc.oneof(
      fc.integer({ min: 0, max: 40_000 }).map((ms) => ms / 1000),
      fc.double({ min: -100, max: 1e8, noNaN: true }),
      fc.constantFrom(...SECONDS, ...RESPONSE_BYTES, 0),
    )
    fc.assert(
      fc.property(fc.array(value), (values) => {
        const sketch = createSketch()
        for (const one of values) addToSketch(sketch, one)
        for (const bucketBounds of [SECONDS, RESPONSE_BYTES]) {
          const counts = cumulativeCounts(sketch, bucketBounds)
          expect(counts).toEqual(bucketBounds.map((bound) => countAtMost(sketch, bound)))
          expect(counts).toEqual(counts.toSorted((a, b) => a - b))
        }
      }),
    )
  })

  test('count whole milliseconds exactly at and around a bound but for 1.1%', () => {
    const sketch = createSketch()
    for (let ms = 1; ms <= 1000; ms += 1) addToSketch(sketch, ms / 1000)
    for (const [i, count] of cumulativeCounts(sketch, SECONDS).entries()) {
      const exact = Math.min(SECONDS[i]! * 1000, 1000)
      expect(Math.abs(count - exact)).toBeLessThanOrEqual(exact * 0.011 + 1)
    }
  })
})

function withoutControls(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, '').toWellFormed()
}

/** How many values are at most `bound`, counted at the bucket boundary nearest to it: one bound at a time. */
function countAtMost(sketch: Sketch, bound: number): number {
  if (bound >= sketch.max) return sketch.count
  if (bound < sketch.min) return 0
  let count = 0
  for (const [bucket, n] of bucketEntries(sketch.negative)) {
    if (-upperBound(bucket - 1) <= bound) count += n
  }
  if (bound >= 0) count += sketch.zeros
  if (bound > ZERO_THRESHOLD) {
    const nearest = nearestBoundary(bound)
    for (const [bucket, n] of bucketEntries(sketch.positive)) {
      if (bucket > nearest) break
      count += n
    }
  }
  return count
}
