/*
 * Reads router lines: `at=info method=GET path="/x" … dyno=web.1 connect=0ms service=12ms status=200
 * bytes=1234 …`, backwards from the end to `dyno=` and forwards to `path=` as
 * src/extract/router-line.ts does, because what stands between is written by strangers.
 */

import { blanks64, equals } from './bytes'

const SPACE: u8 = 32
const QUOTE: u8 = 34
const QUESTION: u8 = 63
const EQUALS: u8 = 61

// Keys as little-endian words.
const SERVICE: u64 = 0x3d65636976726573
const CONNECT: u64 = 0x3d7463656e6e6f63
const STATUS: u64 = 0x3d73757461747300
const BYTES: u64 = 0x3d73657479620000
const DYNO: u64 = 0x3d6f6e7964000000
const MS: u16 = 0x736d

const MAX_TAIL_TOKENS: i32 = 16
const MAX_DIGITS: usize = 9
const MAX_METHOD: usize = 16

/** Of the last line read; -1 for a number that it doesn't have, places as addresses. */
export let connect: i32 = -1
export let service: i32 = -1
export let size: i32 = -1
export let status: i32 = 0
export let dynoStart: usize = 0
export let dynoEnd: usize = 0
export let method: usize = 0
export let methodEnd: usize = 0
/** Without the query. */
export let path: usize = 0
export let pathEnd: usize = 0
export let code: u32 = 0
export let isInfo: bool = false
export let isWarning: bool = false
/** Whether the last value read can't be taken for a number here. */
let isUnusual: bool = false

/** Reads the router message [start, end); false when it isn't of a usual shape. */
export function readRouterLine(start: usize, end: usize): bool {
  // An H31 line ends in `agent="…"`.
  if (end - start < 64 || load<u8>(end - 1) == QUOTE) return false
  if (!readUsualHead(start) && !readAnyHead(start, end)) return false
  if (!readTail(path, end) || status == 0) return false
  // Router 2.0 writes `0ms` where no dyno was asked.
  if (code > 0 && dynoStart == dynoEnd) {
    if (connect == 0) connect = -1
    if (service == 0) service = -1
  }
  return readPath(dynoStart - 5)
}

/** Finds the end of the path, which is before `limit`; false when that is before the path. */
@inline
function readPath(limit: usize): bool {
  let stop = SPACE
  if (load<u8>(path) == QUOTE) {
    stop = QUOTE
    path += 1
  }
  for (pathEnd = path; pathEnd < limit; pathEnd += 16) {
    const stops = equals(pathEnd, stop) | equals(pathEnd, QUESTION)
    if (stops == 0) continue
    pathEnd += <usize>ctz(stops)
    break
  }
  pathEnd = min(pathEnd, limit)
  return pathEnd >= path
}

/** `at=info method=GET path=`, which nearly all lines begin with. */
@inline
function readUsualHead(start: usize): bool {
  if (load<u64>(start) != 0x206f666e693d7461 || load<u64>(start, 7) != 0x3d646f6874656d20) {
    return false
  }
  const from = start + 15
  let at = from
  while (load<u8>(at) > SPACE) at += 1
  if (at == from || at - from > MAX_METHOD || !isPath(at + 1) || load<u8>(at) != SPACE) return false
  method = from
  methodEnd = at
  path = at + 6
  code = 0
  isInfo = true
  isWarning = false
  return true
}

/** `sock= at= code= desc= method= path=`, in this order, of which there may be some. */
function readAnyHead(start: usize, end: usize): bool {
  method = methodEnd = start
  code = 0
  isInfo = isWarning = false
  let at = start
  while (at < end) {
    while (at < end && load<u8>(at) <= SPACE) at += 1
    if (end - at < 8) return false
    if (isPath(at)) {
      path = at + 5
      return true
    }
    let stop = at
    let hasEquals = false
    for (; stop < end; stop += 1) {
      const byte = load<u8>(stop)
      if (byte <= SPACE || byte == QUOTE) break
      if (byte == EQUALS) hasEquals = true
    }
    if (!hasEquals) return false
    if (stop < end && load<u8>(stop) == QUOTE) {
      stop += 1
      while (stop < end && load<u8>(stop) != QUOTE) stop += 1
      if (stop >= end) return false
      stop += 1
    } else if (isMethod(at)) {
      method = at + 7
      methodEnd = stop
      if (methodEnd - method > MAX_METHOD) return false
    } else if (isAt(at)) {
      isInfo = stop - at == 7 && load<u32>(at, 3) == 0x6f666e69
      // `warning`, whose two words share its fourth letter.
      isWarning = stop - at == 10 && load<u32>(at, 3) == 0x6e726177 && load<u32>(at, 6) == 0x676e696e
    } else if (isCode(at)) {
      if (stop - at > 9 || stop - at < 7) return false
      code = 0
      for (let i = at + 6; i < stop; i += 1) {
        const digit = <u32>load<u8>(i) - 48
        if (digit > 9) return false
        code = code * 10 + digit
      }
    }
    at = stop
  }
  return false
}

/** `path=` */
@inline
function isPath(at: usize): bool {
  return load<u32>(at) == 0x68746170 && load<u8>(at, 4) == EQUALS
}

/** `method=` */
@inline
function isMethod(at: usize): bool {
  return load<u64>(at) << 8 == 0x3d646f6874656d00
}

/** `at=` */
@inline
function isAt(at: usize): bool {
  return load<u32>(at) << 8 == 0x3d746100
}

/** `code=H` */
@inline
function isCode(at: usize): bool {
  return load<u64>(at) << 16 == 0x483d65646f630000
}

/** Reads from the end back to `dyno=`; false when that isn't met, or a number is unusual. */
function readTail(start: usize, end: usize): bool {
  connect = service = size = -1
  status = 0
  isUnusual = false
  let at = end
  let base = end - 64
  let mask = blanks64(base)
  for (let tokens = 0; tokens < MAX_TAIL_TOKENS;) {
    while (mask == 0) {
      if (base <= start) return false
      base -= 64
      mask = blanks64(base)
    }
    const place = 63 - clz(mask)
    mask ^= <u64>1 << place
    const blank = base + <usize>place
    if (blank < start) return false
    const token = blank + 1
    const stop = at
    at = blank
    if (token == stop) continue
    tokens += 1
    const word = load<u64>(token)
    if (word == SERVICE) service = numberIn(token + 8, stop)
    else if (word == CONNECT) connect = numberIn(token + 8, stop)
    else if (word << 8 == STATUS) {
      status = numberIn(token + 7, stop)
      if (status < 100 || status > 999) status = 0
    } else if (word << 16 == BYTES) size = numberIn(token + 6, stop)
    else if (word << 24 == DYNO) {
      dynoStart = token + 5
      dynoEnd = stop
      return true
    }
    if (isUnusual) return false
  }
  return false
}

/** The whole number [from, end), with or without `ms`; -1 for none. */
@inline
function numberIn(from: usize, to: usize): i32 {
  const end = to - from >= 2 && load<u16>(to - 2) == MS ? to - 2 : to
  isUnusual = end - from > MAX_DIGITS
  if (isUnusual || end <= from) return -1
  let value = 0
  for (let at = from; at < end; at += 1) {
    const digit = <u32>load<u8>(at) - 48
    if (digit > 9) {
      isUnusual = true
      return -1
    }
    value = value * 10 + <i32>digit
  }
  return value
}
