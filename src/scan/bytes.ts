/*
 * Looks at 16 or 64 bytes at once: bit i of a mask is for the byte at `at + i`.
 */

const NUL: u8 = 0
const NEWLINE: u8 = 10
const ESC: u8 = 27
const SPACE: u8 = 32
const DIGIT_0: u8 = 48

/** Bytes of up to a space. */
@inline
export function blanks(at: usize): u32 {
  return <u32>i8x16.bitmask(i8x16.le_u(v128.load(at), i8x16.splat(SPACE)))
}

@inline
export function blanks64(at: usize): u64 {
  return (
    <u64>blanks(at) |
    (<u64>blanks(at + 16) << 16) |
    (<u64>blanks(at + 32) << 32) |
    (<u64>blanks(at + 48) << 48)
  )
}

@inline
export function equals(at: usize, byte: u8): u32 {
  return <u32>i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(byte)))
}

@inline
export function digits(at: usize): u32 {
  const fromZero = i8x16.sub(v128.load(at), i8x16.splat(DIGIT_0))
  return <u32>i8x16.bitmask(i8x16.lt_u(fromZero, i8x16.splat(10)))
}

/** A mask with the byte at `end` as well, where that is among the 16. */
@inline
export function orEnd(mask: u32, at: usize, end: usize): u32 {
  const left = end - at
  return left < 16 ? mask | (<u32>1 << <u32>left) : mask
}

/** The next space, or `limit`. */
@inline
export function nextSpace(from: usize, limit: usize): usize {
  let at = from
  while (at < limit) {
    const spaces = equals(at, SPACE)
    if (spaces != 0) return at + <usize>ctz(spaces)
    at += 16
  }
  return limit
}

/** The next newline; there is one before `end`. */
@inline
export function findNewline(from: usize, end: usize): usize {
  const newlines = i8x16.splat(NEWLINE)
  let at = from
  while (at < end) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(at), newlines))
    if (mask != 0) return at + <usize>ctz(mask)
    at += 16
  }
  return end
}

/** Whether there is an ESC or a NUL. */
export function hasControls(start: usize, end: usize): bool {
  for (let at = start; at < end; at += 16) {
    const found = equals(at, ESC) | equals(at, NUL)
    const left = end - at
    if ((left < 16 ? found & ((<u32>1 << <u32>left) - 1) : found) != 0) return true
  }
  return false
}
