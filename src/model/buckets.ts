/**
 * The one bucket law: base-2 exponential buckets of schema 5, as in Prometheus native histograms
 * and OTLP exponential histograms (scale 5). Bucket i holds (2^((i-1)/32), 2^(i/32)].
 */
export const SCHEMA = 5

const PER_OCTAVE = 2 ** SCHEMA

/** Magnitudes up to this one (2^-30, a bucket boundary) count as zero. */
export const ZERO_THRESHOLD = 2 ** -30

/** Magnitudes above this one (2^40) are refused where they are read, so sketches stay bounded. */
export const MAX_MAGNITUDE = 2 ** 40

/** Upper bounds of the buckets of the octave from 1 to 2; the first is its lower end. */
export const BOUNDS = Float64Array.from({ length: PER_OCTAVE + 1 }, (_, k) => 2 ** (k / PER_OCTAVE))

const MANTISSA_SLOTS = 256
/** By the first eight bits of a mantissa, the first of BOUNDS that may hold it. */
export const FIRST_BOUNDS = Uint8Array.from({ length: MANTISSA_SLOTS }, (_, slot) =>
  BOUNDS.findIndex((bound) => bound >= 1 + slot / MANTISSA_SLOTS),
)

const float = new Float64Array(1)
const words = new Uint32Array(float.buffer)
const HIGH_WORD = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0

/** Index of the bucket of a positive, normal number. */
export function bucketOf(value: number): number {
  float[0] = value
  const high = words[HIGH_WORD]!
  const exponent = (high >>> 20) - 1023
  words[HIGH_WORD] = (high & 0xfffff) | 0x3ff00000
  const mantissa = float[0]
  let k = FIRST_BOUNDS[(high >>> 12) & (MANTISSA_SLOTS - 1)]!
  while (mantissa > BOUNDS[k]!) k += 1
  return exponent * PER_OCTAVE + k
}

/** Upper bound of bucket i; its lower bound is the upper bound of i - 1. */
export function upperBound(bucket: number): number {
  const octave = Math.floor(bucket / PER_OCTAVE)
  return BOUNDS[bucket - octave * PER_OCTAVE]! * 2 ** octave
}

/** The bucket whose upper bound is nearest to a positive number, by ratio. */
export function nearestBoundary(bound: number): number {
  const above = bucketOf(bound)
  return upperBound(above) / bound <= bound / upperBound(above - 1) ? above : above - 1
}

/** The value that stands for bucket i: at most 1.09 % from any value in it. */
export function bucketValue(bucket: number): number {
  return upperBound(bucket) * MIDDLE
}

const MIDDLE = 2 / (1 + 2 ** (1 / PER_OCTAVE))

const UNKNOWN = -32_768
const millisBuckets = new Int16Array(65_536).fill(UNKNOWN)

/** Index of the bucket of a whole number of milliseconds (>= 1), from a table filled as it is used. */
export function bucketOfMillis(millis: number): number {
  if (millis >= millisBuckets.length) return bucketOf(millis / 1000)
  const known = millisBuckets[millis]!
  if (known !== UNKNOWN) return known
  return (millisBuckets[millis] = bucketOf(millis / 1000))
}
