import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MetricFamily } from '../../src/export/prometheus/family.ts'
import { withLabel } from '../../src/export/prometheus/labels.ts'
import { SECONDS, cumulativeCounts } from '../../src/export/prometheus/bucket-bounds.ts'
import { renderProtobuf as render } from '../../src/export/prometheus/protobuf.ts'
import { addToBucket, bucketEntries } from '../../src/model/bucket-counts.ts'
import { type Sketch, addToSketch, createSketch } from '../../src/model/sketch.ts'
import { sumValue } from '../../src/model/sum.ts'
import { type DecodedHistogram, decodeFamilies, nativeBuckets } from '../support/metrics-proto.ts'
import { createTarget, renderedBytes, routerLine } from '../support/scrape.ts'

function renderProtobuf(families: readonly MetricFamily[]): Buffer {
  return renderedBytes(render, families)
}

function histogramOf(sketch: Sketch): DecodedHistogram {
  const head = { name: 'x_seconds', help: 'Time.', unit: 'seconds' as const, bucketBounds: SECONDS }
  const samples = [{ labels: 'app="shop"', value: sketch }]
  const bytes = renderProtobuf([{ ...head, type: 'histogram', samples }])
  return decodeFamilies(bytes)[0]!.metric[0]!.histogram!
}

describe('delimited MetricFamily messages', () => {
  test('carry every type', () => {
    const head = { help: 'Help.', unit: '' as const }
    const families: MetricFamily[] = [
      {
        ...head,
        name: 'a_total',
        type: 'counter',
        samples: [
          { labels: withLabel(withLabel('', 'app', '"\\é\u{1f600}'), 'k', 'v'), value: 2 ** 53 },
          { labels: '', value: 0 },
        ],
      },
      { ...head, name: 'a', type: 'gauge', samples: [{ labels: '', value: -0.5 }] },
      { ...head, name: 'a_info', type: 'info', samples: [{ labels: 'version="v1"', value: 1 }] },
      {
        ...head,
        name: 'a_window',
        type: 'summary',
        samples: [{ labels: '', value: { count: 3, sum: 1.5, quantiles: [[0.99, 7]] } }],
      },
    ]
    expect(decodeFamilies(renderProtobuf(families))).toEqual([
      {
        name: 'a_total',
        help: 'Help.',
        type: 'COUNTER',
        metric: [
          {
            label: [
              { name: 'app', value: '"\\é\u{1f600}' },
              { name: 'k', value: 'v' },
            ],
            counter: { value: 2 ** 53 },
          },
          { counter: { value: 0 } },
        ],
      },
      { name: 'a', help: 'Help.', type: 'GAUGE', metric: [{ gauge: { value: -0.5 } }] },
      {
        name: 'a_info',
        help: 'Help.',
        type: 'GAUGE',
        metric: [{ label: [{ name: 'version', value: 'v1' }], gauge: { value: 1 } }],
      },
      {
        name: 'a_window',
        help: 'Help.',
        type: 'SUMMARY',
        metric: [
          {
            summary: { sampleCount: 3, sampleSum: 1.5, quantile: [{ quantile: 0.99, value: 7 }] },
          },
        ],
      },
    ])
  })

  test('carry a sketch bucket by bucket, beside classic buckets', () => {
    const value = fc.oneof(
      fc.nat(60_000).map((ms) => ms / 1000),
      fc.double({ min: -(2 ** 40), max: 2 ** 40, noNaN: true }),
      fc.double({ min: -(2 ** -29), max: 2 ** -29, noNaN: true }),
    )
    fc.assert(
      fc.property(fc.array(value, { maxLength: 200 }), (values) => {
        const sketch = createSketch()
        for (const one of values) addToSketch(sketch, one)
        const histogram = histogramOf(sketch)
        const { positiveSpan, positiveDelta, negativeSpan, negativeDelta } = histogram
        expect(nativeBuckets(positiveSpan, positiveDelta)).toEqual(
          new Map(bucketEntries(sketch.positive)),
        )
        expect(nativeBuckets(negativeSpan, negativeDelta)).toEqual(
          new Map(bucketEntries(sketch.negative)),
        )
        expect(histogram).toMatchObject({
          schema: 5,
          zeroThreshold: 2 ** -30,
          zeroCount: sketch.zeros,
          sampleCount: values.length,
          sampleSum: sumValue(sketch),
        })
        expect(
          histogram.bucket.map((bucket) => [bucket.upperBound, bucket.cumulativeCount]),
        ).toEqual([
          ...cumulativeCounts(sketch, SECONDS).map((count, i) => [SECONDS[i], count]),
          [Infinity, values.length],
        ])
      }),
    )
  })

  test('bridge short gaps between buckets and span long ones', () => {
    const sketch = createSketch()
    for (const bucket of [-3, 0, 4, 5]) addToBucket(sketch.positive, bucket, 2)
    const { positiveSpan, positiveDelta } = histogramOf(sketch)
    expect(positiveSpan).toEqual([
      { offset: -3, length: 4 },
      { offset: 3, length: 2 },
    ])
    expect(positiveDelta).toEqual([2, -2, 0, 2, 0, 0])
  })

  test('counts beyond 32 bits', () => {
    const sketch = createSketch()
    addToBucket(sketch.positive, 1, 2 ** 45)
    addToBucket(sketch.positive, 2, 1)
    sketch.count = 2 ** 45 + 1
    const { sampleCount, positiveSpan, positiveDelta } = histogramOf(sketch)
    expect(sampleCount).toBe(2 ** 45 + 1)
    expect(nativeBuckets(positiveSpan, positiveDelta)).toEqual(
      new Map([
        [1, 2 ** 45],
        [2, 1],
      ]),
    )
  })

  test('say the same as the text of a whole scrape', async () => {
    const target = createTarget()
    await target.platform(
      'shop',
      'router',
      ...[3, 30, 300].map((service) => routerLine({ service })),
    )
    await target.send('shop', 'web.1', 'measure#x=-1s count#y=2 sample#z=3 unique#u=a')
    const families = await target.families()
    const decoded = decodeFamilies(renderProtobuf(families))
    expect(decoded.map(({ name, help }) => [name, help])).toEqual(
      families.map(({ name, help }) => [name, help]),
    )
    const samples = await target.samples()
    let compared = 0
    for (const { name, metric } of decoded) {
      for (const { label = [], counter, gauge, histogram } of metric) {
        const labels = label.map((pair) => `${pair.name}="${pair.value}"`).join(',')
        const braces = labels === '' ? '' : `{${labels}}`
        const value = counter ?? gauge
        if (value !== undefined) expect(value.value).toBe(samples.get(`${name}${braces}`))
        if (histogram !== undefined)
          expect(histogram.sampleSum).toBe(samples.get(`${name}_sum${braces}`))
        compared += 1
      }
    }
    expect(compared).toBeGreaterThan(30)
  })
})
