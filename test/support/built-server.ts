import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export const DIST = join(import.meta.dirname, '../../dist')

export interface BuiltServer {
  /** Like `http://127.0.0.1:41234`. */
  readonly origin: string
  /** Stops it with SIGTERM and gives its exit code. */
  stop(): Promise<number | null>
}

/** Starts the built `l2met` on a free port, with nothing but `env` in its environment. */
export async function startBuiltServer(env: Record<string, string> = {}): Promise<BuiltServer> {
  const server = spawn(process.execPath, [join(DIST, 'bin/serve.js')], {
    env: { PATH: process.env['PATH'] ?? '', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(server, 'exit') as Promise<[number | null]>
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
    exited.then(([code]) => {
      throw new Error(`l2met ended with ${code} instead of listening:\n${said}`)
    }),
  ])
  return {
    origin: origin.replace('[::]', '127.0.0.1').replace('0.0.0.0', '127.0.0.1'),
    stop: async () => {
      server.kill('SIGTERM')
      return (await exited)[0]
    },
  }
}
