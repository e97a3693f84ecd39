import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { routerBody } from '../support/app.ts'
import { startBuiltServer } from '../support/built-server.ts'
import {
  type DrainServer,
  type HeldBodies,
  holdBodies,
  postRequest,
  startDrainServer,
} from '../support/drain-server.ts'
import { ANSWER, type RawConnection, connectRaw } from '../support/raw-http.ts'
import { noRedis, startRedis } from '../support/redis.ts'

const MIB = 2 ** 20
/** Node reads pieces of 64 KiB, and keeps one more of what nobody has asked for yet. */
const READ_AHEAD = 256 * 1024

const servers: DrainServer[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})

/** A server that counts bodies of 13 MiB. Another app may have two of the three that are left. */
async function startFull(): Promise<{ server: DrainServer; held: HeldBodies }> {
  const server = await startDrainServer()
  servers.push(server)
  const held = holdBodies(server)
  const bodies = [
    ['a', 5],
    ['a', 4],
    ['b', 3],
    ['c', 1],
  ] as const
  for (const [i, [app, mib]] of bodies.entries()) {
    const client = await server.connect()
    client.write(
      postRequest(Buffer.alloc(mib * MIB, 'x'))
        .toString('latin1')
        .replace('/logs', `/logs?app=${app}`),
    )
    await expect.poll(held.waiting).toBe(i + 1)
  }
  return { server, held }
}

const CHUNKED = 'POST /logs HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n'
const CHUNK = Buffer.concat([
  Buffer.from('10000\r\n'),
  Buffer.alloc(65_536, 'y'),
  Buffer.from('\r\n'),
])

/** Sends as fast as the server reads, until the connection ends. */
function pour({ socket }: RawConnection, bytes: Buffer): void {
  const more = () => {
    while (!socket.destroyed && socket.write(bytes));
  }
  socket.on('drain', more)
  more()
}

/** What the server has read of its newest connection, once that stays as it is. */
async function readOfNewest(server: DrainServer): Promise<number> {
  const { socket } = [...server.connections].at(-1)!
  let before = -1
  while (before !== socket.bytesRead || before === 0) {
    before = socket.bytesRead
    await sleep(300)
  }
  return before
}

describe('while all room is taken', () => {
  test('a chunked body is not read, and later no further than it may be long', async () => {
    const { server, held } = await startFull()
    const client = await server.connect()
    client.write(CHUNKED)
    pour(client, CHUNK)
    expect(await readOfNewest(server)).toBeLessThan(2 * MIB + READ_AHEAD)
    const { socket } = [...server.connections].at(-1)!
    while (held.waiting() > 0) held.release()
    expect(await client.closed()).toMatch(/^HTTP\/1\.1 413 |^$/)
    expect(socket.bytesRead).toBeGreaterThan(8 * MIB)
    expect(socket.bytesRead).toBeLessThan(8 * MIB + READ_AHEAD)
    expect(server.taken).toHaveLength(4)
  })

  test('a body with a length is not read, and counted when there is room', async () => {
    const { server, held } = await startFull()
    const client = await server.connect()
    const payload = Buffer.alloc(4 * MIB, 'z')
    client.write(postRequest(payload))
    expect(await readOfNewest(server)).toBeLessThan(2 * MIB + READ_AHEAD)
    held.release()
    await expect.poll(() => server.taken.length).toBe(5)
    while (held.waiting() > 0) held.release()
    expect(await client.until(ANSWER)).toMatch(/^HTTP\/1\.1 204 /)
    expect(Buffer.compare(server.taken[4]!.bytes, payload)).toBe(0)
  })

  test('a body that finds no room in time is refused with 503, and the connection is closed', async () => {
    const { server } = await startFull()
    const client = await server.connect()
    client.write(postRequest(Buffer.alloc(4 * MIB, 'z')))
    expect(await client.closed()).toMatch(/^HTTP\/1\.1 503 [^]*connection: close/i)
    expect(server.logged).toMatchObject([{ status: 503, reason: expect.stringContaining('room') }])
    expect(server.taken).toHaveLength(4)
  })

  test('requests without a body are answered', async () => {
    const { server } = await startFull()
    const client = await server.connect()
    client.write('GET /here HTTP/1.1\r\nHost: h\r\n\r\n')
    expect(await client.until(/here$/)).toMatch(/^HTTP\/1\.1 200 /)
  })
})

test('an app that takes its share leaves room for others', async () => {
  const server = await startDrainServer()
  servers.push(server)
  const held = holdBodies(server)
  const large = postRequest(Buffer.alloc(5 * MIB, 'x'))
  for (let i = 1; i <= 2; i += 1) {
    ;(await server.connect()).write(large)
    await expect.poll(held.waiting).toBe(i)
  }
  ;(await server.connect()).write(large)
  expect(await readOfNewest(server)).toBeLessThan(2 * MIB)
  const other = await server.connect()
  other.write(postRequest('small').toString('latin1').replace('/logs', '/logs?app=other'))
  await expect.poll(held.waiting).toBe(3)
  expect(server.taken.map(({ app }) => app)).toEqual(['default', 'default', 'other'])
})

/** As in `npm start`, the Procfile and the Dockerfile. */
const START_FLAGS = '--max-semi-space-size=2'
const HAS_PROC = existsSync('/proc/self/status')

test.skipIf(noRedis !== undefined || !HAS_PROC)(
  '200 senders of 8 MB that hang up while Redis is stopped take less than 250 MB',
  async () => {
    const redis = await startRedis()
    const server = await startBuiltServer({ REDIS_URL: redis.url, NODE_OPTIONS: START_FLAGS })
    const memoryMib = (name: 'VmHWM' | 'VmRSS') => {
      const status = readFileSync(`/proc/${server.pid}/status`, 'utf8')
      const [, kib] = new RegExp(`${name}:\\s+(\\d+)`).exec(status)!
      return Number(kib) / 1024
    }
    try {
      const lines = routerBody(1000)
      const payload = Buffer.concat(Array.from({ length: 200 }, () => lines)).subarray(0, 8e6)
      redis.process().kill('SIGSTOP')
      const send = async (i: number) => {
        const sender = await connectRaw(server.origin)
        const head = `POST /logs?app=app${i % 20} HTTP/1.1\r\nHost: h\r\nContent-Length: ${payload.length}\r\n\r\n`
        sender.write(head)
        sender.write(payload)
        await sleep(2000)
        sender.socket.destroy()
        await sender.closed()
      }
      await Promise.all(Array.from({ length: 200 }, async (_, i) => send(i)))
      // A body that is sent now is behind all of them.
      const next = await connectRaw(server.origin)
      next.write(postRequest(routerBody()))
      expect(await next.until(ANSWER)).toMatch(/^HTTP\/1\.1 204 /)
      next.socket.destroy()
      // 1.6 GB were sent.
      expect(memoryMib('VmHWM')).toBeLessThan(250)
    } finally {
      redis.process().kill('SIGCONT')
      await server.stop()
      await redis.stop()
    }
  },
)
