import { hashBytes, memorize, mix } from './memo'
import { MATCHES } from './memory'

/*
 * What was found on the line, for the caller to register: key start and end, value start and end, where
 * its unit starts (u32 each), then the hash of key, unit and labels, the number, and its cell.
 */
const FOUND_SIZE: usize = 48
const KEY_START = 0
export const KEY_END = 4
export const VALUE_START = 8
export const VALUE_END = 12
const UNIT_START = 16
export const CELL = 20
export const KEY_HASH = 24
export const NUMBER = 32

/** How many keys and values are in MATCHES. */
export let found: i32 = 0

const MAX_FOUND: i32 = 32

// What a key is; 0 is for one that means nothing.
export const LABEL: u32 = 1
export const VALUE: u32 = 2
/** A value of a unique series, which is no number. */
export const ANY_VALUE: u32 = 3
/** For the caller to count. */
export const OTHER: u32 = 4

const PLUS: u8 = 43
const MINUS: u8 = 45
const DOT: u8 = 46
const MAX_EXACT_DIGITS: i32 = 15

@inline
export function matchAt(i: i32): usize {
  return MATCHES + <usize>i * FOUND_SIZE
}

export function forgetMatches(): void {
  found = 0
}

/** Keeps a key with its hash, and its value; false when there is no more room. */
@inline
export function keep(hash: u64, key: usize, keyEnd: usize, value: usize, valueEnd: usize): bool {
  if (found == MAX_FOUND) return false
  const one = matchAt(found)
  store<u32>(one, <u32>key, KEY_START)
  store<u32>(one, <u32>keyEnd, KEY_END)
  store<u32>(one, <u32>value, VALUE_START)
  store<u32>(one, <u32>valueEnd, VALUE_END)
  store<u64>(one, hash, KEY_HASH)
  found += 1
  return true
}

/** Leaves in MATCHES the hash that each value has to be taught under; 0 for what is none. */
export function rehash(labels: u64, from: i32): void {
  for (let i = from; i < found; i += 1) {
    const one = matchAt(i)
    if (i > from) {
      if (load<u32>(one, CELL) < VALUE || !readValue(one)) {
        store<u64>(one, 0, KEY_HASH)
        continue
      }
      store<u64>(one, hashOfValue(labels, one), KEY_HASH)
    }
  }
}

/** The hash that a value is taught under, which depends on its unit and the labels. */
@inline
export function hashOfValue(labels: u64, one: usize): u64 {
  const key = mix(labels, load<u64>(one, KEY_HASH))
  return hashBytes(key, <usize>load<u32>(one, UNIT_START), <usize>load<u32>(one, VALUE_END))
}

/**
 * Teaches what the key number `i` of the line is: 0 nothing, 1 a label, 2 a value, 3 one of a unique series, 4
 * something else.
 */
export function learnKey(i: i32, kind: u32): bool {
  const entry = memorize(load<u64>(matchAt(i), KEY_HASH))
  if (entry == 0) return false
  store<u32>(entry, kind, 8)
  return true
}

/** Teaches where the value number `i` of the line is counted, and the factor of its unit. */
export function learnValue(i: i32, cell: u32, kind: u32, divides: u32, factor: f64): bool {
  const hash = load<u64>(matchAt(i), KEY_HASH)
  const entry = memorize(hash)
  if (entry == 0) return false
  store<u32>(entry, cell, 8)
  store<u32>(entry, kind, 12)
  store<u32>(entry, divides, 16)
  store<f64>(entry, factor, 24)
  return true
}

/** Reads the number of a value, and where its unit starts. A key without a value means one. */
export function readValue(one: usize): bool {
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
