import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { drainToken } from '../../src/receive/credentials.ts'
import { SECRETS, basic, routerBody, testApp } from '../support/app.ts'
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

describe('who may read', () => {
  const closed = [
    '/',
    '/metrics',
    '/metrics/process',
    '/api/apps',
    '/api/report',
    '/api/series',
    '/api/live',
    '/welcome',
  ]

  test('with a token: who has it', async () => {
    app = testApp(SECRETS)
    const wrong = [
      undefined,
      'Bearer wrong',
      basic('any', 'wrong'),
      basic('a', drainToken('new-secret-of-tests', 'a')),
    ]
    for (const url of closed)
      for (const authorization of wrong) {
        const answer = await app.server.inject({
          url,
          headers: authorization === undefined ? {} : { authorization },
        })
        expect([url, answer.statusCode]).toEqual([url, 401])
        expect(answer.headers['www-authenticate']).toMatch(/^Basic /)
      }
    for (const authorization of ['Bearer the-token-of-tests', basic('any', 'the-token-of-tests')]) {
      const answer = await app.server.inject({ url: '/api/apps', headers: { authorization } })
      expect([answer.statusCode, answer.body]).toEqual([200, '[]'])
    }
    for (const url of ['/healthz', '/readyz']) {
      expect((await app.server.inject(url)).statusCode, url).not.toBe(401)
    }
  })

  test('without secrets: anyone on this machine', async () => {
    const address = await start()
    expect(new URL(address).hostname).toBe('127.0.0.1')
    expect(app.server.addresses()).toMatchObject([{ address: '127.0.0.1' }])
    expect((await app.server.inject('/api/apps')).statusCode).toBe(200)
    expect(app.logged[0]?.msg).toMatch(
      /listens on http:\/\/127\.0\.0\.1:\d+ .*memory.*without secrets/,
    )
  })

  test('with secrets the server can be reached from everywhere', async () => {
    const address = await start(SECRETS)
    expect(['[::]', '0.0.0.0']).toContain(new URL(address).hostname)
    const connection = await connect(address)
    connection.write('GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n')
    expect(await connection.until(ANSWER)).toMatch(/ 200 /)
  })
})

describe('health', () => {
  test('is alive always, and ready between start and stop', async () => {
    app = testApp()
    const ready = async () => {
      const answer = await app.server.inject('/readyz')
      return [answer.statusCode, answer.json<{ reasons?: string[] }>().reasons]
    }
    expect(await ready()).toEqual([503, ['starting']])
    expect((await app.server.inject('/healthz')).json()).toEqual({ status: 'ok' })
    const address = await app.start()
    expect(await ready()).toEqual([200, undefined])
    const connection = await connect(address)
    const stopped = app.stop()
    connection.write('GET /readyz HTTP/1.1\r\nHost: h\r\n\r\n')
    const answer = await connection.closed()
    expect(answer).toMatch(/^HTTP\/1\.1 503 [^]*connection: close\r\n[^]*"reasons":\["stopping"\]/i)
    expect(await stopped).toEqual({ lostLines: 0 })
  })
})

describe('stop', () => {
  test('answers what is in flight and what comes on open connections, then closes them', async () => {
    const address = await start()
    const [half, idle, used] = await Promise.all([
      connect(address),
      connect(address),
      connect(address),
    ])
    used.write(drainRequest(routerBody()))
    await used.until(ANSWER)
    used.clear()
    const whole = drainRequest(routerBody())
    half.write(whole.subarray(0, 150))
    await sleep(20)
    const stopped = app.stop()
    await sleep(50)
    await expect(connectRaw(address)).rejects.toThrow('ECONNREFUSED')
    half.write(whole.subarray(150))
    used.write(drainRequest(routerBody()))
    expect(await half.closed()).toMatch(/^HTTP\/1\.1 204 [^]*connection: close\r\n/i)
    expect(await used.closed()).toMatch(/^HTTP\/1\.1 204 [^]*connection: close\r\n/i)
    expect(await idle.closed()).toBe('')
    await stopped
    expect(await app.stop()).toEqual({ lostLines: 0 })
  })

  test('before start is no fault', async () => {
    app = testApp()
    expect(await app.stop()).toEqual({ lostLines: 0 })
  })
})

describe('a request that no route takes as it is', () => {
  test('HEAD asks for the head of what GET gives', async () => {
    app = testApp()
    for (const url of ['/', '/metrics', '/metrics/process', '/api/apps', '/welcome', '/healthz']) {
      const { statusCode, body, headers } = await app.server.inject({ url, method: 'HEAD' })
      expect([url, statusCode, body]).toEqual([url, 200, ''])
      expect(Number(headers['content-length']), url).toBeGreaterThan(0)
    }
  })

  test.each([
    ['PUT', '/', 'GET, HEAD, POST'],
    ['DELETE', '/metrics?a=b', 'GET, HEAD'],
    ['OPTIONS', '/api/report', 'GET, HEAD'],
    ['HEAD', '/api/live', 'GET'],
    ['PUT', '/logs', 'POST'],
    ['PROPFIND' as 'PUT', '/logs', 'POST'],
    ['GET', '/logs/', 'POST'],
    ['POST', '/metrics/', 'GET, HEAD'],
  ] as const)('%s %s is told what it may be', async (method, url, allow) => {
    app = testApp()
    const { statusCode, headers } = await app.server.inject({ url, method })
    expect([statusCode, headers.allow]).toEqual([405, allow])
  })

  test('a slash at the end makes no difference', async () => {
    app = testApp()
    const answer = await app.server.inject({ url: '/logs/', method: 'POST', payload: routerBody() })
    expect(answer.statusCode).toBe(204)
    expect((await app.server.inject('/metrics/')).statusCode).toBe(200)
  })

  test('a drain with a wrong URL stands in the log, once', async () => {
    app = testApp()
    for (const url of ['/drains', '/log', '/drains'])
      expect((await app.server.inject({ url, method: 'POST' })).statusCode).toBe(404)
    await app.server.inject('/drains')
    expect(app.logged.filter(({ msg }) => msg === 'request refused')).toMatchObject([
      { status: 404, reason: 'there is nothing here; the drain is POST /logs' },
    ])
  })
})

test('every answer has the headers that keep browsers safe', async () => {
  app = testApp(SECRETS)
  for (const url of [
    '/',
    '/healthz',
    '/readyz',
    '/welcome',
    '/nothing',
    '/%zz',
    '/logs',
    '/api/report',
  ]) {
    const { headers } = await app.server.inject(url)
    expect(headers, url).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'strict-transport-security': 'max-age=31536000',
    })
  }
})

test('/metrics/process is about this process', async () => {
  app = testApp()
  const { body, headers } = await app.server.inject('/metrics/process')
  expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/)
  expect(body).toMatch(/^process_resident_memory_bytes \d+/m)
  expect(body).toMatch(/^nodejs_eventloop_lag_seconds /m)
})
