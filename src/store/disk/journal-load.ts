import { closeSync, fdatasyncSync, openSync, rmSync, truncateSync } from 'node:fs'
import { type SegmentContent, readSegment, segmentFiles, segmentPath } from './segment.ts'
import type { ValueIndex } from './value-index.ts'

/** The segments of a folder after they were read. */
export interface LoadedJournal {
  /** By number: the bytes of each segment. */
  readonly sizes: Map<number, number>
  /** The number of the last one; 0 when there is none. */
  readonly newest: number
}

interface LoadOptions {
  readonly folder: string
  readonly index: ValueIndex
  /** Takes the ids of bodies, s since 1970. */
  readonly onId: (app: string, id: Buffer, time: number) => void
  readonly warn: (details: object, text: string) => void
}

/** Reads all segments into the index, and logs what is damaged or missing. Throws DataFolderError. */
export function loadJournal({ folder, index, onId, warn }: LoadOptions): LoadedJournal {
  const sizes = new Map<number, number>()
  const found = segmentFiles(folder)
  let before: { number: number; length: number } | undefined
  for (const { number, path } of found) {
    const content = readSegment(path)
    const { batches, cutAt, length } = content
    const isLast = number === found.at(-1)!.number
    if (before !== undefined && number !== before.number + 1)
      warn(
        { folder, from: before.number + 1, to: number - 1 },
        'Files of the journal are missing: what they held is lost',
      )
    const [first] = batches[0] ?? []
    if (first?.op === 'segment' && before?.number === number - 1 && first.before > before.length)
      warn(
        { file: segmentPath(folder, before.number), bytes: first.before - before.length },
        'A file of the journal is too short: what its end held is lost',
      )
    noteDamage(path, content, isLast, warn)
    for (const op of batches.flat()) {
      if (op.op === 'id') onId(op.app, op.id, op.time)
      // A copy, because the whole file would stay in memory with a part of it.
      else if ('value' in op) index.apply({ ...op, value: Buffer.from(op.value) }, number)
      else index.apply(op, number)
    }
    const size = isLast ? (cutAt ?? length) : length
    sizes.set(number, size)
    before = { number, length: size }
    if (isLast && isUnused(content, number)) {
      rmSync(path)
      sizes.delete(number)
      return { sizes, newest: number - 1 }
    }
  }
  if (before !== undefined) syncFile(segmentPath(folder, before.number))
  return { sizes, newest: before?.number ?? 0 }
}

/** Of a start that wrote nothing there is only a file without batches: its number is used again. */
function isUnused({ batches, damage }: SegmentContent, number: number): boolean {
  return number > 1 && damage.length === 0 && batches.flat().every(({ op }) => op === 'segment')
}

function noteDamage(
  path: string,
  { damage, cutAt, length }: SegmentContent,
  isLast: boolean,
  warn: LoadOptions['warn'],
): void {
  if (length === 0 && !isLast) warn({ file: path }, 'A file of the journal is empty')
  const cut = cutAt === undefined ? [] : [{ from: cutAt, to: length }]
  for (const { from, to } of isLast ? damage : [...damage, ...cut])
    warn(
      { file: path, from, bytes: to - from },
      'A file of the journal is damaged: what was there is lost; the rest is kept',
    )
  if (!isLast || cutAt === undefined) return
  warn(
    { file: path, from: cutAt, bytes: length - cutAt },
    'The end of the journal is no whole batch, and is removed: a write that was cut off, and not acknowledged',
  )
  truncateSync(path, cutAt)
}

/** A process that died may have left bytes that are not on disk yet; from now on their batches count as known. */
function syncFile(path: string): void {
  const file = openSync(path, 'r+')
  try {
    fdatasyncSync(file)
  } finally {
    closeSync(file)
  }
}
