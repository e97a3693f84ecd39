import { hash, createHash } from 'node:crypto'
import { IDS_KEPT_MS } from '../store.ts'

/**
 * Keys in Redis. All keys of an app carry the same hash tag, so that they live in one slot of a
 * Cluster and one script can write them all. App names are anyone's text and appear only hashed, but
 * for the registry of apps, where they are values.
 *
 *   l2met:1:apps                   sorted set: app names by when they were last seen (s)
 *   l2met:1:{APP}:…                log, windows, totals and records: ../keyed/keys.ts
 *   l2met:1:{APP}:i:TURN:SHARD     ids of bodies: sets of integers, small enough to be kept as such
 *   l2met:1:{APP}:j:TURN:SHARD     the same, for apps with many bodies
 *   l2met:1:{APP}:r:PROCESS        how many batches a process has committed
 *
 * A commit writes the log, the ids and the count in one script.
 */
const PREFIX = 'l2met:1:'

export const APPS_KEY = `${PREFIX}apps`

/** Ids of this many yielder are looked up: an id is remembered for IDS_KEPT_MS to twice that. */
const TURNS = 2
const TURN_MS = IDS_KEPT_MS / (TURNS - 1)
/** Clocks of receivers differ by less, ms: so near to the next turn, its ids are looked up too. */
const SLACK_MS = 60_000
/** A set of integers becomes eight times as large beyond 512 of them (set-max-intset-entries). */
export const MAX_SMALL_SET = 500
const SMALL_SHARDS = 16
const LARGE_SHARDS = 1024

/** A process that commits nothing for so long counts from one again, s. */
export const COUNTER_TTL_S = 3600

/** How long the ids of a turn live, s. */
export const ID_TTL_S = (TURNS * TURN_MS + SLACK_MS) / 1000

/** The first part of all keys of an app. */
export function appPrefix(app: string): string {
  const tag = createHash('sha256').update(app).digest('base64url').slice(0, 12)
  return `${PREFIX}{${tag}}:`
}

export function counterKey(prefix: string, processName: string): string {
  return `${prefix}r:${processName}`
}

/** What is remembered of a frame id. */
export interface IdMember {
  /** A whole number of 63 bits, in decimal digits. */
  readonly text: string
  /** Which sets it may be in. */
  readonly shard: number
}

export function idMember(app: string, id: string): IdMember {
  const bytes = hashOfId(app, id)
  return { text: `${bytes.readBigUInt64LE() >> 1n}`, shard: bytes.readUInt16LE(8) }
}

/**
 * Gives the sets that an id may be in, those of this turn first, of each turn the small one, then the
 * large one. Near the end of a turn another receiver may be in the next one already.
 */
export function idKeysAt(prefix: string, now: number): (id: IdMember) => string[] {
  const turn = Math.floor(now / TURN_MS)
  const ages = Array.from({ length: TURNS }, (_, age) => age)
  if (now >= (turn + 1) * TURN_MS - SLACK_MS) ages.push(-1)
  const yielder = ages.map((age) => {
    const name = (turn - age).toString(36)
    return { small: `${prefix}i:${name}:`, large: `${prefix}j:${name}:` }
  })
  return ({ shard }) =>
    yielder.flatMap(({ small, large }) => [
      small + SHARDS[shard % SMALL_SHARDS]!,
      large + SHARDS[shard % LARGE_SHARDS]!,
    ])
}

const SHARDS = Array.from({ length: LARGE_SHARDS }, (_, shard) => shard.toString(36))

/**
 * Body ids are texts of their senders' choosing; Redis remembers short hashes of them, the same in all
 * receivers. With a million ids remembered, 64 bits take one new frame in 10^13 for a known one.
 */
export function hashOfId(app: string, id: string): Buffer {
  return hash('sha1', `${app}\0${id}`, 'buffer')
}
