import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PackedError, createByteReader } from '../../codec/byte-reader.ts'
import {
  CutOffError,
  NewerFormatError,
  RECORD,
  findRecord,
  nextRecord,
} from '../../codec/record.ts'
import { type JournalOp, readOps } from './journal-ops.ts'
import { DataFolderError } from './data-folder-error.ts'

/** A file of the journal: `journal-000001.l2met` and so on, without a gap. */
export interface SegmentFile {
  readonly number: number
  readonly path: string
}

export interface SegmentContent {
  readonly batches: readonly (readonly JournalOp[])[]
  /** Bytes that are no batch, with where they begin. */
  readonly damage: readonly { readonly from: number; readonly to: number }[]
  /** Where the last batch begins when the file ends before it does: a write that is under way, or was cut off. */
  readonly cutAt: number | undefined
  readonly length: number
}

const NAME = /^journal-(\d{6,9})\.l2met$/

export function segmentPath(folder: string, number: number): string {
  return join(folder, `journal-${String(number).padStart(6, '0')}.l2met`)
}

/** The segments of a folder, oldest first. */
export function segmentFiles(folder: string): SegmentFile[] {
  return readdirSync(folder)
    .flatMap((name) => {
      const number = NAME.exec(name)?.[1]
      return number === undefined ? [] : [{ number: Number(number), path: join(folder, name) }]
    })
    .toSorted((a, b) => a.number - b.number)
}

export function isSegmentName(name: string): boolean {
  return NAME.test(name)
}

/** Reads a segment. Damage costs the batches that it is in. Throws DataFolderError for one of a later version. */
export function readSegment(path: string): SegmentContent {
  const bytes = readFileSync(path)
  const batches: JournalOp[][] = []
  const damage: { from: number; to: number }[] = []
  const reader = createByteReader(bytes)
  // After damage the next batch is looked for; what that hashes in vain is bounded.
  let search = bytes.length * 16
  let cutAt: number | undefined
  while (reader.at < reader.end) {
    const from = reader.at
    try {
      const { type, content } = nextRecord(reader)
      if (type !== RECORD.batch) throw new PackedError('a record of another kind')
      batches.push(readOps(content))
    } catch (error) {
      if (!(error instanceof PackedError)) throw error
      if (error instanceof NewerFormatError)
        throw new DataFolderError(
          `DATA_DIR: a later version of l2met wrote ${path}; run that version, or set DATA_DIR to another folder`,
        )
      search -= bytes.length - from
      reader.at = search < 0 ? bytes.length : findRecord(bytes, from + 1)
      const last = damage.at(-1)
      if (last?.to !== from && (error instanceof CutOffError || isEmpty(bytes, from))) cutAt = from
      if (last?.to === from) damage[damage.length - 1] = { from: last.from, to: reader.at }
      else damage.push({ from, to: reader.at })
    }
  }
  const last = damage.at(-1)
  const isCut = last !== undefined && last.to === bytes.length && last.from === cutAt
  if (isCut) damage.pop()
  return { batches, damage, cutAt: isCut ? cutAt : undefined, length: bytes.length }
}

/** After a power cut a file may be longer than what was written of it. */
function isEmpty(bytes: Buffer, from: number): boolean {
  return bytes.subarray(from).every((byte) => byte === 0)
}
