import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { makeCertificate, openssl } from '../support/certificate.ts'
import {
  type DrainServer,
  holdBodies,
  postRequest,
  startDrainServer,
} from '../support/drain-server.ts'
import { ANSWER } from '../support/raw-http.ts'

const servers: DrainServer[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})

async function start(...args: Parameters<typeof startDrainServer>): Promise<DrainServer> {
  const server = await startDrainServer(...args)
  servers.push(server)
  return server
}

const GET = Buffer.from('GET /here HTTP/1.1\r\nHost: h\r\n\r\n')

function posts(count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, i) => postRequest(`${i}`)))
}

function statuses(text: string): string[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status!)
}

test('requests that come at once are answered in their order', async () => {
  const server = await start()
  const held = holdBodies(server)
  const { socket, ...client } = await server.connect()
  const last = postRequest('5', 'Connection: close')
  const posts = ['1', '2', '3', '4'].map((payload) => postRequest(payload))
  client.write(Buffer.concat([...posts.slice(0, 3), GET, posts[3]!, last]))
  await expect.poll(held.waiting).toBe(5)
  expect(server.payloads()).toEqual(['1', '2', '3', '4', '5'])
  while (held.waiting() > 0) held.release()
  expect(statuses(await client.closed())).toEqual(['204', '204', '204', '200', '204', '204'])
  socket.destroy()
})

test('a sender that ends its half of the connection is answered', async () => {
  const server = await start()
  const held = holdBodies(server)
  for (const [payload, ...headers] of [
    [Buffer.from('plain')],
    [gzipSync('packed'), 'Content-Encoding: gzip'],
  ] as [Buffer, ...string[]][]) {
    const client = await server.connect()
    client.socket.end(Buffer.concat([postRequest(payload, ...headers), postRequest('next')]))
    await expect.poll(held.waiting).toBe(2)
    held.release()
    held.release()
    expect(statuses(await client.closed())).toEqual(['204', '204'])
  }
  expect(server.payloads().toSorted()).toEqual(['next', 'next', 'packed', 'plain'])
})

test('what came whole is answered although the sender broke off in the next body', async () => {
  const server = await start()
  const held = holdBodies(server)
  const client = await server.connect()
  client.write(postRequest('1'))
  await expect.poll(held.waiting).toBe(1)
  client.socket.end(Buffer.concat([postRequest('2'), postRequest('3').subarray(0, -1)]))
  await expect.poll(held.waiting).toBe(2)
  held.release()
  held.release()
  expect(statuses(await client.closed())).toEqual(['204', '204'])
  expect(server.payloads()).toEqual(['1', '2'])
})

test('a body that breaks off counts nothing and leaves the server as it was', async () => {
  const server = await start()
  const half = postRequest('0123456789').subarray(0, -5)
  for (const isReset of [true, false]) {
    const client = await server.connect()
    client.write(half)
    await expect.poll(() => [...server.connections].some((c) => c.unanswered.length > 0)).toBe(true)
    if (isReset) client.socket.resetAndDestroy()
    else client.socket.end()
    expect(await client.closed()).toBe('')
    await expect.poll(() => [...server.connections]).toEqual([])
  }
  const next = await server.connect()
  next.write(postRequest('whole'))
  expect(await next.until(ANSWER)).toMatch(/ 204 /)
  expect(server.payloads()).toEqual(['whole'])
})

test('a post is acknowledged before what follows it is refused', async () => {
  const server = await start()
  const held = holdBodies(server)
  const client = await server.connect()
  client.write(Buffer.concat([postRequest('counted'), Buffer.from('no request\r\n\r\n')]))
  await expect.poll(held.waiting).toBe(1)
  held.release()
  expect(statuses(await client.closed())).toEqual(['204', '400'])
  expect(server.payloads()).toEqual(['counted'])
})

test('a post behind the last answer is not counted, because nobody would hear of it', async () => {
  const server = await start()
  const held = holdBodies(server)
  const client = await server.connect()
  client.write(postRequest('1', 'Connection: close'))
  await expect.poll(held.waiting).toBe(1)
  client.write(postRequest('2'))
  held.release()
  expect(statuses(await client.closed())).toEqual(['204'])
  expect(server.payloads()).toEqual(['1'])
})

test('a body that can’t be counted gets its status, and the connection stays good', async () => {
  const server = await start()
  const client = await server.connect()
  const { take } = server
  const post = async () => {
    client.clear()
    client.write(postRequest('x'))
    return client.until(ANSWER)
  }
  server.take = async () => 'refused'
  expect(await post()).toMatch(/^HTTP\/1\.1 503 [^]*content-length: 0\r\n/)
  server.take = async () => Promise.reject(new Error('a fault of ours'))
  expect(await post()).toMatch(/^HTTP\/1\.1 500 /)
  server.take = take
  await client.until(/went wrong here\n/)
  expect(await post()).toMatch(/^HTTP\/1\.1 204 /)
})

test('16 requests may wait for their answers, and the next one closes the connection', async () => {
  const server = await start()
  const held = holdBodies(server)
  const good = await server.connect()
  good.write(posts(16))
  await expect.poll(held.waiting).toBe(16)
  while (held.waiting() > 0) held.release()
  await good.until(/(?:204 No Content[^]*){16}/)
  const greedy = await server.connect()
  greedy.write(posts(17))
  expect(await greedy.closed()).toBe('')
  await expect.poll(() => [...server.connections].length).toBe(1)
  // Node stops parsing there: 2,000 more requests were never begun.
  let begun = 0
  server.server.server.on('request', () => (begun += 1))
  const flood = await server.connect()
  flood.write(Buffer.concat(Array.from({ length: 2000 }, () => GET)))
  expect(await flood.closed()).toBe('')
  expect(begun).toBeLessThanOrEqual(16)
})

test('requests that ask for another protocol are what they were', async () => {
  const server = await start()
  const upgrade = await server.connect()
  upgrade.write('GET /here HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n')
  expect(await upgrade.until(/here$/)).toMatch(/^HTTP\/1\.1 200 /)
  const tunnel = await server.connect()
  tunnel.write('CONNECT example.com:443 HTTP/1.1\r\nHost: h\r\n\r\n')
  expect(await tunnel.closed()).toBe('')
})

test('a server that stops answers what it counts, and lets go of idle connections', async () => {
  const server = await start()
  const held = holdBodies(server)
  const [idle, busy, late] = [
    await server.connect(),
    await server.connect(),
    await server.connect(),
  ]
  busy.write(postRequest('busy'))
  await expect.poll(held.waiting).toBe(1)
  for (const client of [idle, late]) {
    client.write(GET)
    await client.until(/here$/)
    client.clear()
  }
  const closed = server.server.close()
  late.write(postRequest('late'))
  await expect.poll(held.waiting).toBe(2)
  held.release()
  held.release()
  expect(await busy.closed()).toMatch(/^HTTP\/1\.1 204 [^]*connection: close/i)
  expect(await late.closed()).toMatch(/^HTTP\/1\.1 204 [^]*connection: close/i)
  expect(await idle.closed()).toBe('')
  await closed
})

test.skipIf(openssl === undefined)('all of that over TLS', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'l2met-tls-'))
  const files = makeCertificate(folder, 'server')
  const tls = { cert: readFileSync(files.cert), key: readFileSync(files.key) }
  rmSync(folder, { recursive: true })
  const server = await start({ tls })
  const client = await server.connect()
  const long = 'x'.repeat(100_000)
  client.write(
    Buffer.concat([postRequest(long), postRequest(gzipSync(long), 'Content-Encoding: gzip'), GET]),
  )
  expect(statuses(await client.until(/here$/))).toEqual(['204', '204', '200'])
  expect(server.payloads()).toEqual([long, long])
  client.clear()
  client.socket.end(postRequest('last'))
  expect(statuses(await client.closed())).toEqual(['204'])
})
