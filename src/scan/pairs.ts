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
import { hasQueueTime, hasWord, isLegacy, isOurs, isPlain, isQueueTime, isSource } from './words'

/*
 * The conventions `measure# count# sample# unique#`, `source=` and `tag#`: what src/extract/convention.ts and
 * runtime.ts read, for keys, labels and units that the caller has taught.
 */

const SPACE: u8 = 32
const QUOTE: u8 = 34
const HASH: u8 = 35
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
