import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { drainToken } from '../../../src/receive/credentials.ts'
import type { LearnedRoutesAnswer } from '../../../src/server/api/routes.ts'
import { basic, testApp } from '../../support/app.ts'
import { body, syslog } from '../../support/count.ts'
import { routerLine } from '../../support/scrape.ts'

const SECRET = 'the-secret-of-drains'
const app = testApp({
  DRAIN_SECRETS: SECRET,
  METRICS_TOKEN: 'token-of-everything',
  METRICS_TOKENS: 'my-shop:token-of-the-shop',
  ROUTES_MY_SHOP: '/static/*,!/city/:slug',
})

const words = Array.from({ length: 90 }, (_, i) =>
  String.fromCharCode(97 + (i % 26), 97 + Math.floor(i / 26), 119),
)

async function post(name: string, paths: readonly string[]) {
  const lines = paths.map((path) => syslog('heroku', 'router', routerLine({ path }), Date.now()))
  const { statusCode } = await app.server.inject({
    method: 'POST',
    url: '/logs',
    headers: {
      authorization: basic(name, drainToken(SECRET, name)),
      'content-type': 'application/logplex-1',
    },
    payload: body(...lines),
  })
  expect(statusCode).toBe(204)
}

async function get(url: string, token = 'token-of-everything') {
  const headers = { authorization: `Bearer ${token}` }
  const { statusCode, body: text } = await app.server.inject({ url, headers })
  return { statusCode, answer: JSON.parse(text) as LearnedRoutesAnswer & { error?: string } }
}

beforeAll(async () => {
  await post('my-shop', [
    ...words.map((word) => `/blog/on-${word}-again`),
    ...words.map((word) => `/city/the-${word}-town`),
    ...words.map((word) => `/u/${word}`),
    ...words.map((word) => `/static/of-${word}-x`),
    '/blog/archive',
  ])
  await post('blog', ['/', '/about'])
})
afterAll(async () => {
  await app.stop()
})

describe('GET /api/routes', () => {
  test('lists what was learned, since when, and the settings that pin or forbid it', async () => {
    const { statusCode, answer } = await get('/api/routes?app=my-shop')
    expect(statusCode).toBe(200)
    expect(answer).toEqual({
      app: 'my-shop',
      limit: 200,
      setting: 'ROUTES_MY_SHOP=/static/*,!/city/:slug',
      learned: ['/blog/', '/u/'].map((position) => ({
        route: `${position}:slug`,
        words: [position === '/u/' ? 'names' : 'slugs'],
        since: expect.stringMatching(/^20\d\d-.*Z$/),
        pin: `ROUTES_MY_SHOP=/static/*,!/city/:slug,${position}:slug`,
        forbid: `ROUTES_MY_SHOP=/static/*,!/city/:slug,!${position}:slug`,
      })),
    })
    const age = Date.now() - Date.parse(answer.learned[0]!.since!)
    expect(age).toBeLessThan(60_000)
  })

  test('is empty for an app whose paths teach nothing', async () => {
    expect((await get('/api/routes?app=blog')).answer).toEqual({
      app: 'blog',
      limit: 200,
      setting: null,
      learned: [],
    })
  })

  test('goes by the same rules as the others', async () => {
    expect(await get('/api/routes')).toMatchObject({ statusCode: 400 })
    expect(await get('/api/routes?app=my-shop&from=1')).toMatchObject({ statusCode: 400 })
    expect(await get('/api/routes?app=nobody')).toMatchObject({ statusCode: 404 })
    const own = await get('/api/routes', 'token-of-the-shop')
    expect(own).toMatchObject({ statusCode: 200, answer: { app: 'my-shop' } })
    expect(await get('/api/routes?app=blog', 'token-of-the-shop')).toMatchObject({
      statusCode: 403,
    })
    expect(await get('/api/routes?app=blog', 'another-token')).toMatchObject({ statusCode: 401 })
  })
})
