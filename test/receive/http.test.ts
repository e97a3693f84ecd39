import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { SECRETS, basic, reportOf, routerBody, testApp } from '../support/app.ts'
import { drainToken } from '../../src/receive/credentials.ts'
import { ANSWER, type RawConnection, connectRaw, drainRequest } from '../support/raw-http.ts'

let app = testApp()
const connections: RawConnection[] = []

afterEach(async () => {
  for (const { socket } of connections.splice(0)) socket.destroy()
  await app.stop()
})

async function start(env: Record<string, string> = {}): Promise<string> {
  app = testApp(env)
  return app.start()
}

async function connect(address: string): Promise<RawConnection> {
  const connection = await connectRaw(address)
  connections.push(connection)
  return connection
}

describe('the answer of the drain, as Logplex reads it', () => {
  test('has a length, no chunks, and leaves the connection open for 310 s', async () => {
    const connection = await connect(await start())
    for (let i = 0; i < 3; i += 1) {
      connection.clear()
      connection.write(drainRequest(routerBody(2)))
      const answer = await connection.until(ANSWER)
      expect(answer).toMatch(/^HTTP\/1\.1 204 No Content\r\n/)
      expect(answer.match(/content-length: 0\r\n/gi)).toHaveLength(1)
      expect(answer).not.toMatch(/transfer-encoding/i)
      expect(answer).toMatch(/keep-alive: timeout=310\r\n/i)
      expect(answer).toMatch(/\r\n\r\n$/)
    }
    expect((await reportOf(app, 'a')).requests.count).toBe(6)
  })

  test('comes in one piece when requests are pipelined, in order', async () => {
    const connection = await connect(await start())
    connection.write(
      Buffer.concat([
        drainRequest(routerBody()),
        drainRequest(Buffer.alloc(9e6)),
        drainRequest(routerBody()),
      ]),
    )
    expect(await connection.closed()).toMatch(/^HTTP\/1\.1 204 [^]*HTTP\/1\.1 413 /)
  })

  test('is a body read in pieces, with and without a length', async () => {
    const connection = await connect(await start())
    const whole = drainRequest(routerBody(3))
    for (const piece of [whole.subarray(0, 20), whole.subarray(20, 300), whole.subarray(300)]) {
      connection.write(piece)
      await sleep(10)
    }
    expect(await connection.until(ANSWER)).toMatch(/ 204 /)
    connection.clear()
    const payload = routerBody().toString('latin1')
    const chunk = `${payload.length.toString(16)}\r\n${payload}\r\n`
    connection.write(
      `POST /logs?app=a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`,
    )
    await sleep(10)
    connection.write(`${chunk}0\r\n\r\n`)
    expect(await connection.until(ANSWER)).toMatch(/ 204 /)
    expect((await reportOf(app, 'a')).requests.count).toBe(5)
  })

  test('follows a 100 only for who asks for one', async () => {
    const connection = await connect(await start())
    const [head, payload] = [
      drainRequest(routerBody(), 'Expect: 100-continue'),
      routerBody().length,
    ]
    connection.write(head.subarray(0, -payload))
    expect(await connection.until(ANSWER)).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\n$/)
    connection.write(head.subarray(-payload))
    expect(await connection.until(/ 204 /)).toMatch(/100 Continue[^]*204 No Content/)
    connection.clear()
    connection.write(drainRequest(routerBody(), 'Expect: something'))
    expect(await connection.until(ANSWER)).toMatch(/^HTTP\/1\.1 417 /)
  })
})

describe('what is no good HTTP', () => {
  const heads: [string, string, number][] = [
    ['no HTTP', 'hello\r\n\r\n', 400],
    [
      'a length twice',
      'POST /logs HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
      400,
    ],
    [
      'a length and chunks',
      'POST /logs HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['a space before the colon', 'POST /logs HTTP/1.1\r\nHost : h\r\n\r\n', 400],
    ['a head of 9 KB', `POST /logs HTTP/1.1\r\nHost: h\r\nX: ${'x'.repeat(9000)}\r\n\r\n`, 431],
  ]
  test.each(heads)('%s gets its answer and is closed', async (_what, head, status) => {
    const connection = await connect(await start())
    connection.write(head)
    const answer = await connection.closed()
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1)
    // Strangers send what is no HTTP all day; a head that is too long may be a drain's.
    const told = app.logged.filter(({ msg }) => msg === 'request refused')
    expect(told).toMatchObject(
      status === 431 ? [{ status, reason: expect.stringContaining('8192') }] : [],
    )
  })

  test('a head, and a body, that never ends is closed', async () => {
    const address = await start()
    const head = await connect(address)
    head.write('POST /logs HTTP/1.1\r\nHost: h\r\n')
    const slow = await connect(address)
    slow.write(drainRequest(Buffer.alloc(100, 'x')).subarray(0, -50))
    expect(await head.closed()).toMatch(/^HTTP\/1\.1 408 /)
    expect(await slow.closed()).toMatch(/^HTTP\/1\.1 408 /)
    expect(app.logged.filter(({ status }) => status === 408)).toHaveLength(1)
    const good = await connect(address)
    good.write(drainRequest(routerBody()))
    expect(await good.until(ANSWER)).toMatch(/ 204 /)
  })

  test('credentials behind 64 headers are none', async () => {
    const address = await start(SECRETS)
    const authorization = `Authorization: ${basic('a', drainToken('new-secret-of-tests', 'a'))}`
    const others = Array.from({ length: 70 }, (_, i) => `X-${i}: 1`)
    for (const [headers, status] of [
      // Newer versions of Node refuse them all.
      [[authorization, ...others], '204|431'],
      [[...others, authorization], '401|431'],
    ] as const) {
      const connection = await connect(address)
      connection.write(drainRequest(routerBody(), ...headers))
      expect(await connection.until(ANSWER)).toMatch(new RegExp(`^HTTP/1\\.1 (${status}) `))
    }
  })

  test('large bodies take turns, and those that break off take no room for long', async () => {
    const address = await start()
    const large = drainRequest(Buffer.alloc(8 * 1024 * 1024, 'x'))
    const broken = await Promise.all(Array.from({ length: 8 }, () => connect(address)))
    for (const sender of broken) sender.write(large.subarray(0, 100_000))
    await sleep(50)
    const good = await Promise.all(Array.from({ length: 4 }, () => connect(address)))
    for (const sender of good) sender.write(large)
    await sleep(50)
    for (const { socket } of broken) socket.destroy()
    for (const sender of good) expect(await sender.until(ANSWER)).toMatch(/ 204 /)
  })

  test('a sender that leaves in the middle of a body counts nothing', async () => {
    const address = await start()
    const connection = await connect(address)
    connection.write(drainRequest(routerBody(50)).subarray(0, 2000))
    await sleep(20)
    connection.socket.destroy()
    const next = await connect(address)
    next.write(drainRequest(routerBody()))
    await next.until(ANSWER)
    expect((await reportOf(app, 'a')).lines['read']).toBe(1)
    expect(app.logged.filter(({ level }) => level >= 50)).toEqual([])
  })
})
