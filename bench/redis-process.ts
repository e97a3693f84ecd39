import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { endWithUs, freePort } from './server-process.ts'

/** A redis-server of a bench's own, whose cost can be read. */
export interface BenchRedis {
  readonly url: string
  /** Bytes, as `INFO memory` says. */
  usedMemory(): Promise<number>
  /** CPU seconds used so far. */
  cpuSeconds(): number
  /** Bytes by kind of key, as `MEMORY USAGE` says. */
  memoryByKind(): Promise<{ kind: string; keys: number; bytes: number }[]>
  stop(): Promise<void>
}

const TICKS = 100
const KINDS: Record<string, string> = {
  f: 'fine windows',
  c: 'coarse windows',
  h: 'hours, their sums',
  m: 'hours, their minutes',
  t: 'lifetime windows',
  p: 'pending windows',
  i: 'ids, small sets',
  j: 'ids, large sets',
}

export async function startBenchRedis(): Promise<BenchRedis> {
  const port = await freePort()
  const dir = mkdtempSync(join(tmpdir(), 'l2met-bench-redis-'))
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', dir, '--save', '']
  const child = spawn('redis-server', args, { stdio: ['ignore', 'ignore', 'inherit'] })
  endWithUs(child)
  const client = new Redis(port, '127.0.0.1', { retryStrategy: () => 50 })
  client.on('error', () => {})
  while (client.status !== 'ready') await sleep(10)
  return {
    url: `redis://127.0.0.1:${port}`,
    usedMemory: async () => Number(/used_memory:(\d+)/.exec(await client.info('memory'))![1]),
    cpuSeconds: () => {
      const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
      return (Number(stat[11]) + Number(stat[12])) / TICKS
    },
    memoryByKind: async () => {
      const found = new Map<string, { keys: number; bytes: number }>()
      for await (const keys of client.scanStream({ count: 1000 })) {
        for (const key of keys as string[]) {
          const kind = KINDS[key.split('}:')[1]?.[0] ?? ''] ?? 'other'
          const sum = found.get(kind) ?? { keys: 0, bytes: 0 }
          sum.keys += 1
          sum.bytes += Number(await client.memory('USAGE', key, 'SAMPLES', 0))
          found.set(kind, sum)
        }
      }
      return [...found].map(([kind, sum]) => ({ kind, ...sum }))
    },
    stop: async () => {
      client.disconnect()
      child.kill()
      await once(child, 'exit')
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
