import { BOUNDS, FIRST_BOUND, MILLIS_BUCKETS } from './memory'

/*
 * Which bucket a value falls into: the law of src/model/buckets.ts.
 */

const PER_OCTAVE: i32 = 32
const UNKNOWN: i16 = -32_768

export function prepareMillis(): void {
  for (let i = 0; i < 65_536; i += 1) store<i16>(MILLIS_BUCKETS + (<usize>i << 1), UNKNOWN)
}

@inline
export function bucketOfMillis(millis: i32): i32 {
  if (millis >= 65_536) return bucketOf(<f64>millis / 1000)
  const at = MILLIS_BUCKETS + (<usize>millis << 1)
  const known = load<i16>(at)
  if (known != UNKNOWN) return <i32>known
  const bucket = bucketOf(<f64>millis / 1000)
  store<i16>(at, <i16>bucket)
  return bucket
}

export function bucketOf(value: f64): i32 {
  const bits = reinterpret<u64>(value)
  const exponent = <i32>(bits >> 52) - 1023
  const mantissa = reinterpret<f64>((bits & 0xfffffffffffff) | 0x3ff0000000000000)
  let k = <usize>load<u8>(FIRST_BOUND + <usize>((bits >> 44) & 255))
  while (mantissa > load<f64>(BOUNDS + (k << 3))) k += 1
  return exponent * PER_OCTAVE + <i32>k
}
