import { SCHEMA, ZERO_THRESHOLD } from '../../model/buckets.ts'
import type { Buckets } from '../../model/bucket-counts.ts'
import { type Sketch } from '../../model/sketch.ts'
import { sumValue } from '../../model/sum.ts'
import { type BodyWriter, writeLatin1 } from './body-writer.ts'
import type { MetricFamily, Sample, Summary } from './family.ts'
import { cumulativeCounts } from './bucket-bounds.ts'
import { pairsOf } from './protobuf-labels.ts'
import {
  closeLength,
  openLength,
  sintSize,
  uintSize,
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
 * whose field numbers stand here), stopping behind each and within long ones: the only format that
 * carries native histograms. They are our sketches, bucket by bucket, beside the classic buckets.
 */
export function* renderProtobuf(
  families: readonly MetricFamily[],
  writer: BodyWriter,
): Generator<boolean> {
  for (const family of families) {
    const start = openLength(writer)
    yield* writeFamily(writer, family)
    closeLength(writer, start)
    yield true
  }
}

const TYPES = { counter: 0, gauge: 1, info: 1, summary: 2, histogram: 4 }
/** Of a family's message. */
const METRIC = 4
/** Samples between two stops. */
const PIECE = 500
/** Bytes of a field that is a double. */
const DOUBLE_FIELD = 9
/** Empty buckets that cost less than a new span. */
const BRIDGED = 2

/** Stops between samples, where the length of the message isn't known yet. */
function* writeFamily(writer: BodyWriter, family: MetricFamily): Generator<boolean> {
  writeString(writer, 1, family.name)
  writeString(writer, 2, family.help)
  writeUint(writer, 3, TYPES[family.type])
  const write = writeSampleOf(family)
  for (let at = 0; at < family.samples.length; at += 1) {
    if (at % PIECE === PIECE - 1) yield false
    write(writer, at)
  }
}

/** What writes a family's sample of a place. */
function writeSampleOf(family: MetricFamily): (writer: BodyWriter, at: number) => void {
  if (family.type === 'histogram') {
    const { samples, bucketBounds } = family
    return (writer, at) => {
      const sample = samples[at]!
      writeMetric(writer, sample, 7, () => writeHistogram(writer, sample.value, bucketBounds))
    }
  }
  if (family.type === 'summary') {
    const { samples } = family
    return (writer, at) =>
      writeMetric(writer, samples[at]!, 4, () => writeSummary(writer, samples[at]!.value))
  }
  const { samples } = family
  const field = family.type === 'counter' ? 3 : 2
  return (writer, at) => writeNumber(writer, samples[at]!, field)
}

function writeMetric(
  writer: BodyWriter,
  sample: Sample<unknown>,
  field: number,
  writeValue: () => void,
): void {
  writeMessage(writer, METRIC, () => {
    writeLatin1(writer, pairsOf(sample))
    writeMessage(writer, field, writeValue)
  })
}

/** The same of a counter or a gauge, of which all lengths are known. */
function writeNumber(writer: BodyWriter, sample: Sample<number>, field: number): void {
  const pairs = pairsOf(sample)
  writeMessageHead(writer, METRIC, pairs.length + 2 + DOUBLE_FIELD)
  writeLatin1(writer, pairs)
  writeMessageHead(writer, field, DOUBLE_FIELD)
  writeDouble(writer, 1, sample.value)
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

function writeHistogram(writer: BodyWriter, sketch: Sketch, bucketBounds: readonly number[]): void {
  writeUint(writer, 1, sketch.count)
  writeDouble(writer, 2, sumValue(sketch))
  const counts = cumulativeCounts(sketch, bucketBounds)
  for (let i = 0; i <= bucketBounds.length; i += 1) {
    const count = counts[i] ?? sketch.count
    writeMessageHead(writer, 3, 1 + uintSize(count) + 1 + 8)
    writeUint(writer, 1, count)
    writeDouble(writer, 2, bucketBounds[i] ?? Infinity)
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
