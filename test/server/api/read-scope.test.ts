import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { drainToken } from '../../../src/receive/credentials.ts'
import { basic, routerBody, testApp } from '../../support/app.ts'

const SECRET = 'the-secret-of-drains'
const app = testApp({
  DRAIN_SECRETS: SECRET,
  METRICS_TOKEN: 'token-of-everything',
  METRICS_TOKENS: 'shop:token-of-the-shop,shop:token-of-a-team,blog:token-of-a-team',
})

beforeAll(async () => {
  for (const name of ['shop', 'blog', 'other']) {
    const posted = await app.server.inject({
      method: 'POST',
      url: '/logs',
      headers: {
        authorization: basic(name, drainToken(SECRET, name)),
        'content-type': 'application/logplex-1',
      },
      payload: routerBody(),
    })
    expect(posted.statusCode).toBe(204)
  }
})
afterAll(async () => {
  await app.stop()
})

async function get(url: string, token: string) {
  const headers = { authorization: `Bearer ${token}` }
  const { statusCode, body } = await app.server.inject({ url, headers })
  return { statusCode, body }
}

function appsOf(metrics: string): string[] {
  return [
    ...new Set([...metrics.matchAll(/[{,]app="([^"]*)"/g)].map(([, name]) => name!)),
  ].toSorted()
}

describe('a token of one app', () => {
  test('reads its report, charts and formation, with and without app=', async () => {
    for (const url of [
      '/api/report',
      '/api/report?app=shop',
      '/api/series?name=requests',
      '/api/series?name=requests&app=shop',
    ]) {
      const { statusCode, body } = await get(url, 'token-of-the-shop')
      expect(statusCode, url).toBe(200)
      expect(JSON.parse(body), url).toMatchObject({ app: 'shop' })
    }
  })

  test('sees itself alone in /api/apps and /metrics', async () => {
    const { body } = await get('/api/apps', 'token-of-the-shop')
    expect((JSON.parse(body) as { app: string }[]).map((row) => row.app)).toEqual(['shop'])
    expect(appsOf((await get('/metrics', 'token-of-the-shop')).body)).toEqual(['shop'])
    expect(appsOf((await get('/metrics', 'token-of-everything')).body)).toEqual([
      'blog',
      'other',
      'shop',
    ])
    expect(appsOf((await get('/metrics', 'token-of-the-shop')).body)).toEqual(['shop'])
  })

  test.each([
    '/api/report?app=blog',
    '/api/report?app=no-such-app',
    '/api/report?app=shop&app=blog',
    '/api/series?name=requests&app=blog',
    '/api/live?app=blog',
    '/metrics/process',
  ])('may not read %s', async (url) => {
    const { statusCode, body } = await get(url, 'token-of-the-shop')
    expect(statusCode).toBe(403)
    expect(body).toContain('this token reads shop only')
  })

  test('opens the page', async () => {
    for (const url of ['/', '/page/main.js', '/welcome?app=shop'])
      expect((await get(url, 'token-of-the-shop')).statusCode, url).toBe(200)
  })
})

test('a token of two apps reads both and says which', async () => {
  expect(appsOf((await get('/metrics', 'token-of-a-team')).body)).toEqual(['blog', 'shop'])
  expect((await get('/api/report?app=blog', 'token-of-a-team')).statusCode).toBe(200)
  expect((await get('/api/report?app=other', 'token-of-a-team')).statusCode).toBe(403)
  expect((await get('/api/report', 'token-of-a-team')).statusCode).toBe(403)
})

test('no token that reads writes, and none that writes reads', async () => {
  for (const token of ['token-of-everything', 'token-of-the-shop']) {
    for (const authorization of [`Bearer ${token}`, basic('shop', token), basic(token, '')]) {
      const answer = await app.server.inject({
        method: 'POST',
        url: '/logs',
        headers: { authorization },
        payload: routerBody(),
      })
      expect(answer.statusCode).toBe(401)
    }
  }
  expect((await get('/metrics', drainToken(SECRET, 'shop'))).statusCode).toBe(401)
})
