import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  type DrainAuth,
  createDrainAuth,
  createReadAuth,
  drainToken,
  drainUrl,
} from '../../src/receive/credentials.ts'

const NEW = 'the-new-secret'
const OLD = 'the-old-secret'

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

function authBy(auth: DrainAuth) {
  return (authorization: string | undefined, app: string | undefined, drainToken?: string) =>
    auth({ authorization, app, drainToken })
}

function statusOf(act: () => unknown): number {
  try {
    act()
    return 200
  } catch (error) {
    return (error as { statusCode: number }).statusCode
  }
}

test('the token of an app is an HMAC of its name', () => {
  const hmac = createHmac('sha256', NEW).update('drain:my-app').digest('base64url')
  expect(drainToken(NEW, 'my-app')).toBe(hmac)
  const url = drainUrl(NEW, 'my-app', 'h.example.com')
  expect(url).toBe(`https://my-app:${hmac}@h.example.com/logs`)
})

describe('a drain with secrets', () => {
  const auth = authBy(createDrainAuth([NEW, OLD]))

  test('lets an app write with a token of any secret', () => {
    expect(auth(basic('a', drainToken(NEW, 'a')), undefined)).toBe('a')
    expect(auth(basic('a', drainToken(OLD, 'a')), undefined)).toBe('a')
    expect(auth(basic('a', drainToken(OLD, 'a')).replace('Basic', 'bAsIc'), undefined)).toBe('a')
    expect(auth(basic('a', drainToken(NEW, 'a')), 'a')).toBe('a')
    expect(auth(basic('__proto__', drainToken(NEW, '__proto__')), '')).toBe('__proto__')
  })

  const refused: [string, string | undefined][] = [
    ['nothing', undefined],
    ['an empty header', ''],
    ['no user', basic('', drainToken(NEW, ''))],
    ['no token', basic('a', '')],
    ['no colon', `Basic ${Buffer.from('a').toString('base64')}`],
    ['a wrong token', basic('a', 'x')],
    ['the token of another app', basic('a', drainToken(NEW, 'b'))],
    ['the token of an unknown secret', basic('a', drainToken('other', 'a'))],
    ['the secret itself', basic('a', NEW)],
    ['a token that is longer', basic('a', `${drainToken(NEW, 'a')}x`)],
    ['a token that is shorter', basic('a', drainToken(NEW, 'a').slice(0, -1))],
    ['a user that is no app name', basic('a b', drainToken(NEW, 'a b'))],
  ]
  test.each(refused)('refuses %s', (_what, header) => {
    expect(statusOf(() => auth(header, undefined))).toBe(401)
    expect(statusOf(() => auth(header, 'a'))).toBe(401)
  })

  test('takes a token as bearer, with the app in the query', () => {
    expect(auth(`Bearer ${drainToken(OLD, 'a')}`, 'a')).toBe('a')
    expect(auth(`Bearer ${drainToken(OLD, 'a')}`, 'a')).toBe('a')
    for (const app of [undefined, '', 'b', 'a b'])
      expect(statusOf(() => auth(`Bearer ${drainToken(OLD, 'a')}`, app))).toBe(401)
  })

  test('lets no app write as another', () => {
    expect(statusOf(() => auth(basic('a', drainToken(NEW, 'a')), 'b'))).toBe(403)
  })
})

describe('a drain without secrets', () => {
  const auth = authBy(createDrainAuth([]))

  test('takes the app of the query, of the user, or the default', () => {
    expect(auth(undefined, undefined)).toBe('default')
    expect(auth(basic('', ''), '')).toBe('default')
    expect(auth(basic('user', 'x'), undefined)).toBe('user')
    expect(auth(basic('user', 'x'), 'query')).toBe('query')
  })

  test('tells drains apart that name no app, and an explicit app wins', () => {
    expect(auth(undefined, undefined, 'd.1234')).toBe('d.1234')
    expect(auth(basic('user', 'x'), undefined, 'd.1234')).toBe('user')
    expect(auth(undefined, 'query', 'd.1234')).toBe('query')
  })

  test.each(['a/b', 'a b', '(other)', 'ä', 'a\n', 'x'.repeat(65)])('refuses the name %j', (app) => {
    expect(statusOf(() => auth(undefined, app))).toBe(400)
    expect(statusOf(() => auth(basic(app, ''), undefined))).toBe(400)
  })
})

describe('reading', () => {
  test('needs nothing without a token', () => {
    expect(createReadAuth([])(undefined)).toEqual({ apps: undefined })
  })

  const readerOf = createReadAuth([
    { app: undefined, token: 'the-token' },
    { app: 'shop', token: 'team-token' },
    { app: 'blog', token: 'team-token' },
    { app: 'shop', token: 'shop-token' },
  ])

  test('needs a token as bearer or as password of any user', () => {
    for (const header of ['Bearer the-token', 'bearer the-token', basic('any', 'the-token')])
      expect(readerOf(header), header).toEqual({ apps: undefined })
    const wrong = ['', 'the-token', 'Bearer', 'Bearer x', basic('the-token', ''), basic('any', 'x')]
    for (const header of [undefined, ...wrong]) expect(statusOf(() => readerOf(header))).toBe(401)
  })

  test('says whether the token is missing or wrong', () => {
    expect(() => readerOf(undefined)).toThrow('reading needs METRICS_TOKEN')
    expect(() => readerOf('Bearer other')).toThrow('this token may not read here')
  })

  test('is of the apps that a token is for', () => {
    expect(readerOf('Bearer shop-token').apps).toEqual(new Set(['shop']))
    expect(readerOf(basic('any', 'team-token')).apps).toEqual(new Set(['shop', 'blog']))
  })
})
