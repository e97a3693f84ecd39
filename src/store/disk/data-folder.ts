import { randomBytes } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  constants,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { type Server, type Socket, connect, createServer } from 'node:net'
import { once } from 'node:events'
import { join, relative, resolve } from 'node:path'
import { DataFolderError } from './data-folder-error.ts'
import { isSegmentName } from './segment.ts'

/** The folder of one store, which no other process uses at the same time. */
export interface DataFolder {
  readonly path: string
  close(): void
}

const LOCK = 'lock'
const REPLY_MS = 60_000
const MAX_REQUEST = 1000

/**
 * Takes a folder: makes it when it isn't there, and refuses one of somebody else, or in use. The lock is a
 * socket, which ends with its process however that ends; `answer` replies to requests through it.
 * Rejects with DataFolderError.
 */
export async function takeFolder(
  path: string,
  answer: (request: string) => Promise<string>,
): Promise<DataFolder> {
  checkFolder(path)
  const server = createServer({ allowHalfOpen: true }, (socket) => reply(socket, answer))
  for (let tries = 0; ; tries += 1) {
    if (await listen(server, lockPath(path))) break
    if (tries > 3 || (await isAlive(lockPath(path)))) throw inUse(path)
    await removeStale(path)
  }
  chmodSync(lockPath(path), 0o600)
  server.unref()
  return {
    path,
    // The lock is gone at once; a request under way is answered.
    close: () => void server.close(),
  }
}

/** Asks the server that has a folder; resolves with its reply, or undefined when there is none. */
export async function askFolder(path: string, request: string): Promise<string | undefined> {
  const socket = connect(lockPath(path))
  try {
    await once(socket, 'connect')
  } catch {
    return undefined
  }
  socket.setTimeout(REPLY_MS, () => socket.destroy())
  socket.end(`${request}\n`)
  let text = ''
  for await (const chunk of socket.setEncoding('utf8')) text += chunk as string
  return text
}

/** Throws DataFolderError when a folder can't be used, or holds what l2met did not write. */
function checkFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EROFS')
      throw new DataFolderError(
        `DATA_DIR: ${path} is on a disk that is read-only; mount it writable`,
      )
    if (code === 'EACCES' || code === 'EPERM')
      throw new DataFolderError(
        `DATA_DIR: this user may not write in ${path}; change its owner (chown ${process.getuid?.() ?? ''} ${path}) or set another folder`,
      )
    if (code === 'EEXIST' || code === 'ENOTDIR')
      throw new DataFolderError(`DATA_DIR: ${path} is no folder; set it to one`)
    throw new DataFolderError(`DATA_DIR: ${path} can't be used (${message})`)
  }
  const others = readdirSync(path).filter((name) => !isOwn(name))
  if (others.length > 0)
    throw new DataFolderError(
      `DATA_DIR: ${path} holds files that l2met did not write (${others.slice(0, 3).join(', ')}); set it to a folder of its own`,
    )
  const files = readdirSync(path).filter(isSegmentName)
  const uid = process.getuid?.()
  for (const name of files) {
    try {
      accessSync(join(path, name), constants.R_OK | constants.W_OK)
    } catch {
      const owner = statSync(join(path, name)).uid
      throw new DataFolderError(
        `DATA_DIR: ${join(path, name)} belongs to user ${owner}, and this is user ${uid}; change its owner (chown -R ${uid} ${path})`,
      )
    }
  }
}

/** Hidden files and lost+found come with a disk. */
function isOwn(name: string): boolean {
  return (
    isSegmentName(name) || name.startsWith(LOCK) || name.startsWith('.') || name === 'lost+found'
  )
}

/** Paths of sockets have a limit of about 100 bytes; the shorter form fits more often. */
function lockPath(path: string): string {
  const whole = resolve(path, LOCK)
  const short = relative(process.cwd(), whole)
  return short.length < whole.length ? short : whole
}

async function listen(server: Server, path: string): Promise<boolean> {
  try {
    server.listen(path)
    await once(server, 'listening')
    return true
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') return false
    throw new DataFolderError(`DATA_DIR: can't make the lock ${path} (${message})`)
  }
}

async function isAlive(path: string): Promise<boolean> {
  const socket = connect(path)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Of two that find the lock of a dead process, one moves it; the other may move that one's new lock, and puts it back. */
async function removeStale(path: string): Promise<void> {
  const aside = join(path, `${LOCK}.${randomBytes(4).toString('hex')}`)
  try {
    renameSync(lockPath(path), aside)
  } catch {
    return
  }
  if (await isAlive(aside)) {
    renameSync(aside, lockPath(path))
    throw inUse(path)
  }
  rmSync(aside, { force: true })
}

function reply(socket: Socket, answer: (request: string) => Promise<string>): void {
  let text = ''
  const take = (chunk: string) => {
    text += chunk
    const end = text.indexOf('\n')
    if (end < 0 && text.length < MAX_REQUEST) return
    socket.off('data', take)
    if (end < 0) socket.destroy()
    else void answer(text.slice(0, end)).then((line) => socket.end(line))
  }
  socket.on('error', () => socket.destroy())
  socket.on('end', () => {
    if (!text.includes('\n')) socket.destroy()
  })
  socket.unref()
  socket.setEncoding('utf8').on('data', take)
}

function inUse(path: string): DataFolderError {
  return new DataFolderError(
    `DATA_DIR: another l2met uses ${path}; stop it, or set DATA_DIR to another folder`,
  )
}
