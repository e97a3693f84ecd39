import { MEMO, MEMO_ENTRY, MEMO_SLOTS } from './memory'

/*
 * What the caller taught: an open-addressing table from 64-bit hashes to a few words. A hash stands
 * for the text it was made of; its seed differs from process to process, so that nobody can prepare
 * texts that collide.
 */

/** A small table stays in the cache; it doubles when it is three quarters full. */
const FIRST_SLOTS: u32 = 2048

const K1: u64 = 0x9e3779b97f4a7c15
const K2: u64 = 0xd6e8feb86659fd93

let seed: u64 = 0
let used: u32 = 0
let slots: u32 = FIRST_SLOTS

export function setSeed(high: u32, low: u32): void {
  seed = ((<u64>high) << 32) | <u64>low | 1
}

/** Starts the hash of something of one app and kind. */
@inline
export function startHash(salt: u64): u64 {
  return seed ^ (salt * K1)
}

@inline
export function mix(hash: u64, word: u64): u64 {
  // The product of two halves that hold the seed: what a change of a word does to it can't be told
  // without the seed, so no later word can be chosen that undoes it.
  const x = hash ^ word
  return ((x & 0xffffffff) * (x >> 32)) ^ rotl(x, 23)
}

@inline
function slotOf(hash: u64): u32 {
  return <u32>((hash * K2) >> 40) & (slots - 1)
}

/** Goes on with the bytes [start, end); may load, and ignores, up to seven bytes past the end. */
@inline
export function hashBytes(hash: u64, start: usize, end: usize): u64 {
  let at = start
  while (at + 8 <= end) {
    hash = mix(hash, load<u64>(at))
    at += 8
  }
  const rest = end - at
  const last = rest > 0 ? load<u64>(at) & ((<u64>1 << (<u64>rest << 3)) - 1) : 0
  return mix(hash, last | (<u64>(end - start) << 56))
}

/** The entry of a hash, or 0: four u32 at 8, 12, 16, 20 and an f64 at 24. */
@inline
export function recall(hash: u64): usize {
  let slot = slotOf(hash)
  let entry = MEMO + <usize>slot * MEMO_ENTRY
  while (load<u64>(entry) != hash) {
    if (load<u64>(entry) == 0) return 0
    slot = (slot + 1) & (slots - 1)
    entry = MEMO + <usize>slot * MEMO_ENTRY
  }
  return entry
}

/** The entry of a hash, new or known; 0 when the table is full. */
export function memorize(hash: u64): usize {
  const known = recall(hash)
  if (known != 0) return known
  if (used >= (slots >> 2) * 3) {
    if (slots >= MEMO_SLOTS) return 0
    grow()
  }
  return insert(hash)
}

function insert(hash: u64): usize {
  used += 1
  let slot = slotOf(hash)
  while (load<u64>(MEMO + <usize>slot * MEMO_ENTRY) != 0) slot = (slot + 1) & (slots - 1)
  const entry = MEMO + <usize>slot * MEMO_ENTRY
  store<u64>(entry, hash)
  return entry
}

/** Doubles the table; the old one waits behind the new one meanwhile. */
function grow(): void {
  const size = <usize>slots * MEMO_ENTRY
  const old = MEMO + size * 2
  memory.copy(old, MEMO, size)
  memory.fill(MEMO, 0, size * 2)
  slots *= 2
  used = 0
  for (let from = old; from < old + size; from += MEMO_ENTRY) {
    const hash = load<u64>(from)
    if (hash != 0) memory.copy(insert(hash) + 8, from + 8, MEMO_ENTRY - 8)
  }
}

export function forgetAll(): void {
  memory.fill(MEMO, 0, <usize>slots * MEMO_ENTRY)
  slots = FIRST_SLOTS
  used = 0
}
