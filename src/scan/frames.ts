/*
 * Octet-counted frames, `LENGTH <PRI>VERSION MESSAGE`, as src/frame/octets.ts and syslog.ts read them.
 */

const NEWLINE: u8 = 10
const RETURN: u8 = 13
const SPACE: u8 = 32
const ANGLE: u8 = 60
const CLOSE_ANGLE: u8 = 62
const MAX_COUNT_DIGITS: usize = 5

@inline
export function skipBlank(from: usize, end: usize): usize {
  let at = from
  while (at < end && (load<u8>(at) == SPACE || load<u8>(at) == NEWLINE || load<u8>(at) == RETURN)) {
    at += 1
  }
  return at
}

/** Of the last frame whose head was read: where its message starts, and past `<PRI>VERSION ` of it. */
export let frameMessage: usize = 0
export let frameHeader: usize = 0
/** Where it ends. */
export let frameEnd: usize = 0

/** Reads the head of the frame at `at`, `LENGTH <PRI>VERSION `; without it one of these is 0. */
@inline
export function readHead(at: usize, end: usize): void {
  let count: usize = 0
  let i = at
  while (i < end) {
    const digit = <usize>load<u8>(i) - 48
    if (digit > 9) break
    count = count * 10 + digit
    i += 1
  }
  frameMessage = frameHeader = 0
  if (i == at || i - at > MAX_COUNT_DIGITS || i >= end || load<u8>(i) != SPACE) return
  frameMessage = i + 1
  frameEnd = frameMessage + count
  frameHeader = skipPriority(frameMessage, end)
}

/** Whether nothing or the head of a frame is at `stop`, the end of a frame. Reads another head. */
export function isFollowed(stop: usize, end: usize): bool {
  if (stop >= end) return stop <= end + 1
  const next = skipBlank(stop, end)
  if (next >= end) return true
  readHead(next, end)
  return frameHeader != 0
}

@inline
export function isDigit(at: usize): bool {
  return <u32>load<u8>(at) - 48 <= 9
}

/** Past `<PRI>VERSION `, or 0. */
@inline
function skipPriority(start: usize, end: usize): usize {
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
