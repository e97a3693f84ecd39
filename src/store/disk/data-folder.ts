import { randomBytes } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { type Server, type Socket, connect, createServer } from 'node:net'
import { once } from 'node:events'
import { dirname, join, relative, resolve } from 'node:path'
import { DataFolderError, folderFault } from './data-folder-error.ts'
import { isSegmentName } from './segment.ts'

/** The folder of one store, which no other process uses at the same time. */
export interface DataFolder {
  readonly path: string
  close(): void
}

const LOCK = 'lock'
const LOCK_NAME = /^lock(\.[0-9a-f]{8})?$/
const REPLY_MS = 60_000
const MAX_REQUEST = 1000
/** The least of all systems (sun_path), bytes; Node cuts longer ones off without an error. */
const MAX_SOCKET_PATH = 103
/** The lock of a dead process is moved to a longer name. */
const ASIDE_LENGTH = 9

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
    const made = mkdirSync(path, { recursive: true, mode: 0o700 })
    if (made !== undefined) syncFolders(resolve(path), dirname(resolve(made)))
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    if (existsSync(path)) throw new DataFolderError(folderFault(error, path))
    throw new DataFolderError(creationFault(error, path))
  }
  const others = readdirSync(path).filter((name) => !isOwn(path, name))
  if (others.length > 0)
    throw new DataFolderError(
      `DATA_DIR: ${path} holds files that l2met did not write (${others.slice(0, 3).join(', ')}); set it to a folder of its own`,
    )
  for (const name of readdirSync(path).filter(isSegmentName)) {
    try {
      accessSync(join(path, name), constants.R_OK | constants.W_OK)
    } catch {
      const { uid } = statSync(join(path, name))
      throw new DataFolderError(
        `DATA_DIR: ${join(path, name)} belongs to user ${uid}, and this is user ${process.getuid?.()}; change its owner (chown -R ${process.getuid?.()} ${path})`,
      )
    }
  }
}

/** Why a folder could not be made: what mkdir says of a disk that is read-only is that there is none. */
function creationFault(error: unknown, path: string): string {
  let parent = dirname(resolve(path))
  while (!existsSync(parent)) parent = dirname(parent)
  try {
    accessSync(parent, constants.W_OK | constants.X_OK)
  } catch (reason) {
    const uid = process.getuid?.()
    return (reason as NodeJS.ErrnoException).code === 'EACCES'
      ? `DATA_DIR: this user may not make ${path}; make it (install -d -o ${uid} ${path}) or set another folder`
      : folderFault(reason, path)
  }
  return folderFault(error, path)
}

/** So that new folders are there after a power cut: from `path` up to `top`. */
function syncFolders(path: string, top: string): void {
  try {
    const folder = openSync(path, 'r')
    fsyncSync(folder)
    closeSync(folder)
  } catch (error) {
    // One of somebody else may be closed to this user; the system writes it in some seconds.
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error
  }
  if (path !== top && path !== dirname(path)) syncFolders(dirname(path), top)
}

/** Hidden files and lost+found come with a disk. */
function isOwn(path: string, name: string): boolean {
  if (LOCK_NAME.test(name)) return lstatSync(join(path, name)).isSocket()
  return isSegmentName(name) || name.startsWith('.') || name === 'lost+found'
}

/** Throws DataFolderError for a path that is too long for a socket: of the two forms the shorter one fits more often. */
function lockPath(path: string): string {
  const whole = resolve(path, LOCK)
  const short = relative(process.cwd(), whole)
  const best = Buffer.byteLength(short) < Buffer.byteLength(whole) ? short : whole
  if (Buffer.byteLength(best) > MAX_SOCKET_PATH - ASIDE_LENGTH)
    throw new DataFolderError(
      `DATA_DIR: ${path} is too long a path for the socket that locks it (${Buffer.byteLength(best)} bytes, at most ${MAX_SOCKET_PATH - ASIDE_LENGTH}); set DATA_DIR to a shorter one, or to a symbolic link`,
    )
  return best
}

async function listen(server: Server, path: string): Promise<boolean> {
  try {
    server.listen(path)
    await once(server, 'listening')
    return true
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') return false
    throw new DataFolderError(
      `DATA_DIR: can't make the lock ${path} (${message}); set DATA_DIR to a folder on a local disk`,
    )
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
