/*
 * Routes that users pin, as u32s: how many there are, and for each its number of segments, whether it is
 * open, and where each segment's bytes are and how many: 0 for a segment that may be any word.
 */

const SLASH: u8 = 47
const ANY: u32 = 0

/** The number of the first pin that a path matches, as src/extract/route.ts has it; -1 for none. */
export function pinOf(pins: usize, path: usize, end: usize): i32 {
  const count = load<i32>(pins)
  let at = pins + 4
  for (let i = 0; i < count; i += 1) {
    const segments = load<u32>(at)
    const isOpen = load<u32>(at, 4) != 0
    if (matches(at + 8, segments, isOpen, path, end)) return i
    at += 8 + ((<usize>segments) << 3)
  }
  return -1
}

function matches(segments: usize, count: u32, isOpen: bool, path: usize, end: usize): bool {
  let at = path
  for (let i: u32 = 0; i < count; i += 1) {
    const segment = segments + ((<usize>i) << 3)
    const bytes = load<u32>(segment)
    let stop = at
    while (stop < end && load<u8>(stop) != SLASH) stop += 1
    if (bytes == ANY) {
      if (stop == at) return false
    } else {
      const length = <usize>load<u32>(segment, 4)
      if (stop - at != length || memory.compare(at, bytes, length) != 0) return false
    }
    if (i + 1 == count) return isOpen ? stop < end : stop == end
    if (stop == end) return false
    at = stop + 1
  }
  return false
}
