/*
 * Which texts are words of ours: the keys of conventions, of queue times, and of what was written before 2013.
 */

const HASH: u8 = 35
const DOT: u8 = 46
const EQUALS: u8 = 61

/** Whether the key that ends at `equals` is `queue` or `wait`, and a number follows. */
@inline
export function isQueueTime(key: usize, equals: usize, end: usize): bool {
  if (equals + 1 >= end || <u32>load<u8>(equals + 1) - 48 > 9) return false
  const length = equals - key
  if (length >= 4 && load<u32>(equals - 4) == 0x74696177) return true // wait
  return length >= 5 && load<u8>(equals - 5) == 113 && load<u32>(equals - 4) == 0x65756575 // queue
}

/** Whether there is one anywhere in the token [start, end). */
export function hasQueueTime(start: usize, end: usize): bool {
  for (let at = start; at < end; at += 1) {
    if (load<u8>(at) == EQUALS && isQueueTime(start, at, end)) return true
  }
  return false
}

/** Whether one of our words is within the token [start, end), where a logger may have put it. */
export function hasWord(start: usize, end: usize): bool {
  for (let at = start; at < end; at += 1) {
    if (load<u8>(at) == HASH && isWordEnd(start, at)) return true
  }
  return false
}

function isWordEnd(start: usize, hash: usize): bool {
  const length = hash - start
  return (
    (length >= 3 && isOurs(hash - 3)) ||
    (length >= 5 && isOurs(hash - 5)) ||
    (length >= 6 && isOurs(hash - 6)) ||
    (length >= 7 && isOurs(hash - 7)) ||
    (length >= 10 && isOurs(hash - 10)) ||
    (length >= 12 && isOurs(hash - 12))
  )
}

/** Whether a value is all of its token: it ends in no bracket or comma, and no other key follows one. */
export function isPlain(start: usize, end: usize): bool {
  for (let at = start; at < end; at += 1) {
    const byte = load<u8>(at)
    const isLetter = (byte >= 48 && byte <= 57) || ((byte | 32) >= 97 && (byte | 32) <= 122)
    if (isLetter || byte == 45 || byte == 46 || byte == 95 || byte == 64) continue
    const next = at + 1 < end ? load<u8>(at + 1) : 109
    // The letters that a word may begin with: c, g, m, s, t, u.
    if (next == 99 || next == 103 || next == 109 || (next >= 115 && next <= 117)) return false
  }
  return true
}

/**
 * Whether a key with a `#` in it begins as ours do: a log is full of words like `#<User:0x00007f8b>`,
 * each of them another one, which would fill the table of keys.
 */
@inline
export function isOurs(key: usize): bool {
  const four = load<u32>(key)
  if (four == 0x67756167) return load<u16>(key, 4) == 0x2365 // gauge#
  if (four == 0x756d7563) return load<u64>(key, 3) == 0x2365766974616c75 // cumulative#
  if (four == 0x7361656d) return load<u32>(key, 4) == 0x23657275 // measure#
  if (four == 0x6e756f63) return load<u16>(key, 4) == 0x2374 || load<u32>(key, 4) == 0x23726574 // count#, counter#
  if (four == 0x706d6173) return load<u16>(key, 4) == 0x656c && load<u8>(key, 6) == HASH // sample#
  if (four == 0x71696e75) return load<u16>(key, 4) == 0x6575 && load<u8>(key, 6) == HASH // unique#
  if (four == 0x23676174) return true // tag#
  if (four == 0x7274656d) return load<u16>(key, 4) == 0x6369 && load<u8>(key, 6) == HASH // metric#
  return load<u64>(key) == 0x6e656d6964786673 && load<u32>(key, 8) == 0x6e6f6973 && load<u8>(key, 12) == HASH // sfxdimension#
}

/** `source`. */
@inline
export function isSource(key: usize, end: usize): bool {
  return end - key == 6 && load<u32>(key) == 0x72756f73 && load<u16>(key, 4) == 0x6563
}

/** `measure.` or `measure` at the start: the conventions of before 2013. */
@inline
export function isLegacy(key: usize, end: usize): bool {
  if (end - key < 7 || load<u64>(key) << 8 != 0x6572757361656d00) return false
  return end - key == 7 || load<u8>(key, 7) == DOT
}
