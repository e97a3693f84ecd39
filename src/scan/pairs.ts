import { blanks, equals, orEnd } from './bytes'
import { COUNT, MEASURE, SAMPLE, UNIQUE, addMeasure, addSample, addValue, seriesOf } from './cells'
import {
  ANY_VALUE,
  CELL,
  KEY_END,
  KEY_HASH,
  LABEL,
  NUMBER,
  OTHER,
  VALUE,
  VALUE_END,
  VALUE_START,
  forgetMatches,
  found,
  matchAt,
  hashOfValue,
  keep,
  readValue,
  rehash,
} from './matches'
import { hashBytes, mix, recall, startHash } from './memo'
import { addSeen } from './seen'

/*
 * The conventions `measure# count# sample# unique#`, `source=` and `tag#`: what src/extract/convention.ts and
 * runtime.ts read, for keys, labels and units that the caller has taught.
 */

const SPACE: u8 = 32
const QUOTE: u8 = 34
const HASH: u8 = 35
const DOT: u8 = 46
const EQUALS: u8 = 61

const MAX_VALUE: f64 = 1099511627776
const KEY_KIND: u64 = 3
const VALUE_KIND: u64 = 4

export const NOTHING: i32 = 0
export const TAKEN: i32 = 1
export const UNUSUAL: i32 = 2
export const UNKNOWN_KEY: i32 = 3
export const UNKNOWN_VALUE: i32 = 4

/**
 * Counts the values of the message [start, end); UNKNOWN_KEY and UNKNOWN_VALUE when something has to be
 * taught first. What else a value's series depends on, beside its key, unit and labels, is in `context`.
 */
export function countPairs(salt: u64, context: u64, start: usize, end: usize, time: f64): i32 {
  look(start, end)
  if (context == 0 && !hasHash && !hasEquals) return NOTHING
  forgetMatches()
  const base = mix(startHash(salt), KEY_KIND)
  let at = start
  while (at < end) {
    while (at < end && load<u8>(at) <= SPACE) at += 1
    const key = at
    at = keyStop(at, end)
    const keyEnd = at
    let value = at
    if (at < end && load<u8>(at) == EQUALS) {
      at += 1
      value = at
      // The end of a quoted value decides where the next key begins.
      if (at < end && load<u8>(at) == QUOTE) return UNUSUAL
      at = nextBlank(at, end)
      if (isQueueTime(key, keyEnd, at) || (hasQuote && hasQueueTime(key, at))) return UNUSUAL
    } else if (context != 0) return UNUSUAL
    if (!isOurs(key) && !isSource(key, keyEnd)) {
      if (isLegacy(key, keyEnd) || (hasHash && hasWord(key, at))) return UNUSUAL
      continue
    }
    if (!keep(hashBytes(base, key, keyEnd), key, keyEnd, value, at)) return UNUSUAL
  }
  if (found == 0) return NOTHING
  // Which strings are looked into is decided by what is in them.
  if (hasQuote) return UNUSUAL
  return addMatch(mix(startHash(salt ^ context), VALUE_KIND), time)
}

let hasHash: bool = false
let hasEquals: bool = false
let hasQuote: bool = false

/** Finds out which signs are anywhere in [start, end). */
@inline
function look(start: usize, end: usize): void {
  let hashes: u32 = 0
  let signs: u32 = 0
  let quotes: u32 = 0
  let at = start
  for (; at + 16 <= end; at += 16) {
    hashes |= equals(at, HASH)
    signs |= equals(at, EQUALS)
    quotes |= equals(at, QUOTE)
  }
  const rest = (<u32>1 << <u32>(end - at)) - 1
  hasHash = (hashes | (equals(at, HASH) & rest)) != 0
  hasEquals = (signs | (equals(at, EQUALS) & rest)) != 0
  hasQuote = (quotes | (equals(at, QUOTE) & rest)) != 0
}

/** Where a key ends. */
@inline
function keyStop(from: usize, end: usize): usize {
  let at = from
  let stops = orEnd(blanks(at) | equals(at, EQUALS), at, end)
  while (stops == 0) {
    at += 16
    stops = orEnd(blanks(at) | equals(at, EQUALS), at, end)
  }
  return at + <usize>ctz(stops)
}

@inline
function nextBlank(from: usize, end: usize): usize {
  let at = from
  let stops = orEnd(blanks(at), at, end)
  while (stops == 0) {
    at += 16
    stops = orEnd(blanks(at), at, end)
  }
  return at + <usize>ctz(stops)
}

/** Whether the key that ends at `equals` is `queue` or `wait`, and a number follows. */
@inline
function isQueueTime(key: usize, equals: usize, end: usize): bool {
  if (equals + 1 >= end || <u32>load<u8>(equals + 1) - 48 > 9) return false
  const length = equals - key
  if (length >= 4 && load<u32>(equals - 4) == 0x74696177) return true // wait
  return length >= 5 && load<u8>(equals - 5) == 113 && load<u32>(equals - 4) == 0x65756575 // queue
}

/** Whether there is one anywhere in the token [start, end). */
function hasQueueTime(start: usize, end: usize): bool {
  for (let at = start; at < end; at += 1) {
    if (load<u8>(at) == EQUALS && isQueueTime(start, at, end)) return true
  }
  return false
}

/** Whether one of our words is within the token [start, end), where a logger may have put it. */
function hasWord(start: usize, end: usize): bool {
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
function isPlain(start: usize, end: usize): bool {
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

function addMatch(context: u64, time: f64): i32 {
  let labels = context
  let values = 0
  for (let i = 0; i < found; i += 1) {
    const one = matchAt(i)
    const entry = recall(load<u64>(one, KEY_HASH))
    if (entry == 0) return UNKNOWN_KEY
    const kind = load<u32>(entry, 8)
    if (kind == OTHER) return UNUSUAL
    if (kind == ANY_VALUE && !isPlain(<usize>load<u32>(one, VALUE_START), <usize>load<u32>(one, VALUE_END))) return UNUSUAL
    store<u32>(one, kind, CELL)
    if (kind == VALUE || kind == ANY_VALUE) values += 1
    else if (kind == LABEL) {
      // A label without a value is none.
      if (load<u32>(one, VALUE_START) == load<u32>(one, KEY_END)) return UNUSUAL
      labels = mix(labels, load<u64>(one, KEY_HASH))
      labels = hashBytes(labels, <usize>load<u32>(one, VALUE_START), <usize>load<u32>(one, VALUE_END))
    }
  }
  if (values == 0) return NOTHING
  for (let i = 0; i < found; i += 1) {
    const one = matchAt(i)
    if (load<u32>(one, CELL) < VALUE) {
      store<u32>(one, 0, CELL)
      continue
    }
    if (!readValue(one)) return UNUSUAL
    const hash = hashOfValue(labels, one)
    store<u64>(one, hash, KEY_HASH)
    const entry = recall(hash)
    if (entry == 0) {
      rehash(labels, i)
      return UNKNOWN_VALUE
    }
    const cell = load<u32>(entry, 8)
    const kind = load<u32>(entry, 12)
    const factor = load<f64>(entry, 24)
    const number = load<f64>(one, NUMBER)
    const scaled = (load<u32>(entry, 16) != 0 ? number / factor : number * factor) + 0
    if (abs(scaled) > MAX_VALUE || (kind != SAMPLE && scaled < 0)) return UNUSUAL
    store<u32>(one, cell, CELL)
    store<f64>(one, scaled, NUMBER)
  }
  for (let i = 0; i < found; i += 1) {
    const one = matchAt(i)
    const cell = <usize>load<u32>(one, CELL)
    if (cell == 0) continue
    const kind = load<u32>(cell, 4)
    const value = load<f64>(one, NUMBER)
    if (kind == COUNT) addValue(cell, value)
    else if (kind == MEASURE) addMeasure(cell, value)
    else if (kind == SAMPLE) addSample(cell, value, time)
    else if (kind == UNIQUE) {
      const start = <usize>load<u32>(one, VALUE_START)
      addSeen(seriesOf(cell), start, <usize>load<u32>(one, VALUE_END))
    }
  }
  return TAKEN
}

/**
 * Whether a key with a `#` in it begins as ours do: a log is full of words like `#<User:0x00007f8b>`,
 * each of them another one, which would fill the table of keys.
 */
@inline
function isOurs(key: usize): bool {
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
function isLegacy(key: usize, end: usize): bool {
  if (end - key < 7 || load<u64>(key) << 8 != 0x6572757361656d00) return false
  return end - key == 7 || load<u8>(key, 7) == DOT
}
