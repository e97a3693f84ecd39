/** DATA_DIR can't be used; the message says why and what to do. */
export class DataFolderError extends Error {
  override name = 'DataFolderError'
}

/** Why a folder can't be used or written, and what to do, by an error of the file system. */
export function folderFault(error: unknown, folder: string): string {
  const { code, message } = error as NodeJS.ErrnoException
  const advice = ADVICE.get(code ?? '')
  const reason = advice === undefined ? ` can't be used (${message})` : advice.replace('UID', uid())
  return `DATA_DIR: ${folder}${reason.replaceAll('FOLDER', () => folder)}`
}

const ADVICE = new Map([
  ['ENOSPC', ' is on a disk that is full; make room, or keep less with RETENTION_HOURS'],
  ['EDQUOT', ' is on a disk whose quota is used up; raise it, or keep less with RETENTION_HOURS'],
  ['EROFS', ' is on a disk that is read-only; mount it writable'],
  ['EACCES', " can't be written by this user; change its owner (chown -R UID FOLDER)"],
  ['EPERM', " can't be written by this user; change its owner (chown -R UID FOLDER)"],
  ['EIO', ' is on a disk that reports errors; move the folder to another one'],
  ['EEXIST', ' is no folder; set it to one'],
  ['ENOTDIR', ' is no folder; set it to one'],
  ['ENOENT', ' is gone; put it back, or mount its disk again'],
])

function uid(): string {
  return `${process.getuid?.() ?? ''}`
}
