import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A server in a process of its own, whose cost can be read. */
export interface ServerProcess {
  readonly port: number
  /** CPU seconds used so far, user and system. */
  cpuSeconds(): number
  /** Resident memory, MB: now and at most. */
  memory(): { now: number; most: number }
  stop(): Promise<void>
}

/** Those of the Procfile. */
export const SERVER_FLAGS = ['--max-semi-space-size=2']
const TICKS = 100
const BOOT_TRIES = 200

export async function startServer(
  args: readonly string[],
  env: Record<string, string>,
): Promise<ServerProcess> {
  const port = await freePort()
  const child = spawn(process.execPath, args, {
    env: { ...process.env, LOG_LEVEL: 'warn', ...env, PORT: String(port) },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  endWithUs(child)
  await listening(port, child)
  const stat = () => readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  const status = (name: string) => {
    const line = readFileSync(`/proc/${child.pid}/status`, 'utf8').match(`${name}:\\s+(\\d+)`)
    return Number(line?.[1]) / 1024
  }
  return {
    port,
    cpuSeconds: () => (Number(stat()[11]) + Number(stat()[12])) / TICKS,
    memory: () => ({ now: status('VmRSS'), most: status('VmHWM') }),
    stop: async () => {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}

/** A bench that fails leaves nothing running behind. */
export function endWithUs(child: ChildProcess): void {
  const kill = () => child.kill()
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  for (let i = 0; i < BOOT_TRIES; i += 1) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`)
    const socket = connect(port, '127.0.0.1')
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isOpen) return
    await sleep(50)
  }
  throw new Error('the server does not listen')
}
