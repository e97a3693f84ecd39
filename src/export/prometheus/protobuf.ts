import { SCHEMA, ZERO_THRESHOLD } from '../../model/buckets.ts'
import type { Buckets } from '../../model/bucket-counts.ts'
import { type Sketch } from '../../model/sketch.ts'
import { sumValue } from '../../model/sum.ts'
import type { BodyWriter } from './body-writer.ts'
import type { LabelText, MetricFamily, Summary } from './family.ts'
import { writeKept } from './kept-bytes.ts'
import { cumulativeCounts } from './ladders.ts'
import { writeLabels } from './protobuf-labels.ts'
import {
  sintSize,
  uintSize,
  writeDelimited,
  writeDouble,
  writeMessage,
  writeMessageHead,
  writePackedSints,
  writeSint,
  writeString,
  writeUint,
} from './protobuf-writer.ts'

export const PROTOBUF_TYPE =
  'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'

/**
 * Delimited io.prometheus.client.MetricFamily messages (metrics.proto of prometheus/client_model,
 * whose field numbers stand here), stopping behind each: the only format that carries native histograms. They are our
 * sketches, bucket by bucket, beside the classic buckets.
 */
export function* renderProtobuf(
  families: readonly MetricFamily[],
  writer: BodyWriter,
): Generator<undefined> {
  for (const family of families) {
    writeDelimited(writer, () => writeFamily(writer, family))
    yield
  }
}

const TYPES = { counter: 0, gauge: 1, info: 1, summary: 2, histogram: 4 }
/** Of a family's message. */
const METRIC = 4
/** Empty buckets that cost less than a new span. */
const BRIDGED = 2

function writeFamily(writer: BodyWriter, family: MetricFamily): void {
  writeString(writer, 1, family.name)
  writeString(writer, 2, family.help)
  writeUint(writer, 3, TYPES[family.type])
  if (family.type === 'histogram') {
    for (const sample of family.samples)
      writeKept(writer, sample, `protobuf ${family.name}`, () =>
        writeMetric(writer, sample.labels, 7, () =>
          writeHistogram(writer, sample.value, family.ladder),
        ),
      )
  } else if (family.type === 'summary') {
    for (const { labels, value } of family.samples)
      writeMetric(writer, labels, 4, () => writeSummary(writer, value))
  } else {
    const field = family.type === 'counter' ? 3 : 2
    for (const { labels, value } of family.samples)
      writeMetric(writer, labels, field, () => writeDouble(writer, 1, value))
  }
}

function writeMetric(
  writer: BodyWriter,
  labels: LabelText,
  field: number,
  writeValue: () => void,
): void {
  writeMessage(writer, METRIC, () => {
    writeLabels(writer, labels)
    writeMessage(writer, field, writeValue)
  })
}

function writeSummary(writer: BodyWriter, { count, sum, quantiles }: Summary): void {
  writeUint(writer, 1, count)
  writeDouble(writer, 2, sum)
  for (const [quantile, value] of quantiles) {
    writeMessage(writer, 3, () => {
      writeDouble(writer, 1, quantile)
      writeDouble(writer, 2, value)
    })
  }
}

function writeHistogram(writer: BodyWriter, sketch: Sketch, ladder: readonly number[]): void {
  writeUint(writer, 1, sketch.count)
  writeDouble(writer, 2, sumValue(sketch))
  const counts = cumulativeCounts(sketch, ladder)
  for (let i = 0; i <= ladder.length; i += 1) {
    const count = counts[i] ?? sketch.count
    writeMessageHead(writer, 3, 1 + uintSize(count) + 1 + 8)
    writeUint(writer, 1, count)
    writeDouble(writer, 2, ladder[i] ?? Infinity)
  }
  writeSint(writer, 5, SCHEMA)
  writeDouble(writer, 6, ZERO_THRESHOLD)
  writeUint(writer, 7, sketch.zeros)
  if (sketch.negative !== undefined) writeNative(writer, sketch.negative, 9)
  writeNative(writer, sketch.positive, 12)
}

/** Spans of neighbouring buckets in field `spans`, the steps between their counts in the next one. */
function writeNative(writer: BodyWriter, buckets: Buckets, spans: number): void {
  const deltas: number[] = []
  const { low, high, offset, counts } = buckets
  let before = 0
  let spanEnd = 0
  let bucket = low
  while (bucket <= high) {
    const end = endOfSpan(buckets, bucket)
    for (let at = bucket; at < end; at += 1) {
      const count = counts[at - offset]!
      deltas.push(count - before)
      before = count
    }
    const gap = bucket - spanEnd
    const length = end - bucket
    writeMessageHead(writer, spans, 1 + sintSize(gap) + 1 + uintSize(length))
    writeSint(writer, 1, gap)
    writeUint(writer, 2, length)
    spanEnd = end
    bucket = end
    while (bucket <= high && counts[bucket - offset] === 0) bucket += 1
  }
  writePackedSints(writer, spans + 1, deltas)
}

/** After the last used bucket before a gap that is worth a span of its own. */
function endOfSpan({ high, offset, counts }: Buckets, start: number): number {
  let end = start + 1
  for (let at = start + 1; at <= high && at - end <= BRIDGED; at += 1) {
    if (counts[at - offset]! > 0) end = at + 1
  }
  return end
}
