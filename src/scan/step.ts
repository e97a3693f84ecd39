import { bucketOfMillis } from './buckets'
import { STATE, STEP_BUCKETS, STEP_BUCKETS_SIZE } from './memory'

/*
 * What the requests since the last time were in all, whichever cells they count in: for one step of a
 * timeline, which is taken often, where draining all cells would cost more than counting.
 */

// Offsets in the state that the caller reads, f64s at STATE.
const REQUESTS = 128
const ERRORS = 136
const TIMED = 144
const MILLIS = 152
const MIN = 160
const MAX = 168

/** The place of bucket 0: that of 1 ms is -319, that of 24 days 672. */
const BUCKET_ZERO: i32 = 1024
const LAST_PLACE: i32 = 2047

let requests: f64 = 0
let errors: f64 = 0
let timed: f64 = 0
let millisInAll: f64 = 0
let least: f64 = Infinity
let most: f64 = -Infinity

/** Counts a request; `service` is in ms, below zero when there is none. */
@inline
export function noteStep(service: i32, isError: bool): void {
  requests += 1
  if (isError) errors += 1
  if (service < 0) return
  timed += 1
  const millis = <f64>service
  millisInAll += millis
  if (millis < least) least = millis
  if (millis > most) most = millis
  const place = service == 0 ? 0 : min<i32>(bucketOfMillis(service) + BUCKET_ZERO, LAST_PLACE)
  const at = STEP_BUCKETS + (<usize>place << 2)
  store<u32>(at, load<u32>(at) + 1)
}

/** Leaves in the state what was counted since `forgetStep`; the buckets are read where they are. */
export function takeStep(): void {
  store<f64>(STATE, requests, REQUESTS)
  store<f64>(STATE, errors, ERRORS)
  store<f64>(STATE, timed, TIMED)
  store<f64>(STATE, millisInAll, MILLIS)
  store<f64>(STATE, least, MIN)
  store<f64>(STATE, most, MAX)
}

export function forgetStep(): void {
  requests = errors = timed = millisInAll = 0
  least = Infinity
  most = -Infinity
  memory.fill(STEP_BUCKETS, 0, STEP_BUCKETS_SIZE)
}
