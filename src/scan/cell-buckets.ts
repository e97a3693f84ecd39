import { BUCKETS } from './memory'

/*
 * The counts of a cell's neighbouring buckets: u32s that lie anywhere behind the others'.
 */

// Offsets in a cell: where they are, the first bucket, how many there is room for.
export const BUCKETS_AT = 12
export const OFFSET = 16
export const LENGTH = 20

const FIRST_LENGTH: i32 = 64

let bucketsEnd: usize = BUCKETS

/** Forgets the counts of all cells, each of which has to be reset before it is added to again. */
export function dropBuckets(): void {
  bucketsEnd = BUCKETS
}

/** Whether buckets may be out of room before long. */
@inline
export function isCrowded(): bool {
  return bucketsEnd + 1_048_576 > <usize>memory.size() << 16
}

/** Counts a value in its bucket. */
@inline
export function addToBucket(cell: usize, bucket: i32): void {
  let at = bucket - load<i32>(cell, OFFSET)
  if (<u32>at >= <u32>load<i32>(cell, LENGTH)) {
    widen(cell, bucket)
    at = bucket - load<i32>(cell, OFFSET)
  }
  const address = <usize>load<u32>(cell, BUCKETS_AT) + (<usize>at << 2)
  store<u32>(address, load<u32>(address) + 1)
}

/** Room for a bucket outside of what a cell has; the old place is lost until the next drain. */
function widen(cell: usize, bucket: i32): void {
  const oldOffset = load<i32>(cell, OFFSET)
  const oldLength = load<i32>(cell, LENGTH)
  let low = bucket - FIRST_LENGTH / 2
  let high = low + FIRST_LENGTH
  if (oldLength > 0) {
    low = bucket < oldOffset ? bucket - oldLength / 2 : oldOffset
    high = bucket < oldOffset ? oldOffset + oldLength : bucket + oldLength / 2
  }
  const length = (high - low + 4) & ~3
  const at = bucketsEnd
  bucketsEnd += <usize>length << 2
  memory.fill(at, 0, <usize>length << 2)
  if (oldLength > 0) {
    const to = at + (<usize>(oldOffset - low) << 2)
    memory.copy(to, <usize>load<u32>(cell, BUCKETS_AT), <usize>oldLength << 2)
  }
  store<u32>(cell, <u32>at, BUCKETS_AT)
  store<i32>(cell, low, OFFSET)
  store<i32>(cell, length, LENGTH)
}
