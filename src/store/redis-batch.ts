import type { Accumulator } from '../model/accumulator.ts'
import type { Packer } from './packer.ts'
import {
  ID_TTL_S,
  appPrefix,
  counterKey,
  idKeys,
  idMember,
  lifetimeKey,
  windowKey,
} from './redis-keys.ts'
import { COARSE_MS, FINE_KEPT_MS, FINE_MS, type Frame } from './store.ts'

/** A batch of frames of one app, packed: it can be sent again without the frames. */
export interface Batch {
  readonly app: string
  readonly prefix: string
  readonly ids: readonly bigint[]
  /** Of each id, the index of its frame. */
  readonly frames: readonly number[]
  readonly packed: readonly Buffer[]
  readonly appends: readonly Append[]
}

export interface Append {
  readonly key: string
  /** Undefined for the lifetime window. */
  readonly end: number | undefined
  /** Index in `packed`. */
  readonly packed: number
  /** s since 1970; undefined for the lifetime window. */
  readonly expires: number | undefined
}

/** How long an app's lifetime window outlives its last frame, s. */
export const LIFETIME_TTL_S = 30 * 86_400
/** A process that commits nothing for so long counts from one again, s. */
export const COUNTER_TTL_S = 3600
/** Sets of integers stay compact up to 512 members (set-max-intset-entries). */
const SMALL_SET = 500

export function packBatch(
  app: string,
  frames: readonly Frame[],
  retentionMs: number,
  packer: Packer,
): Batch {
  const prefix = appPrefix(app)
  const byStart = new Map<number, Accumulator[]>()
  for (const { start, acc } of frames.flatMap(({ deltas }) => deltas)) {
    const accs = byStart.get(start)
    if (accs === undefined) byStart.set(start, [acc])
    else accs.push(acc)
  }
  const appends: Append[] = []
  const packed = [...byStart].map(([start, accs], i) => {
    const coarse = start - (start % COARSE_MS)
    const key = (width: typeof FINE_MS | typeof COARSE_MS, at: number, keptMs: number): Append => ({
      key: windowKey(prefix, width, at),
      end: at + width,
      packed: i,
      expires: Math.ceil((at + width + keptMs) / 1000),
    })
    appends.push(key(FINE_MS, start, FINE_KEPT_MS), key(COARSE_MS, coarse, retentionMs))
    appends.push({ key: lifetimeKey(prefix), end: undefined, packed: i, expires: undefined })
    return packer.packAccumulators(accs)
  })
  const withId = frames.flatMap(({ id }, frame) => (id === undefined ? [] : [{ id, frame }]))
  return {
    app,
    prefix,
    ids: withId.map(({ id }) => idMember(app, id)),
    frames: withId.map(({ frame }) => frame),
    packed,
    appends,
  }
}

/** What the commit script gets. */
export function commitArguments(
  batch: Batch,
  processName: string,
  now: number,
): { keys: string[]; args: (string | Buffer)[] } {
  const { prefix, ids, packed, appends } = batch
  const keys = [counterKey(prefix, processName), ...appends.map(({ key }) => key)]
  const args: (string | Buffer)[] = [
    `${appends.length}`,
    `${packed.length}`,
    `${COUNTER_TTL_S}`,
    `${ID_TTL_S}`,
    `${SMALL_SET}`,
    ...packed,
  ]
  const lifetimeExpires = Math.floor(now / 1000) + LIFETIME_TTL_S
  for (const append of appends) {
    args.push(`${append.packed + 1}`, `${append.expires ?? lifetimeExpires}`)
  }
  for (const id of ids) {
    keys.push(...idKeys(prefix, id, now))
    args.push(`${id}`)
  }
  return { keys, args }
}

export function sizeOf(batch: Batch): number {
  return batch.packed.reduce((size, { length }) => size + length, batch.ids.length * 32 + 512)
}
