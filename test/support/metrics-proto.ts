import protobuf from 'protobufjs'

const { Root, Reader } = protobuf

/** What decoding gives for a family: longs as numbers, and what isn't there left out. */
export interface DecodedFamily {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly metric: readonly DecodedMetric[]
}

export interface DecodedMetric {
  readonly label?: readonly { readonly name: string; readonly value: string }[]
  readonly gauge?: { readonly value: number }
  readonly counter?: { readonly value: number }
  readonly summary?: {
    readonly sampleCount: number
    readonly sampleSum: number
    readonly quantile?: readonly { readonly quantile: number; readonly value: number }[]
  }
  readonly histogram?: DecodedHistogram
}

export interface DecodedHistogram {
  readonly sampleCount: number
  readonly sampleSum: number
  readonly bucket: readonly { readonly cumulativeCount: number; readonly upperBound: number }[]
  readonly schema: number
  readonly zeroThreshold: number
  readonly zeroCount: number
  readonly negativeSpan?: readonly Span[]
  readonly negativeDelta?: readonly number[]
  readonly positiveSpan?: readonly Span[]
  readonly positiveDelta?: readonly number[]
}

export interface Span {
  readonly offset?: number
  readonly length: number
}

// Prometheus' metrics.proto (prometheus/client_model), the part that is in use here.
const SOURCE = `
  syntax = "proto2";
  package io.prometheus.client;
  message LabelPair { optional string name = 1; optional string value = 2; }
  enum MetricType { COUNTER = 0; GAUGE = 1; SUMMARY = 2; UNTYPED = 3; HISTOGRAM = 4; GAUGE_HISTOGRAM = 5; }
  message Gauge { optional double value = 1; }
  message Counter { optional double value = 1; }
  message Quantile { optional double quantile = 1; optional double value = 2; }
  message Summary {
    optional uint64 sample_count = 1; optional double sample_sum = 2; repeated Quantile quantile = 3;
  }
  message Untyped { optional double value = 1; }
  message BucketSpan { optional sint32 offset = 1; optional uint32 length = 2; }
  message Bucket {
    optional uint64 cumulative_count = 1; optional double cumulative_count_float = 4;
    optional double upper_bound = 2;
  }
  message Histogram {
    optional uint64 sample_count = 1; optional double sample_count_float = 4;
    optional double sample_sum = 2; repeated Bucket bucket = 3;
    optional sint32 schema = 5; optional double zero_threshold = 6;
    optional uint64 zero_count = 7; optional double zero_count_float = 8;
    repeated BucketSpan negative_span = 9; repeated sint64 negative_delta = 10 [packed = true];
    repeated double negative_count = 11;
    repeated BucketSpan positive_span = 12; repeated sint64 positive_delta = 13 [packed = true];
    repeated double positive_count = 14;
  }
  message Metric {
    repeated LabelPair label = 1; optional Gauge gauge = 2; optional Counter counter = 3;
    optional Summary summary = 4; optional Untyped untyped = 5; optional Histogram histogram = 7;
    optional int64 timestamp_ms = 6;
  }
  message MetricFamily {
    optional string name = 1; optional string help = 2; optional MetricType type = 3;
    repeated Metric metric = 4; optional string unit = 5;
  }
`

const family = protobuf
  .parse(SOURCE, new Root())
  .root.lookupType('io.prometheus.client.MetricFamily')

/** Decodes delimited families with a decoder that isn't ours. */
export function decodeFamilies(bytes: Uint8Array): DecodedFamily[] {
  const reader = Reader.create(bytes)
  const families: DecodedFamily[] = []
  while (reader.pos < reader.len) {
    const message = family.decodeDelimited(reader)
    families.push(family.toObject(message, { longs: Number, enums: String }) as DecodedFamily)
  }
  return families
}

/** The native buckets of one sign as index and count. */
export function nativeBuckets(
  spans: readonly Span[] = [],
  deltas: readonly number[] = [],
): Map<number, number> {
  const buckets = new Map<number, number>()
  let index = 0
  let count = 0
  let at = 0
  for (const { offset = 0, length } of spans) {
    index += offset
    for (let i = 0; i < length; i += 1) {
      count += deltas[at]!
      at += 1
      if (count !== 0) buckets.set(index, count)
      index += 1
    }
  }
  if (at !== deltas.length) throw new Error(`${deltas.length} deltas for ${at} buckets`)
  return buckets
}
