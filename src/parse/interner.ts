import { textOf } from '../model/line.ts'

/**
 * Gives byte strings small numbers, first come first numbered, without making a string for one that
 * is known. At most `limit`, because what is named here comes from strangers.
 */
export interface Interner {
  readonly limit: number
  size: number
  /** Open addressing: 0 is free, else number + 1. */
  slots: Int32Array
  hashes: Int32Array
  starts: number[]
  pool: Uint8Array
}

export const NO_NAME = -1

export function createInterner(limit: number): Interner {
  return {
    limit,
    size: 0,
    slots: new Int32Array(16),
    hashes: new Int32Array(16),
    starts: [0],
    pool: new Uint8Array(128),
  }
}

/** The number of bytes[start, end), new or known; NO_NAME when it is new and the table is full. */
export function internName(names: Interner, bytes: Uint8Array, start: number, end: number): number {
  const hash = hashOf(bytes, start, end)
  const slot = slotOf(names, hash, bytes, start, end)
  const known = names.slots[slot]! - 1
  if (known >= 0) return known
  return names.size < names.limit ? addName(names, slot, hash, bytes, start, end) : NO_NAME
}

/** The number of bytes[start, end) if it is known, else NO_NAME. */
export function findName(names: Interner, bytes: Uint8Array, start: number, end: number): number {
  return names.slots[slotOf(names, hashOf(bytes, start, end), bytes, start, end)]! - 1
}

export function nameText(names: Interner, number: number): string {
  return textOf(names.pool, names.starts[number]!, names.starts[number + 1]!)
}

// Different in every process: nobody can prepare names that collide.
const SEED = Math.floor(Math.random() * 2 ** 31) | 1

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = SEED
  for (let i = start; i < end; i += 1) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  return hash ^ (hash >>> 15)
}

/** Where the name is, or would go. */
function slotOf(
  names: Interner,
  hash: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const mask = names.slots.length - 1
  let slot = hash & mask
  for (;;) {
    const number = names.slots[slot]! - 1
    if (number < 0) return slot
    if (names.hashes[slot] === hash && sameName(names, number, bytes, start, end)) return slot
    slot = (slot + 1) & mask
  }
}

function sameName(
  names: Interner,
  number: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  const from = names.starts[number]!
  if (names.starts[number + 1]! - from !== end - start) return false
  for (let i = 0; i < end - start; i += 1) {
    if (names.pool[from + i] !== bytes[start + i]) return false
  }
  return true
}

function addName(
  names: Interner,
  slot: number,
  hash: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const number = names.size
  const from = names.starts[number]!
  const to = from + end - start
  if (to > names.pool.length) {
    const pool = new Uint8Array(Math.max(to, names.pool.length * 2))
    pool.set(names.pool)
    names.pool = pool
  }
  names.pool.set(bytes.subarray(start, end), from)
  names.starts.push(to)
  names.slots[slot] = number + 1
  names.hashes[slot] = hash
  names.size += 1
  if (names.size * 2 > names.slots.length) grow(names)
  return number
}

function grow(names: Interner): void {
  const { slots, hashes } = names
  names.slots = new Int32Array(slots.length * 2)
  names.hashes = new Int32Array(slots.length * 2)
  const mask = names.slots.length - 1
  for (let old = 0; old < slots.length; old += 1) {
    if (slots[old] === 0) continue
    let slot = hashes[old]! & mask
    while (names.slots[slot] !== 0) slot = (slot + 1) & mask
    names.slots[slot] = slots[old]!
    names.hashes[slot] = hashes[old]!
  }
}
