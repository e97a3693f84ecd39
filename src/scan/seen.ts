import { MAX_SEEN, SEEN } from './memory'

/*
 * What unique series saw, as pairs of series and hash in the order it came: the sets are the caller's.
 */

let seen: i32 = 0

/** Notes that a unique series saw the bytes [start, end). */
export function addSeen(series: u32, start: usize, end: usize): void {
  const at = SEEN + (<usize>seen << 4)
  store<f64>(at, <f64>series)
  store<f64>(at, hashOf(start, end), 8)
  seen += 1
}

/** Whether one more line may have no room. */
@inline
export function hasSeenMuch(): bool {
  return seen + 64 > MAX_SEEN
}

/** How many pairs are in SEEN; they are forgotten. */
export function takeSeen(): i32 {
  const count = seen
  seen = 0
  return count
}

/** hashBytes of src/model/unique.ts. */
function hashOf(start: usize, end: usize): f64 {
  let a: u32 = 0x811c9dc5
  let b: u32 = 0x9747b28c
  for (let at = start; at < end; at += 1) {
    const byte = <u32>load<u8>(at)
    a = (a ^ byte) * 0x01000193
    b = (b ^ byte) * 0x5bd1e995
    b ^= b >> 13
  }
  return <f64>finish(a) * 1048576 + <f64>(finish(b ^ a) >> 12)
}

@inline
function finish(hash: u32): u32 {
  let h = hash ^ (hash >> 16)
  h *= 0x85ebca6b
  h ^= h >> 13
  h *= 0xc2b2ae35
  return h ^ (h >> 16)
}
