import { randomBytes } from 'node:crypto'
import { IDS_KEPT_MS } from './store.ts'

/**
 * The ids of committed frames. Each is remembered for IDS_KEPT_MS at least, unless MAX_IDS came after
 * it: far more than the apps of one process send in that time, and 25 MB.
 */
export interface RecentIds {
  has(app: string, id: string, now: number): boolean
  add(app: string, id: string, now: number): void
}

// Whole generations are forgotten, so that forgetting costs nothing.
const GENERATIONS = 3
const GENERATION_MS = IDS_KEPT_MS / (GENERATIONS - 1)
const MAX_IDS = 2 ** 19
const FIRST_SLOTS = 2 ** 10

/**
 * A set of whole numbers above zero: a table with open addressing, at most half of which is used. A Set
 * would take five times as much memory and have the garbage collector look at every number.
 */
interface NumberSet {
  slots: Float64Array
  used: number
}

export function createRecentIds(): RecentIds {
  // Nobody can prepare ids that are taken for those of others.
  const bytes = randomBytes(8)
  const seeds = { a: bytes.readInt32LE(0), b: bytes.readInt32LE(4) }
  /** The newest first. */
  let generations = [createSet(), createSet(), createSet()]
  let since = 0

  const turn = (now: number) => {
    generations = [createSet(), ...generations.slice(0, -1)]
    since = now
  }

  const turnTo = (now: number) => {
    const due = Math.min(Math.floor((now - since) / GENERATION_MS), GENERATIONS)
    for (let i = 0; i < due; i += 1) turn(now)
    if (generations[0]!.used >= MAX_IDS) turn(now)
  }

  return {
    has: (app, id, now) => {
      turnTo(now)
      const number = numberOf(seeds, app, id)
      return generations.some((generation) => has(generation, number))
    },
    add: (app, id, now) => {
      turnTo(now)
      add(generations[0]!, numberOf(seeds, app, id))
    },
  }
}

/** 53 bits: with a million ids remembered, one new frame in nine billion is taken for a known one. */
function numberOf(seeds: { readonly a: number; readonly b: number }, app: string, id: string) {
  const text = `${app}\0${id}`
  let { a, b } = seeds
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    a = Math.imul(a ^ code, 0x01000193)
    b = Math.imul(b ^ code, 0x5bd1e995)
    b ^= b >>> 13
  }
  return finish(a) * 2 ** 21 + (finish(b ^ a) >>> 11) + 1
}

/** Each bit of the hash depends on all of it (murmur3's finalizer). */
function finish(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

function createSet(): NumberSet {
  return { slots: new Float64Array(FIRST_SLOTS), used: 0 }
}

/** Where a number is, or where it would go. */
function placeOf(slots: Float64Array, number: number): number {
  const mask = slots.length - 1
  let at = (number / 2 ** 21) & mask
  while (slots[at] !== 0 && slots[at] !== number) at = (at + 1) & mask
  return at
}

function has({ slots }: NumberSet, number: number): boolean {
  return slots[placeOf(slots, number)] === number
}

function add(set: NumberSet, number: number): void {
  if ((set.used + 1) * 2 > set.slots.length) {
    const { slots } = set
    set.slots = new Float64Array(slots.length * 2)
    for (const known of slots) if (known !== 0) set.slots[placeOf(set.slots, known)] = known
  }
  const at = placeOf(set.slots, number)
  if (set.slots[at] === number) return
  set.slots[at] = number
  set.used += 1
}
