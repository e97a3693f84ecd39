import { afterAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/server/config.ts'
import { readFernetKey, sealFernet } from '../../src/receive/fernet.ts'
import { drainToken } from '../../src/receive/credentials.ts'
import { basic, routerBody, routerLine, testApp } from '../support/app.ts'
import { body, syslog } from '../support/count.ts'

/*
 * A drain of another program, by a new host name alone: path, query, credentials and answer as that
 * program's documentation has them.
 */

const KEY = Buffer.alloc(32, 7)
const SECRET = 'the-secret-of-drains'
const app = testApp({
  DRAIN_SECRETS: SECRET,
  METRICS_TOKEN: 'the-token-of-metrics',
  SECRETS: `${Buffer.alloc(32, 8).toString('hex')}:${KEY.toString('base64')}`,
  CRED_STORE: 'drains:the-shared-password|others:another-password',
  ALLOWED_APPS: 'my-shop, blog:the-password-of-blog',
  MY_SHOP_PASSWORD: 'the-password-of-shop',
  MY_SHOP_TAGS: 'env:prod,team:web',
  TAGS_BLOG: 'env:stage',
})
afterAll(async () => {
  await app.stop()
})

interface Post {
  readonly url: string
  readonly authorization?: string
  readonly headers?: Record<string, string>
  readonly payload?: Buffer
}

async function post({ url, authorization, headers = {}, payload = routerBody() }: Post) {
  const answer = await app.server.inject({
    method: 'POST',
    url,
    headers: {
      'content-type': 'application/logplex-1',
      ...(authorization === undefined ? {} : { authorization }),
      ...headers,
    },
    payload,
  })
  return { status: answer.statusCode, text: answer.body, length: answer.headers['content-length'] }
}

async function read(url: string): Promise<string> {
  const headers = { authorization: 'Bearer the-token-of-metrics' }
  return (await app.server.inject({ url, headers })).body
}

async function requestsOf(name: string): Promise<number> {
  const pattern = new RegExp(`^heroku_router_requests_total\\{app="${name}",.*\\} (\\d+)$`, 'm')
  return Number(pattern.exec(await read('/metrics'))?.[1] ?? 0)
}

const fernet = (text: string, key = KEY) => basic(sealFernet(key, text), '')

describe('a drain of l2met', () => {
  test('writes as its account, by the Fernet token that it has', async () => {
    const authorization = fernet('ryan@example.com:librato-token')
    const url = '/logs?resolution=5&prefix=p&source-prefix=s'
    expect(await post({ url, authorization })).toMatchObject({ status: 204, length: '0' })
    expect(await post({ url, authorization })).toMatchObject({ status: 204 })
    expect(await requestsOf('ryan-example.com')).toBe(2)
    expect(await post({ url: '/logs?app=my-shop', authorization })).toMatchObject({ status: 403 })
  })

  test('of another secret, or changed, is refused', async () => {
    const foreign = fernet('ryan@example.com:x', Buffer.alloc(32, 9))
    expect((await post({ url: '/logs', authorization: foreign })).status).toBe(401)
    const changed = basic(`${sealFernet(KEY, 'a:b').slice(0, -6)}AAAA==`, '')
    expect((await post({ url: '/logs', authorization: changed })).status).toBe(401)
  })

  test('is made by POST /sign, for one of SECRETS and for no token that reads', async () => {
    const user = KEY.toString('base64')
    const payload = Buffer.from('signed@example.com:token')
    const signed = await post({ url: '/sign', authorization: basic(user, ''), payload })
    expect(signed.status).toBe(200)
    expect((await post({ url: '/logs', authorization: basic(signed.text, '') })).status).toBe(204)
    expect(await requestsOf('signed-example.com')).toBe(1)
    const wrong = ['the-token-of-metrics', SECRET, '', user.slice(1)]
    for (const other of wrong)
      expect((await post({ url: '/sign', authorization: basic(other, ''), payload })).status).toBe(
        401,
      )
    const bearer = 'Bearer the-token-of-metrics'
    expect((await post({ url: '/sign', authorization: bearer, payload })).status).toBe(400)
    expect((await post({ url: '/sign', payload })).status).toBe(400)
    const empty = await post({
      url: '/sign',
      authorization: basic(user, ''),
      payload: Buffer.from(' '),
    })
    expect(empty.status).toBe(400)
    expect((await app.server.inject('/sign')).statusCode).toBe(400)
  })

  test('has a health check', async () => {
    expect(await app.server.inject('/health')).toMatchObject({ statusCode: 200, body: 'OK' })
  })
})

describe('a drain of lumbermill', () => {
  const authorization = basic('drains', 'the-shared-password')

  test('is of the tenant that its drain token names, or of the app in its URL', async () => {
    const headers = { 'logplex-drain-token': 'd.9a9e1b4e-1111-4444-8888-0123456789ab' }
    expect(await post({ url: '/drain', authorization, headers })).toMatchObject({
      status: 204,
      length: '0',
    })
    expect(await requestsOf('d.9a9e1b4e-1111-4444-8888-0123456789ab')).toBe(1)
    expect((await post({ url: '/drain?app=named', authorization, headers })).status).toBe(204)
    expect(await requestsOf('named')).toBe(1)
    expect((await post({ url: '/drain', authorization })).status).toBe(204)
    expect(await requestsOf('drains')).toBe(1)
  })

  test('answers other credentials with 401, and GET with 405', async () => {
    for (const [user, password] of [
      ['drains', 'another-password'],
      ['others', ''],
      ['', ''],
    ])
      expect((await post({ url: '/drain', authorization: basic(user!, password!) })).status).toBe(
        401,
      )
    expect((await post({ url: '/drain' })).status).toBe(401)
    expect((await app.server.inject('/drain')).statusCode).toBe(405)
  })
})

describe('a drain of a shim for Datadog', () => {
  test('gets 200 OK, and its tags become labels of its own metrics alone', async () => {
    const line = syslog('app', 'web.1', 'count#mail.sent=2 tag#team=line', Date.now())
    const payload = body(line, routerLine())
    const authorization = basic('my-shop', 'the-password-of-shop')
    expect(await post({ url: '/', authorization, payload })).toMatchObject({
      status: 200,
      text: 'OK',
      length: '2',
    })
    expect((await post({ url: '/?tags=env:test,zone:eu', authorization, payload })).status).toBe(
      200,
    )
    const metrics = await read('/metrics')
    expect(metrics).toContain('app_mail_sent_total{app="my-shop",env="prod",team="line"} 2')
    expect(metrics).toContain(
      'app_mail_sent_total{app="my-shop",env="test",team="line",zone="eu"} 2',
    )
    expect(await requestsOf('my-shop')).toBe(2)
  })

  test('may have its password in ALLOWED_APPS', async () => {
    expect(
      (await post({ url: '/', authorization: basic('blog', 'the-password-of-blog') })).status,
    ).toBe(200)
    expect(
      (await post({ url: '/', authorization: basic('blog', 'the-password-of-shop') })).status,
    ).toBe(401)
    expect(
      (await post({ url: '/?app=my-shop', authorization: basic('blog', 'the-password-of-blog') }))
        .status,
    ).toBe(403)
  })

  test('is refused for tags that are none', async () => {
    const authorization = basic('blog', 'the-password-of-blog')
    expect(await post({ url: '/?tags=a%20b:c', authorization })).toMatchObject({
      status: 400,
      text: expect.stringContaining('env:prod,team:web'),
    })
  })
})

test('paths of other receivers take a token of ours', async () => {
  const authorization = basic('vector', drainToken(SECRET, 'vector'))
  expect(await post({ url: '/events', authorization })).toMatchObject({ status: 200, text: '' })
  expect(await post({ url: '/heroku/api/v1/drain', authorization })).toMatchObject({ status: 204 })
  const bearer = `Bearer ${drainToken(SECRET, 'vector')}`
  expect((await post({ url: '/logs?app=vector', authorization: bearer })).status).toBe(204)
  expect(await requestsOf('vector')).toBe(3)
  for (const url of ['/events', '/heroku/api/v1/drain', '/'])
    expect((await post({ url, authorization: basic('vector', 'x') })).status).toBe(401)
})

test('health checks of old drains answer', async () => {
  for (const url of ['/health', '/healthy', '/status'])
    expect(await app.server.inject(url), url).toMatchObject({ statusCode: 200, body: 'OK' })
})

test('the page stays at GET /', async () => {
  expect(await read('/')).toContain('<!doctype html>')
})

test('without SECRETS there is no /sign', async () => {
  const other = testApp()
  expect((await other.server.inject({ method: 'POST', url: '/sign' })).statusCode).toBe(404)
  await other.stop()
})

test('no drain of the app that runs l2met is taken', async () => {
  const own = testApp({ HEROKU_APP_NAME: 'my-l2met' })
  const answer = await own.server.inject({
    method: 'POST',
    url: '/logs?app=my-l2met',
    payload: routerBody(),
  })
  expect(answer.statusCode).toBe(403)
  expect(answer.body).toContain('the logs of this l2met itself')
  await own.stop()
})

function faultsOf(env: Record<string, string>): string {
  try {
    readConfig({ METRICS_TOKEN: 'the-token-of-metrics', ...env })
    return ''
  } catch (error) {
    return String(error)
  }
}

describe('the settings of old drains', () => {
  test('make a server public, which then needs a token to read', () => {
    expect(readConfig({ SECRETS: KEY.toString('hex'), METRICS_TOKEN: 'm' }).isPublic).toBe(true)
    expect(() => readConfig({ CRED_STORE: 'a:b' })).toThrow('METRICS_TOKEN: not set')
    const production = { NODE_ENV: 'production', CRED_STORE: 'a:b' }
    expect(faultsOf(production)).toBe('')
  })

  test.each([
    ['SECRETS', 'hunter2'],
    ['CRED_STORE', 'hunter2'],
    ['CRED_STORE', 'user:|hunter2'],
    ['ALLOWED_APPS', 'shop'],
    ['ALLOWED_APPS', 'a b:hunter2'],
    ['TAGS_SHOP', 'hunter 2'],
    ['SHOP_TAGS', 'x:hunter 2'],
  ])('are checked, and not shown: %s=%s', (name, value) => {
    const said = faultsOf({ [name]: value })
    expect(said).toContain(name)
    expect(said).not.toContain('hunter')
  })

  test('hide their secrets from the log', () => {
    const env = {
      SECRETS: KEY.toString('hex'),
      CRED_STORE: 'a:shared-pass',
      ALLOWED_APPS: 'b:app-pass',
    }
    const { hidden } = readConfig({ ...env, METRICS_TOKEN: 'the-token' })
    expect(hidden).toEqual(['the-token', KEY.toString('hex'), 'shared-pass', 'app-pass'])
  })

  test('read keys as l2met did', () => {
    expect(readFernetKey(KEY.toString('hex'))).toEqual(KEY)
  })
})
