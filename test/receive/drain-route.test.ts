import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { type InjectOptions } from 'fastify'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { drainToken } from '../../src/receive/credentials.ts'
import type { TakeBody } from '../../src/receive/drain.ts'
import { SECRETS, basic, reportOf, routerBody, routerLine, testApp } from '../support/app.ts'
import { BODY_CASES, GZIP, LOGPLEX } from '../support/body-cases.ts'
import { body } from '../support/count.ts'
import { startDrainServer } from '../support/drain-server.ts'

const MIB = 1024 * 1024

let app = testApp()
beforeEach(() => {
  app = testApp()
})
afterEach(async () => {
  await app.stop()
})

async function post(
  payload: Buffer | undefined,
  headers: Record<string, string> = LOGPLEX,
  query = 'app=a',
) {
  const options: InjectOptions = { method: 'POST', url: `/logs?${query}`, headers }
  return app.server.inject(payload === undefined ? options : { ...options, payload })
}

async function counted() {
  return (await reportOf(app, 'a')).requests.count
}

async function lines() {
  const { lines, requests } = await reportOf(app, 'a')
  return { read: lines['read'], malformed: lines['malformed'], requests: requests.count }
}

const GOOD = routerBody()

describe('bad input', () => {
  test.each(BODY_CASES)('$what: $status', async ({ payload, headers, status, good, malformed }) => {
    await post(GOOD)
    const answer = await post(payload, headers ?? LOGPLEX)
    expect(answer.statusCode, answer.body).toBe(status)
    if (status === 204) expect(answer.headers['content-length']).toBe('0')
    else expect(answer.body).toMatch(/^[^\n]+\n$/)
    expect(await lines()).toEqual({ read: 1 + good + malformed, malformed, requests: 1 + good })
    expect((await post(GOOD)).statusCode).toBe(204)
  })

  test('random bytes are no 4xx and no 5xx', async () => {
    for (let i = 0; i < 50; i += 1) expect((await post(randomBytes(10_000))).statusCode).toBe(204)
    expect((await lines()).requests).toBe(0)
  })

  test('names of object properties stay names', async () => {
    for (const query of ['app=__proto__', 'app=constructor&prefix=__proto__'])
      expect((await post(GOOD, LOGPLEX, query)).statusCode).toBe(204)
    expect((await reportOf(app, '__proto__')).requests.count).toBe(1)
    expect((await reportOf(app, 'constructor')).requests.count).toBe(1)
  })

  test.each([
    'app=a/b',
    'app=a&app=b',
    'prefix=a%0ab',
    'prefix=x&prefix=y',
    `source-prefix=${'x'.repeat(65)}`,
  ])('a drain URL with %s is refused before the body is read', async (query) => {
    const answer = await post(GOOD, LOGPLEX, query)
    expect(answer.statusCode).toBe(400)
    expect(answer.body).toMatch(/^[^\n]+\n$/)
    expect(app.logged).toMatchObject([{ level: 40, status: 400 }])
  })
})

describe('a frame that comes again', () => {
  test('is counted once by its frame id', async () => {
    for (let i = 0; i < 3; i += 1)
      expect((await post(GOOD, { ...LOGPLEX, 'logplex-frame-id': 'F1' })).statusCode).toBe(204)
    expect(await counted()).toBe(1)
    await post(GOOD, { ...LOGPLEX, 'logplex-frame-id': 'F2' })
    expect(await counted()).toBe(2)
  })

  test('has the id of log-shuttle, and of nobody else, in X-Request-Id', async () => {
    const shuttle = {
      ...LOGPLEX,
      'x-request-id': 'R1',
      'user-agent': 'log-shuttle/0.18.0 (go1.10; linux)',
    }
    await post(GOOD, shuttle)
    await post(GOOD, shuttle)
    expect(await counted()).toBe(1)
    await post(GOOD, { ...LOGPLEX, 'x-request-id': 'R1' })
    await post(GOOD, { ...LOGPLEX, 'x-request-id': 'R1' })
    expect(await counted()).toBe(3)
  })

  test('says nothing about the frames of another app', async () => {
    const headers = { ...LOGPLEX, 'logplex-frame-id': 'F1' }
    await post(GOOD, headers, 'app=b')
    await post(GOOD, headers, 'app=a')
    expect(await counted()).toBe(1)
  })

  test('is counted each time without an id that can be one', async () => {
    for (const id of ['', ' ', 'x'.repeat(129)]) {
      await post(GOOD, { ...LOGPLEX, 'logplex-frame-id': id })
      await post(GOOD, { ...LOGPLEX, 'logplex-frame-id': id })
    }
    expect(await counted()).toBe(6)
  })
})

test('prefix and source-prefix stand before the names of the own metrics', async () => {
  const line = routerLine().replace('heroku router', 'app web.1')
  const own = `${line.slice(0, line.indexOf(' at='))} measure#db=4ms`
  await post(body(own), LOGPLEX, 'app=a&prefix=shop&source-prefix=eu&resolution=60')
  expect((await reportOf(app, 'a')).measure).toMatchObject({ 'shop.db': { unit: 's', count: 1 } })
})

test('only POST', async () => {
  for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const) {
    const answer = await app.server.inject({
      method,
      url: '/logs',
      headers: LOGPLEX,
      payload: GOOD,
    })
    expect([method, answer.statusCode, answer.headers['allow']]).toEqual([method, 405, 'POST'])
  }
})

test('a drain whose lines are mostly late is told of once', async () => {
  const late = body(routerLine(200, Date.now() - 3_600_000))
  for (let i = 0; i < 3; i += 1) expect((await post(late)).statusCode).toBe(204)
  expect(app.logged).toMatchObject([{ level: 40, app: 'a', late: 1, lines: 1 }])
  expect(app.logged[0]!['skewSeconds']).toBeGreaterThanOrEqual(3600)
})

/** What became of frames, of what there was any. */
async function frames(): Promise<string[]> {
  const { body: text } = await app.server.inject('/metrics')
  const found = text.matchAll(/^l2met_bodies_total\{app="a",result="(\w+)"\} ([1-9]\d*)$/gm)
  return [...found].map(([, result, count]) => `${result} ${count}`)
}

describe('a body that is refused', () => {
  test.each([
    ['another encoding', GOOD, { ...LOGPLEX, 'content-encoding': 'br' }, 'app=a'],
    ['no gzip', GOOD, { ...LOGPLEX, 'content-encoding': 'gzip' }, 'app=a'],
    ['too large', Buffer.alloc(9 * 2 ** 20, 'x'), LOGPLEX, 'app=a'],
    ['a prefix that is none', GOOD, LOGPLEX, 'app=a&prefix=%0a'],
  ])('is counted as refused: %s', async (_, payload, headers, query) => {
    expect((await post(payload, headers, query)).statusCode).toBeGreaterThanOrEqual(400)
    await vi.waitFor(async () => expect(await frames()).toEqual(['refused 1']), 30_000)
    expect((await post(GOOD, LOGPLEX, 'app=a')).statusCode).toBe(204)
    expect(await frames()).toEqual(['committed 1', 'refused 1'])
  })
})

async function postTo(take: TakeBody) {
  const started = await startDrainServer()
  started.take = take
  const answer = await started.server.inject({ method: 'POST', url: '/logs', payload: GOOD })
  await started.stop()
  return { answer, logged: started.logged as { err?: { message: string } }[] }
}

describe('what the sender did not cause', () => {
  test('a frame that can neither be committed nor held is for the sender to keep', async () => {
    const { answer, logged } = await postTo(async () => 'refused')
    expect([answer.statusCode, answer.headers['content-length'], answer.body]).toEqual([
      503,
      '0',
      '',
    ])
    expect(logged).toMatchObject([{ msg: 'request refused', status: 503, app: 'default' }])
  })

  test('a fault of ours is logged once and not shown', async () => {
    const { answer, logged } = await postTo(async () => {
      throw new Error('the inner thing broke')
    })
    expect(answer.statusCode).toBe(500)
    expect(answer.body).not.toContain('inner')
    expect(logged.map(({ err }) => err?.message)).toEqual(['the inner thing broke'])
  })
})

describe('with secrets', () => {
  const token = drainToken('old-secret-of-tests', 'a')
  beforeEach(() => {
    app = testApp(SECRETS)
  })

  test('an app writes with its token', async () => {
    const answer = await post(GOOD, { ...LOGPLEX, authorization: basic('a', token) }, '')
    expect(answer.statusCode).toBe(204)
    const authorization = 'Bearer the-token-of-tests'
    const apps = await app.server.inject({ url: '/api/apps', headers: { authorization } })
    expect(apps.json()).toMatchObject([{ app: 'a' }])
  })

  test('a stranger is refused before the body is looked at', async () => {
    const bomb = gzipSync(Buffer.alloc(20 * MIB))
    const answer = await post(bomb, { ...GZIP, authorization: basic('b', token) })
    expect(answer.statusCode).toBe(401)
    expect(answer.headers['www-authenticate']).toMatch(/^Basic realm="l2met"/)
    expect(JSON.stringify(app.logged)).not.toContain(token)
  })

  test('refusals are logged without the credentials, not one by one', async () => {
    for (let i = 0; i < 5; i += 1)
      await post(GOOD, { ...LOGPLEX, authorization: basic('a', 'wrong') })
    expect(app.logged).toMatchObject([
      { level: 40, status: 401, path: '/logs', app: 'a', msg: 'request refused' },
    ])
  })

  test('a token in the place of the name is not logged', async () => {
    await post(GOOD, { ...LOGPLEX, authorization: basic(token, '') })
    expect(app.logged).toMatchObject([{ status: 401 }])
    expect(JSON.stringify(app.logged)).not.toContain(token)
  })

  test('no app writes as another', async () => {
    const headers = { ...LOGPLEX, authorization: basic('a', token) }
    expect((await post(GOOD, headers, 'app=b')).statusCode).toBe(403)
    expect((await post(GOOD, headers, 'app=a&app=b')).statusCode).toBe(400)
    const authorization = 'Bearer the-token-of-tests'
    const apps = await app.server.inject({ url: '/api/apps', headers: { authorization } })
    expect(apps.json()).toEqual([])
  })
})
