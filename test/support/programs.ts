import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Programs that tests run for real, and the Debian packages that have them. */
const PACKAGES = {
  'redis-server': 'redis-server',
  prometheus: 'prometheus',
  promtool: 'prometheus',
  chromium: 'chromium',
  tmux: 'tmux',
  openssl: 'openssl',
  awk: 'mawk',
  curl: 'curl',
} as const

export type Program = keyof typeof PACKAGES

export type FoundProgram =
  | { readonly path: string; readonly reason: undefined }
  | { readonly path: undefined; readonly reason: string }

/**
 * Where a program is, or why a test that needs it can't run. The global setup has installed what it
 * could. A CI run must not skip: there, a missing program throws.
 */
export function findProgram(name: Program): FoundProgram {
  const path = pathOf(name)
  if (path !== undefined) return { path, reason: undefined }
  const reason = `${name} isn't installed: apt-get install ${PACKAGES[name]}`
  if (process.env['CI'] === 'true') throw new Error(reason)
  return { path: undefined, reason }
}

/** Debian packages that would bring what is missing. */
export function missingPackages(): string[] {
  const missing = Object.entries(PACKAGES).filter(([name]) => pathOf(name) === undefined)
  return [...new Set(missing.map(([, packageName]) => packageName))]
}

function pathOf(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
