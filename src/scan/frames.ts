/*
 * Octet-counted frames, `LENGTH <PRI>VERSION MESSAGE`, as src/frame/octets.ts and syslog.ts read them.
 */

const NEWLINE: u8 = 10
const RETURN: u8 = 13
const SPACE: u8 = 32
const ANGLE: u8 = 60
const CLOSE_ANGLE: u8 = 62
const MAX_COUNT_DIGITS: i32 = 5

@inline
export function skipBlank(from: usize, end: usize): usize {
  let at = from
  while (at < end && (load<u8>(at) == SPACE || load<u8>(at) == NEWLINE || load<u8>(at) == RETURN)) {
    at += 1
  }
  return at
}

/** Where the message of the frame at `at` starts, or 0 when there is no count. */
@inline
export function messageStart(at: usize, end: usize): usize {
  let i = at
  while (i < end && <u32>load<u8>(i) - 48 <= 9) i += 1
  if (i == at || <i32>(i - at) > MAX_COUNT_DIGITS || i >= end || load<u8>(i) != SPACE) return 0
  return i + 1
}

@inline
export function countAt(at: usize): usize {
  let count: usize = 0
  let i = at
  let digit = <usize>load<u8>(i) - 48
  while (digit <= 9) {
    count = count * 10 + digit
    i += 1
    digit = <usize>load<u8>(i) - 48
  }
  return count
}

@inline
export function isFrame(at: usize, end: usize): bool {
  const start = messageStart(at, end)
  return start != 0 && skipPriority(start, end) != 0
}

/** Past `<PRI>VERSION `, or 0. */
@inline
export function skipPriority(start: usize, end: usize): usize {
  if (start >= end || load<u8>(start) != ANGLE) return 0
  let at = skipDigits(start + 1, end)
  if (at == 0 || load<u8>(at) != CLOSE_ANGLE) return 0
  at = skipDigits(at + 1, end)
  return at != 0 && at < end && load<u8>(at) == SPACE ? at + 1 : 0
}

/** Past one to three digits, or 0. */
@inline
function skipDigits(start: usize, end: usize): usize {
  let at = start
  while (at < end && <u32>load<u8>(at) - 48 <= 9) at += 1
  return at > start && at - start <= 3 ? at : 0
}
