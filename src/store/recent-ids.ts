import { randomBytes } from 'node:crypto'
import { IDS_KEPT_MS } from './store.ts'

/**
 * The ids of committed frames. Each is remembered for IDS_KEPT_MS at least, unless a million came
 * after it: far more than the apps of one process send in that time, and 9 MB.
 */
export interface RecentIds {
  has(app: string, id: string, now: number): boolean
  add(app: string, id: string, now: number): void
}

/** Ids of this long are forgotten together, so that forgetting costs nothing. */
const SPAN_MS = IDS_KEPT_MS / 4
const FIRST_SLOTS = 2 ** 10
const MAX_SLOTS = 2 ** 18
/** Of all sets: beyond, the oldest are forgotten. */
const MAX_ALL_SLOTS = 7 * MAX_SLOTS

/**
 * Hashes of ids, in a table with open addressing of which at most three quarters are used; a table that
 * is full is followed by a longer one. Of a hash it holds 40 bits (`high` is 0 where there is none) and
 * the place tells the others. A Set would take ten times as much, and the garbage collector's time.
 */
interface IdSet {
  readonly high: Uint32Array
  readonly low: Uint8Array
  used: number
  /** When it was begun, and when an id was last added; ms since 1970. */
  readonly since: number
  until: number
}

interface Hash {
  place: number
  high: number
  low: number
}

export function createRecentIds(): RecentIds {
  // Nobody can prepare ids that are taken for those of others.
  const bytes = randomBytes(8)
  const seeds = { a: bytes.readInt32LE(0), b: bytes.readInt32LE(4) }
  const hash: Hash = { place: 0, high: 0, low: 0 }
  /** The newest first. */
  let sets = [createSet(FIRST_SLOTS, -Infinity)]

  const turnTo = (now: number) => {
    const newest = sets[0]!
    const size = newest.high.length
    if (isFull(newest)) sets.unshift(createSet(Math.min(size * 2, MAX_SLOTS), now))
    else if (now - newest.since >= SPAN_MS) sets.unshift(createSet(sizeAfter(newest), now))
    else return
    let slots = 0
    sets = sets.filter(({ high, until }, i) => {
      slots += high.length
      return i === 0 || (until >= now - IDS_KEPT_MS && slots <= MAX_ALL_SLOTS)
    })
  }

  return {
    has: (app, id, now) => {
      turnTo(now)
      hashInto(hash, seeds, `${app}\0${id}`)
      return sets.some((set) => set.high[placeOf(set, hash)] !== 0)
    },
    add: (app, id, now) => {
      turnTo(now)
      hashInto(hash, seeds, `${app}\0${id}`)
      add(sets[0]!, hash, now)
    },
  }
}

function createSet(slots: number, since: number): IdSet {
  return {
    high: new Uint32Array(slots),
    low: new Uint8Array(slots),
    used: 0,
    since,
    until: -Infinity,
  }
}

function isFull({ used, high }: IdSet): boolean {
  return used * 4 >= high.length * 3
}

/** Of the set that follows one that had room. */
function sizeAfter({ used, high }: IdSet): number {
  return used * 4 < high.length ? Math.max(high.length / 2, FIRST_SLOTS) : high.length
}

/** 64 bits: with a million ids remembered, one new frame in twenty billion is taken for a known one. */
function hashInto(
  hash: Hash,
  seeds: { readonly a: number; readonly b: number },
  text: string,
): void {
  let { a, b } = seeds
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    a = Math.imul(a ^ code, 0x01000193)
    b = Math.imul(b ^ code, 0x5bd1e995)
    b ^= b >>> 13
  }
  const rest = finish(b ^ a)
  hash.high = finish(a) || 1
  hash.low = rest & 0xff
  hash.place = rest >>> 8
}

/** Each bit of the hash depends on all of it (murmur3's finalizer). */
function finish(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Where a hash is, or where it would go. */
function placeOf({ high, low }: IdSet, hash: Hash): number {
  const mask = high.length - 1
  let at = hash.place & mask
  while (high[at] !== 0 && (high[at] !== hash.high || low[at] !== hash.low)) at = (at + 1) & mask
  return at
}

function add(set: IdSet, hash: Hash, now: number): void {
  const at = placeOf(set, hash)
  set.until = Math.max(set.until, now)
  if (set.high[at] !== 0) return
  set.high[at] = hash.high
  set.low[at] = hash.low
  set.used += 1
}
