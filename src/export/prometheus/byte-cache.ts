import type { Sketch } from '../../model/sketch.ts'
import { type BodyWriter, writeBytes } from './body-writer.ts'
import type { Sample } from './family.ts'

/** What was written of a distribution the last time, for as long as nothing comes to it. */
export interface ByteCache {
  /** What it follows from beside sketch and labels: the format, the family's name and its bounds. */
  form: string
  sketch: Sketch | undefined
  count: number
  bytes: Buffer
  length: number
}

const NONE = Buffer.alloc(0)
/** Counts get longer as they grow. */
const SPARE = 16

export function createByteCache(): ByteCache {
  return { form: '', sketch: undefined, count: 0, bytes: NONE, length: 0 }
}

/**
 * Writes a distribution by `write`, or what that wrote the last time. A sketch that is the same one and
 * has the same count is unchanged (Store.lifetime).
 */
export function writeCached(
  writer: BodyWriter,
  { row, value }: Sample<Sketch>,
  form: string,
  write: () => void,
): void {
  const kept = row?.kept
  const isKept = kept?.sketch === value && kept.count === value.count && kept.form === form
  const start = writer.length
  if (isKept) writeBytes(writer, kept.bytes.subarray(0, kept.length))
  else write()
  if (kept === undefined) return
  const length = writer.length - start
  writer.room -= length
  // Each that is shown comes by here each time, so that all together keep no more than there is room.
  if (writer.room < 0) Object.assign(kept, createByteCache())
  else if (!isKept) keep(kept, { form, sketch: value, count: value.count }, writer, start)
}

function keep(
  kept: ByteCache,
  of: Pick<ByteCache, 'form' | 'sketch' | 'count'>,
  { bytes, length }: BodyWriter,
  start: number,
): void {
  Object.assign(kept, of)
  kept.length = length - start
  if (kept.bytes.length < kept.length) kept.bytes = Buffer.allocUnsafeSlow(kept.length + SPARE)
  bytes.copy(kept.bytes, 0, start, length)
}
