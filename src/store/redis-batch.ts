import type { Accumulator } from '../model/accumulator.ts'
import type { Packer } from './packer.ts'
import { counterKey, idKeys, idMember, lifetimeKey, windowKey } from './redis-keys.ts'
import { COARSE_MS, FINE_KEPT_MS, FINE_MS, type Frame } from './store.ts'

/** A batch of frames of one app, packed: it can be sent again without the frames. */
export interface Batch {
  readonly app: string
  /** What stands before the last part of all keys of the app. */
  readonly prefix: string
  readonly ids: readonly bigint[]
  /** Of each id, the index of its frame. */
  readonly frames: readonly number[]
  /** By fine window. */
  readonly parts: readonly Part[]
}

/** What a batch adds to one fine window, to its coarse window and to the lifetime window. */
export interface Part {
  readonly packed: Buffer
  readonly fine: FiniteWindow
  readonly coarse: FiniteWindow
}

export interface FiniteWindow {
  readonly key: string
  /** ms since 1970. */
  readonly end: number
  /** s since 1970. */
  readonly expires: number
}

/** How long an app's lifetime window outlives its last frame, s. */
export const LIFETIME_TTL_S = 30 * 86_400

export function packBatch(
  app: string,
  prefix: string,
  frames: readonly Frame[],
  retentionMs: number,
  packer: Packer,
): Batch {
  const byStart = new Map<number, Accumulator[]>()
  for (const { deltas } of frames) {
    for (const { start, acc } of deltas) {
      const accs = byStart.get(start)
      if (accs === undefined) byStart.set(start, [acc])
      else accs.push(acc)
    }
  }
  const windowAt = (start: number, width: typeof FINE_MS | typeof COARSE_MS, keptMs: number) => ({
    key: windowKey(prefix, width, start),
    end: start + width,
    expires: Math.ceil((start + width + keptMs) / 1000),
  })
  const parts = [...byStart].map(([start, accs]) => ({
    packed: packer.packAccumulators(accs),
    fine: windowAt(start, FINE_MS, FINE_KEPT_MS),
    coarse: windowAt(start - (start % COARSE_MS), COARSE_MS, retentionMs),
  }))
  const ids: bigint[] = []
  const framesOfIds: number[] = []
  for (const [frame, { id }] of frames.entries()) {
    if (id === undefined) continue
    ids.push(idMember(app, id))
    framesOfIds.push(frame)
  }
  return { app, prefix, ids, frames: framesOfIds, parts }
}

/** What the commit script gets. */
export function commitArguments(
  { prefix, ids, parts }: Batch,
  processName: string,
  now: number,
): { keys: string[]; args: (string | Buffer)[] } {
  const keys = [counterKey(prefix, processName), lifetimeKey(prefix)]
  const args: (string | Buffer)[] = [
    `${parts.length}`,
    `${Math.floor(now / 1000) + LIFETIME_TTL_S}`,
  ]
  for (const { packed, fine, coarse } of parts) {
    keys.push(fine.key, coarse.key)
    args.push(packed, `${fine.expires}`, `${coarse.expires}`)
  }
  for (const id of ids) {
    keys.push(...idKeys(prefix, id, now))
    args.push(`${id}`)
  }
  return { keys, args }
}

export function sizeOf({ parts, ids }: Batch): number {
  return parts.reduce((size, { packed }) => size + packed.length, ids.length * 32 + 512)
}
