/*
 * Looks at 16 or 64 bytes at once: bit i of a mask stands for the byte at `at + i`.
 */

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
