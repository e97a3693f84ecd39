import type { Accumulator } from '../../model/accumulator.ts'
import type { Packer } from '../../codec/packer.ts'
import { type IdMember, counterKey, idKeysAt, idMember } from './keys.ts'
import type { KeyType } from './quarantine.ts'
import { TOTALS_TTL_S, appendLogKey } from '../keyed/keys.ts'
import type { CommitBody } from '../store.ts'

/** A batch of frames of one app, packed: it can be sent again without the frames. */
export interface Batch {
  readonly app: string
  /** The first part of all keys of the app. */
  readonly prefix: string
  readonly ids: readonly IdMember[]
  /** Of each id, the index of its frame. */
  readonly frames: readonly number[]
  /** Of the fine windows that it adds to, ms since 1970. */
  readonly starts: readonly number[]
  /** The bytes that are appended to the log. */
  readonly packed: Buffer
}

export function packBatch(
  app: string,
  prefix: string,
  frames: readonly CommitBody[],
  packer: Packer,
): Batch {
  const byStart = new Map<number, Accumulator[]>()
  const ids: IdMember[] = []
  const bodiesOfIds: number[] = []
  for (const [frame, { id, deltas }] of frames.entries()) {
    for (const { start, acc } of deltas) {
      const accs = byStart.get(start)
      if (accs === undefined) byStart.set(start, [acc])
      else accs.push(acc)
    }
    if (id === undefined) continue
    ids.push(idMember(app, id))
    bodiesOfIds.push(frame)
  }
  const packed = concatAlone([...byStart].map(([start, accs]) => packer.packEntries(start, accs)))
  return { app, prefix, ids, frames: bodiesOfIds, starts: [...byStart.keys()], packed }
}

/** In memory of their own: they are kept for some seconds, and Buffer.concat would keep a larger one alive. */
function concatAlone(chunks: readonly Buffer[]): Buffer {
  const bytes = Buffer.allocUnsafeSlow(chunks.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

/** What the commit script gets; `least` is the count of the process's batches that is known. */
export function commitArguments(
  { prefix, ids, packed }: Batch,
  processName: string,
  now: number,
  least = 0,
): { keys: string[]; args: (string | Buffer)[] } {
  const keys = [counterKey(prefix, processName), appendLogKey(prefix)]
  const expires = Math.floor(now / 1000) + TOTALS_TTL_S
  const args: (string | Buffer)[] = [packed, `${expires}`, `${least}`]
  const keysOf = idKeysAt(prefix, now)
  for (const id of ids) {
    keys.push(...keysOf(id))
    args.push(id.text)
  }
  return { keys, args }
}

/** The types of so many keys of a commit. */
export function keyTypes(keys: number): KeyType[] {
  return Array.from({ length: keys }, (_, i) => (i < 2 ? 'string' : 'set'))
}

export function sizeOf({ packed, ids }: Batch): number {
  return packed.length + ids.length * 128 + 512
}
