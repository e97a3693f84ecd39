import { type FileHandle, open } from 'node:fs/promises'
import { existsSync, rmSync } from 'node:fs'
import { createByteWriter } from '../../codec/byte-writer.ts'
import { RECORD, closeRecord, openRecord } from '../../codec/record.ts'
import { type JournalOp, writeOps } from './journal-ops.ts'
import { segmentPath } from './segment.ts'

/**
 * Writes batches to the last segment, and syncs them: all that came while the last sync was under way go
 * together. There is no timer.
 */
export interface Journal {
  /** Takes a batch; resolves when it is on disk. A batch that is taken later is written after it. */
  write(ops: readonly JournalOp[]): Promise<void>
  /** Resolves when all that was taken is on disk. */
  synced(): Promise<void>
  /** Where the next batch begins: its segment and its place there, bytes. */
  position(): { readonly segment: number; readonly at: number }
  /**
   * Resolves when all is written. After a write has failed it cuts off what was not synced, and may be called again
   * when it rejects: the system may show bytes that never reach the disk.
   */
  close(): Promise<void>
}

export interface JournalOptions {
  readonly folder: string
  /** The segment to begin, and how long the one before it is. */
  readonly segment: number
  readonly before: number
  readonly segmentBytes: number
  /** Takes each segment that is full, when it is on disk. */
  readonly onSealed: (segment: number, length: number) => void
  readonly onFault: (error: unknown) => void
}

interface Waiting {
  readonly bytes: Buffer
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export function createJournal(options: JournalOptions): Journal {
  const { folder, segmentBytes, onSealed, onFault } = options
  const writer = createByteWriter()
  let { segment } = options
  let at = 0
  let file: FileHandle | undefined
  let openSegment = -1
  /** How much of the open segment is on disk, bytes. */
  let syncedAt = 0
  let waiting: { segment: number; entries: Waiting[] }[] = []
  let running: Promise<void> | undefined
  let fault: unknown
  let last: Promise<void> = Promise.resolve()

  const pack = (ops: readonly JournalOp[]): Buffer => {
    openRecord(writer)
    writeOps(writer, ops)
    return closeRecord(writer, RECORD.batch)
  }

  const enqueue = (bytes: Buffer): Promise<void> => {
    const done = new Promise<void>((resolve, reject) => {
      const entry = { bytes, resolve, reject }
      const group = waiting.at(-1)
      if (group?.segment === segment) group.entries.push(entry)
      else waiting.push({ segment, entries: [entry] })
    })
    at += bytes.length
    return done
  }

  const openFile = async (number: number) => {
    await file?.close()
    file = await open(segmentPath(folder, number), 'ax')
    openSegment = number
    syncedAt = 0
    await syncFolder(folder)
  }

  const flush = async ({ segment: number, entries }: (typeof waiting)[number]) => {
    if (openSegment !== number) await openFile(number)
    let left = entries.map(({ bytes }) => bytes)
    while (left.length > 0) {
      const { bytesWritten } = await file!.writev(left.slice(0, MAX_PARTS))
      left = dropBytes(left, bytesWritten)
    }
    await file!.datasync()
    for (const { bytes } of entries) syncedAt += bytes.length
    for (const { resolve } of entries) resolve()
  }

  const run = async () => {
    // What comes in the same turn of the event loop goes together.
    await new Promise((resolve) => setImmediate(resolve))
    while (waiting.length > 0 && fault === undefined) {
      const group = waiting.shift()!
      try {
        await flush(group)
      } catch (error) {
        fault = error
        for (const { entries } of [group, ...waiting])
          for (const { reject } of entries) reject(error)
        waiting = []
        onFault(error)
      }
    }
    // At once: what comes next begins another run.
    running = undefined
  }

  const write = (ops: readonly JournalOp[]): Promise<void> => {
    if (fault !== undefined) return Promise.reject(fault)
    if (at >= segmentBytes) {
      const full = segment
      const length = at
      const done = last
      segment += 1
      at = 0
      void done.then(
        () => onSealed(full, length),
        () => {},
      )
      enqueue(pack([{ op: 'segment', before: length }])).catch(() => {})
    }
    last = enqueue(pack(ops))
    last.catch(() => {})
    running ??= run()
    return last
  }

  enqueue(pack([{ op: 'segment', before: options.before }])).catch(() => {})
  return {
    write,
    synced: () => last,
    position: () => ({ segment, at }),
    close: async () => {
      await last.catch(() => {})
      await running
      await file?.close()
      file = undefined
      if (fault !== undefined && openSegment !== -1)
        await cutOff(segmentPath(folder, openSegment), syncedAt)
      // Nothing but its beginning is in it.
      if (openSegment === -1) rmSync(segmentPath(folder, segment), { force: true })
    },
  }
}

/** Parts of one call (IOV_MAX). */
const MAX_PARTS = 1000

function dropBytes(parts: readonly Buffer[], count: number): Buffer[] {
  let left = count
  const rest: Buffer[] = []
  for (const part of parts) {
    if (left >= part.length) left -= part.length
    else {
      rest.push(part.subarray(left))
      left = 0
    }
  }
  return rest
}

async function cutOff(path: string, length: number): Promise<void> {
  if (!existsSync(path)) return
  const file = await open(path, 'r+')
  try {
    await file.truncate(length)
    await file.datasync()
  } finally {
    await file.close()
  }
}

/** So that a new file is there after a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
