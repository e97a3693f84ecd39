import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A disk of its own, in memory. */
export interface Mount {
  readonly path: string
  readonly remount: (mode: 'ro' | 'rw') => void
  readonly stop: () => void
}

/** `size` as `2m`. Throws when this user may not mount. */
export function mountDisk(size: string): Mount {
  const path = mkdtempSync(join(tmpdir(), 'l2met-disk-'))
  try {
    mount('-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', path)
  } catch (error) {
    rmSync(path, { recursive: true })
    throw error
  }
  return {
    path,
    remount: (mode) => mount('-o', `remount,${mode}`, path),
    stop: () => {
      execFileSync('umount', ['--lazy', path], { stdio: 'pipe' })
      rmSync(path, { recursive: true })
    },
  }
}

/** Why no disk can be mounted here; undefined when one can. */
export function noMounts(): string | undefined {
  try {
    mountDisk('1m').stop()
    return undefined
  } catch (error) {
    return `this user may not mount a disk (${(error as Error).message.trim()})`
  }
}

function mount(...args: string[]): void {
  execFileSync('mount', args, { stdio: 'pipe' })
}
