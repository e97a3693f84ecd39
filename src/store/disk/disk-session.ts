import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DataFolderError, folderFault } from './data-folder-error.ts'
import { type DataFolder, takeFolder } from './data-folder.ts'
import type { DiskValues } from './disk-values.ts'

/**
 * The values of a folder while the server runs. After a write has failed, memory holds what is not on disk: nothing
 * can be used until the folder can be written again and was read again.
 */
export interface DiskSession {
  /** Resolves when the folder is read; rejects with DataFolderError when it can't be used. */
  readonly ready: Promise<void>
  /** The values; throws when they can't be used now. */
  readonly usable: () => DiskValues
  /** The same, and throws when the folder has reached its limit. */
  readonly writable: () => DiskValues
  /** Why lines can't be taken now; undefined when they can. */
  readonly fault: () => string | undefined
  noteFault(error: unknown): void
  close(): Promise<void>
}

export interface DiskSessionOptions {
  readonly folder: string
  readonly maxBytes: number
  /** Garbage is looked for, ms. */
  readonly collectMs?: number | undefined
  /** Reads the folder. Throws DataFolderError. */
  readonly open: () => DiskValues
  /** Replies to requests of other processes. */
  readonly answer: (request: string) => Promise<string>
  readonly warn: (details: object, text: string) => void
}

const COLLECT_MS = 5000
/** After a write failed, another one is tried, ms. */
const PROBE_MS = 1000
const PROBE = '.probe'
/** So much room there has to be, bytes: else it would be full again at once. */
const PROBE_BYTES = 2 ** 18

export function createDiskSession(options: DiskSessionOptions): DiskSession {
  const { folder, maxBytes, collectMs = COLLECT_MS, open, answer, warn } = options
  let disk: DiskValues | undefined
  let taken: DataFolder | undefined
  let reason: string | undefined = 'the folder is not read yet'
  let isFull = false
  let reopening: NodeJS.Timeout | undefined
  let isClosed = false

  const usable = (): DiskValues => {
    if (disk === undefined || reason !== undefined) throw new Error(reason)
    return disk
  }

  const noteFault = (error: unknown) => {
    const before = reason
    reason = error instanceof DataFolderError ? error.message : folderFault(error, folder)
    if (before !== reason) warn({ folder, reason }, `${AWAY}; it is tried again all the time`)
    reopening ??= setTimeout(() => void reopen(), PROBE_MS).unref()
  }

  const reopen = async () => {
    reopening = undefined
    if (isClosed) return
    try {
      probe(folder)
      await disk?.close()
      disk = undefined
      if (isClosed) return
      disk = open()
      reason = undefined
      warn({ folder }, 'DATA_DIR can be written again')
    } catch (error) {
      noteFault(error)
    }
  }

  const start = async () => {
    taken = await takeFolder(folder, answer)
    try {
      disk = open()
    } catch (error) {
      if (error instanceof DataFolderError) throw error
      throw new DataFolderError(folderFault(error, folder))
    }
    reason = undefined
  }

  const limitFault = (): string =>
    `DATA_DIR: ${folder} has reached DATA_MAX_BYTES (${maxBytes}); raise it, keep less with RETENTION_HOURS, or remove apps with l2met forget`

  const noteSize = () => {
    if (disk === undefined || disk.size() > maxBytes === isFull) return
    isFull = !isFull
    if (isFull) warn({ folder, reason: limitFault() }, `${AWAY}; it is tried again all the time`)
    else warn({ folder }, 'DATA_DIR can be written again')
  }

  const collect = async () => {
    try {
      await disk?.collect()
    } catch {
      // noteFault has said why.
    }
    noteSize()
  }

  const ready = start()
  ready.catch(() => {})
  const timer = setInterval(() => void collect(), collectMs).unref()

  return {
    ready,
    usable,
    writable: () => {
      const values = usable()
      if (values.size() <= maxBytes) return values
      noteSize()
      void collect()
      throw new Error(limitFault())
    },
    fault: () => reason ?? (isFull ? limitFault() : undefined),
    noteFault,
    close: async () => {
      isClosed = true
      clearInterval(timer)
      clearTimeout(reopening)
      await ready.catch(() => {})
      await disk?.close().catch(noteFault)
      taken?.close()
    },
  }
}

const AWAY = "DATA_DIR can't be written"

/** Throws when nothing can be written. */
function probe(folder: string): void {
  const path = join(folder, PROBE)
  const file = openSync(path, 'w')
  try {
    writeSync(file, Buffer.alloc(PROBE_BYTES))
    fsyncSync(file)
  } finally {
    closeSync(file)
    rmSync(path, { force: true })
  }
}
