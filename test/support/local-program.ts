import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DIST } from './built-server.ts'

export const LOCAL = join(DIST, 'bin/local.js')

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface LocalInput {
  readonly stdin?: string | Buffer
  readonly env?: Record<string, string>
  readonly cwd?: string
}

/** Runs the built `l2met-local` with nothing but PATH and `env` in its environment. */
export async function runLocal(args: readonly string[], input: LocalInput = {}): Promise<Outcome> {
  const { stdin, env, cwd } = input
  const child = spawn(process.execPath, [LOCAL, ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    cwd,
    stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  if (stdin !== undefined) {
    // The program may end before it has read all.
    child.stdin!.on('error', () => {})
    child.stdin!.end(stdin)
  }
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

/** A folder that is gone after the test. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'l2met-local-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export function writeLog(folder: string, name: string, content: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

/** One router line as `heroku logs` prints it. */
export function routerLine(fields: {
  readonly time: string
  readonly method?: string
  readonly path?: string
  readonly dyno?: string
  readonly connect?: string
  readonly service?: string
  readonly status?: number
  readonly code?: string
}): string {
  const { time, method = 'GET', path = '/', dyno = 'web.1', status = 200, code } = fields
  const { connect = '1ms', service = '10ms' } = fields
  const at = code === undefined ? 'at=info' : `at=error code=${code} desc="as it is"`
  return `${time} heroku[router]: ${at} method=${method} path="${path}" host=app.example request_id=8601b555-6a83-4c12-8269-97c8e32cdb22 fwd="192.0.2.7" dyno=${dyno} connect=${connect} service=${service} status=${status} bytes=512 protocol=https`
}
