import { blanks, equals, orEnd } from './bytes'
import { COUNT, MEASURE, SAMPLE, UNIQUE, addMeasure, addSample, addValue, seriesOf } from './cells'
import { hashBytes, memorize, mix, recall, startHash } from './memo'
import { FOUND } from './memory'
import { addSeen } from './seen'

/*
 * The conventions `measure# count# sample# unique#`, `source=` and `tag#`: what src/extract/convention.ts and
 * runtime.ts read, for keys, labels and units that the caller has taught.
 */

const SPACE: u8 = 32
const QUOTE: u8 = 34
const HASH: u8 = 35
const PLUS: u8 = 43
const MINUS: u8 = 45
const DOT: u8 = 46
const EQUALS: u8 = 61

const MAX_FOUND: i32 = 32
const MAX_EXACT_DIGITS: i32 = 15
const MAX_VALUE: f64 = 1099511627776
const KEY_KIND: u64 = 3
const VALUE_KIND: u64 = 4

// What a key is; 0 is for one that means nothing.
const LABEL: u32 = 1
const VALUE: u32 = 2
/** A value of a unique series, which is no number. */
const ANY_VALUE: u32 = 3
/** For the caller to count. */
const OTHER: u32 = 4

/*
 * What was found on the line, for the caller to teach: key start and end, value start and end, where
 * its unit starts (u32 each), then the hash of key, unit and labels, the number, and its cell.
 */
const FOUND_SIZE: usize = 48
const KEY_START = 0
const KEY_END = 4
const VALUE_START = 8
const VALUE_END = 12
const UNIT_START = 16
const CELL = 20
const KEY_HASH = 24
const NUMBER = 32

/** How many keys and values are in FOUND. */
export let found: i32 = 0

export const NOTHING: i32 = 0
export const TAKEN: i32 = 1
export const UNUSUAL: i32 = 2
export const UNKNOWN_KEY: i32 = 3
export const UNKNOWN_VALUE: i32 = 4

let numberEnd: usize = 0

/**
 * Counts the values of the message [start, end); UNKNOWN_KEY and UNKNOWN_VALUE when something has to be
 * taught first. What else a value's series depends on, beside its key, unit and labels, is in `context`.
 */
export function countPairs(salt: u64, context: u64, start: usize, end: usize, time: f64): i32 {
  found = 0
  const base = mix(startHash(salt), KEY_KIND)
  let at = start
  while (at < end) {
    while (at < end && load<u8>(at) <= SPACE) at += 1
    const key = at
    let stops = keyStops(at, end)
    let hasHash = false
    while (stops == 0) {
      hasHash = hasHash || equals(at, HASH) != 0
      at += 16
      stops = keyStops(at, end)
    }
    const before = (stops & -stops) - 1
    hasHash = hasHash || (equals(at, HASH) & before) != 0
    at += <usize>ctz(stops)
    const keyEnd = at
    let value = at
    if (at < end && load<u8>(at) == EQUALS) {
      at += 1
      value = at
      // The end of a quoted value decides where the next key begins.
      if (at < end && load<u8>(at) == QUOTE) return UNUSUAL
      at = nextBlank(at, end)
    }
    if (!hasHash && !isSource(key, keyEnd)) {
      if (isLegacy(key, keyEnd)) return UNUSUAL
      continue
    }
    if (found == MAX_FOUND) return UNUSUAL
    keep(base, key, keyEnd, value, at)
    found += 1
  }
  if (found == 0) return NOTHING
  return addFound(mix(startHash(salt ^ context), VALUE_KIND), time)
}

/** Where a key may end. */
@inline
function keyStops(at: usize, end: usize): u32 {
  return orEnd(blanks(at) | equals(at, EQUALS), at, end)
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

function addFound(context: u64, time: f64): i32 {
  let labels = context
  let values = 0
  for (let i = 0; i < found; i += 1) {
    const one = FOUND + <usize>i * FOUND_SIZE
    const entry = recall(load<u64>(one, KEY_HASH))
    if (entry == 0) return UNKNOWN_KEY
    const kind = load<u32>(entry, 8)
    if (kind == OTHER) return UNUSUAL
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
    const one = FOUND + <usize>i * FOUND_SIZE
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
    const one = FOUND + <usize>i * FOUND_SIZE
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

/** Leaves in FOUND the hash that each value has to be taught under; 0 for what is none. */
function rehash(labels: u64, from: i32): void {
  for (let i = from; i < found; i += 1) {
    const one = FOUND + <usize>i * FOUND_SIZE
    if (i > from) {
      if (load<u32>(one, CELL) < VALUE || !readValue(one)) {
        store<u64>(one, 0, KEY_HASH)
        continue
      }
      store<u64>(one, hashOfValue(labels, one), KEY_HASH)
    }
  }
}

@inline
function hashOfValue(labels: u64, one: usize): u64 {
  const key = mix(labels, load<u64>(one, KEY_HASH))
  return hashBytes(key, <usize>load<u32>(one, UNIT_START), <usize>load<u32>(one, VALUE_END))
}

/**
 * Teaches what the key number `i` of the line is: 0 nothing, 1 a label, 2 a value, 3 one of a unique series, 4
 * something else.
 */
export function learnKey(i: i32, kind: u32): bool {
  const entry = memorize(load<u64>(FOUND + <usize>i * FOUND_SIZE, KEY_HASH))
  if (entry == 0) return false
  store<u32>(entry, kind, 8)
  return true
}

/** Teaches where the value number `i` of the line is counted, and the factor of its unit. */
export function learnValue(i: i32, cell: u32, kind: u32, divides: u32, factor: f64): bool {
  const hash = load<u64>(FOUND + <usize>i * FOUND_SIZE, KEY_HASH)
  const entry = memorize(hash)
  if (entry == 0) return false
  store<u32>(entry, cell, 8)
  store<u32>(entry, kind, 12)
  store<u32>(entry, divides, 16)
  store<f64>(entry, factor, 24)
  return true
}

@inline
function keep(base: u64, key: usize, keyEnd: usize, value: usize, valueEnd: usize): void {
  const one = FOUND + <usize>found * FOUND_SIZE
  store<u32>(one, <u32>key, KEY_START)
  store<u32>(one, <u32>keyEnd, KEY_END)
  store<u32>(one, <u32>value, VALUE_START)
  store<u32>(one, <u32>valueEnd, VALUE_END)
  store<u64>(one, hashBytes(base, key, keyEnd), KEY_HASH)
}

/** Reads the number of a value, and where its unit starts. A key without a value means one. */
function readValue(one: usize): bool {
  const start = <usize>load<u32>(one, VALUE_START)
  const end = <usize>load<u32>(one, VALUE_END)
  if (load<u32>(one, CELL) == ANY_VALUE) {
    store<u32>(one, <u32>end, UNIT_START)
    store<f64>(one, 0, NUMBER)
    return true
  }
  let at = start
  let value: f64 = 1
  if (start < end) {
    const sign = load<u8>(at)
    if (sign == MINUS || sign == PLUS) at += 1
    let mantissa: u64 = 0
    let digits = 0
    let decimals = -1
    for (; at < end; at += 1) {
      const byte = load<u8>(at)
      const digit = <u32>byte - 48
      if (digit <= 9) {
        mantissa = mantissa * 10 + <u64>digit
        digits += 1
        if (decimals >= 0) decimals += 1
      } else if (byte == DOT && decimals < 0) decimals = 0
      else break
    }
    if (digits == 0 || digits > MAX_EXACT_DIGITS) return false
    // An exponent is rare.
    if (at < end && (load<u8>(at) | 32) == 101) return false
    value = <f64>mantissa
    if (decimals > 0) value /= power(decimals)
    if (sign == MINUS) value = -value
  }
  store<u32>(one, <u32>at, UNIT_START)
  store<f64>(one, value, NUMBER)
  return true
}

function power(exponent: i32): f64 {
  let value: u64 = 1
  for (let i = 0; i < exponent; i += 1) value *= 10
  return <f64>value
}

/** `source`. */
@inline
function isSource(key: usize, end: usize): bool {
  return end - key == 6 && load<u32>(key) == 0x72756f73 && load<u16>(key, 4) == 0x6563
}

/** `measure.` at the start. */
@inline
function isLegacy(key: usize, end: usize): bool {
  return end - key >= 8 && load<u64>(key) == 0x2e6572757361656d
}
