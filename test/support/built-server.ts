import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export const DIST = join(import.meta.dirname, '../../dist')
const SERVE = join(DIST, 'bin/serve.js')

export interface BuiltServer {
  /** Like `http://127.0.0.1:41234`. */
  readonly origin: string
  readonly pid: number
  /** What it wrote so far. */
  said(): string
  signal(name: NodeJS.Signals): void
  /** Its exit code. */
  readonly exited: Promise<number | null>
  /** Stops it with SIGTERM and gives its exit code. */
  stop(): Promise<number | null>
  /** Ends it without a word, as a crash does. */
  kill(): Promise<void>
}

/** Runs the built `l2met` to its end, with nothing but `env` in its environment, as another user with `uid`. */
export async function runBuiltServer(
  args: readonly string[],
  env: Record<string, string> = {},
  uid?: number,
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const server = spawn(process.execPath, [SERVE, ...args], {
    env: { PATH: process.env['PATH'] ?? '', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid }),
  })
  let stdout = ''
  let stderr = ''
  server.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  server.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const [code] = (await once(server, 'close')) as [number | null]
  return { code, stdout, stderr }
}

/** Starts the built `l2met` on a free port, with nothing but `env` in its environment. */
export async function startBuiltServer(env: Record<string, string> = {}): Promise<BuiltServer> {
  const server = spawn(process.execPath, [SERVE], {
    env: { PATH: process.env['PATH'] ?? '', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(server, 'close').then(([code]) => code as number | null)
  let said = ''
  const address = new Promise<string>((resolve) => {
    const read = (chunk: Buffer) => {
      said += chunk.toString()
      const match = /listens on (https?:\/\/[^\s"]+)/.exec(said)
      if (match !== null) resolve(match[1]!)
    }
    server.stdout.on('data', read)
    server.stderr.on('data', read)
  })
  const origin = await Promise.race([
    address,
    exited.then((code) => {
      throw new Error(`l2met ended with ${code} instead of listening:\n${said}`)
    }),
  ])
  return {
    origin: origin.replace('[::]', '127.0.0.1').replace('0.0.0.0', '127.0.0.1'),
    pid: server.pid!,
    said: () => said,
    signal: (name) => server.kill(name),
    exited,
    stop: () => {
      server.kill('SIGTERM')
      return exited
    },
    kill: async () => {
      server.kill('SIGKILL')
      await exited
    },
  }
}
