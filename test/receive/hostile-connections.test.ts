import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import { drainToken } from '../../src/receive/credentials.ts'
import { type DrainServer, postRequest, startDrainServer } from '../support/drain-server.ts'
import { ANSWER } from '../support/raw-http.ts'

const SECRET = 'a secret that is long enough'
const COUNT = 1500
const KINDS = {
  silent: '',
  'slow head': 'POST /logs HTTP/1.1\r\nHost: h\r\nX-',
  'idle after a health check': 'GET /here HTTP/1.1\r\nHost: h\r\n\r\n',
  'slow body': 'POST /logs HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\nx',
  'chunked drip': 'POST /logs HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n',
}

const servers: DrainServer[] = []
const sockets: Socket[] = []

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) await server.stop()
})

async function start(secrets: readonly string[] = []): Promise<DrainServer> {
  const server = await startDrainServer({ secrets })
  servers.push(server)
  return server
}

async function openMany({ address }: DrainServer, text: string, count = COUNT): Promise<void> {
  const { hostname, port } = new URL(address)
  for (let i = 0; i < count; i += 1) {
    const socket = connect(Number(port), hostname)
    socket.on('error', () => {})
    socket.resume()
    sockets.push(socket)
    await once(socket, 'connect')
    if (text !== '') socket.write(text)
  }
}

describe.each(Object.entries(KINDS))(`${COUNT} connections, each %s`, (_, text) => {
  test('leave a sender its connection, and the next one gets in', async () => {
    const server = await start()
    const known = await server.connect()
    known.write(postRequest('first'))
    expect(await known.until(ANSWER)).toMatch(/ 204 /)
    await openMany(server, text)
    await expect.poll(() => [...server.connections].length).toBeLessThan(1100)
    const next = await server.connect()
    next.write(postRequest('next'))
    expect(await next.until(ANSWER)).toMatch(/ 204 /)
    known.write(postRequest('second'))
    await expect.poll(() => server.payloads()).toEqual(['first', 'next', 'second'])
  })
})

test('with secrets, only a sender that has one is a drain', async () => {
  const server = await start([SECRET])
  const stranger = await server.connect()
  stranger.write(postRequest('no credentials'))
  expect(await stranger.until(ANSWER)).toMatch(/ 401 /)
  const drain = await server.connect()
  const login = Buffer.from(`shop:${drainToken(SECRET, 'shop')}`).toString('base64')
  drain.write(postRequest('counted', `Authorization: Basic ${login}`))
  expect(await drain.until(ANSWER)).toMatch(/ 204 /)
  const proven = [...server.connections].filter(({ isProven }) => isProven)
  expect(proven).toHaveLength(1)
  expect(proven[0]!.socket.remotePort).toBe(drain.socket.localPort)
})

test('a stranger may be idle for 5 s, a drain for as long as Logplex is', async () => {
  const server = await start()
  const [stranger, drain] = [await server.connect(), await server.connect()]
  stranger.write('GET /here HTTP/1.1\r\nHost: h\r\n\r\n')
  drain.write(postRequest('counted'))
  expect(await drain.until(ANSWER)).toMatch(/ 204 /)
  await stranger.until(ANSWER)
  const idleMs = ({ socket }: typeof drain) =>
    [...server.connections].find((one) => one.socket.remotePort === socket.localPort)!.socket
      .timeout
  await expect.poll(() => idleMs(drain)).toBe(310_000)
  expect(idleMs(stranger)).toBeLessThanOrEqual(6000)
})
