import { afterAll, beforeAll, expect, test } from 'vitest'
import { testApp } from '../../support/app.ts'
import { body, syslog } from '../../support/count.ts'

const app = testApp()
afterAll(async () => app.stop())

interface Request {
  readonly path?: string
  readonly dyno?: string
  readonly status?: number
  readonly code?: string
  readonly service?: number
}

function line({ path = '/', dyno = 'web.1', status = 200, code, service = 20 }: Request): string {
  const at = code === undefined ? 'at=info' : `at=error code=${code} desc="x"`
  const text = `${at} method=GET path="${path}" host=h request_id=r fwd="192.0.2.1" dyno=${dyno} connect=1ms service=${service}ms status=${status} bytes=5 protocol=https`
  return syslog('heroku', 'router', text, Date.now())
}

beforeAll(async () => {
  const lines = [
    line({ path: '/a' }),
    line({ path: '/a', dyno: 'web.2', service: 40 }),
    line({ path: '/a', dyno: 'web.2', status: 503, code: 'H12', service: 30_000 }),
    line({ path: '/b', dyno: 'web.2', status: 503, code: 'H12', service: 30_000 }),
    line({ path: '/b', dyno: 'web.1', status: 503, code: 'H13' }),
    syslog('heroku', 'web.2', 'source=web.2 sample#memory_total=300.00MB', Date.now()),
    syslog('heroku', 'web.2', 'Error R14 (Memory quota exceeded)', Date.now()),
    syslog('app', 'web.1', 'count#sold=3', Date.now()),
  ]
  await app.server.inject({ method: 'POST', url: '/logs?app=shop', payload: body(...lines) })
})

async function report(query: string) {
  const answer = await app.server.inject(`/api/report?app=shop&${query}`)
  expect(answer.statusCode, answer.body).toBe(200)
  return answer.json()
}

async function series(query: string) {
  const answer = await app.server.inject(`/api/series?app=shop&${query}`)
  expect(answer.statusCode, answer.body).toBe(200)
  return answer.json().series
}

const sum = (column: (number | null)[]) => column.reduce<number>((all, n) => all + (n ?? 0), 0)

test('a report about a dyno', async () => {
  const { requests, service, dynos, ...rest } = await report('dyno=web.2')
  expect(requests).toMatchObject({
    count: 3,
    status: { 200: 1, 503: 2 },
    methods: null,
    peakPerSecond: null,
    errors: { H12: 2 },
  })
  expect(service.count).toBe(3)
  expect(Object.keys(dynos)).toEqual(['web.2'])
  expect(dynos['web.2']).toMatchObject({ requests: 3, errors: { R14: 1 } })
  expect(dynos['web.2'].memory.total.last).toBe(300 * 2 ** 20)
  expect(rest).toMatchObject({ routes: null, count: null, lines: null, events: null, addons: null })
})

test('a report about a route', async () => {
  const { requests, service, routes, ...rest } = await report('route=/a')
  expect(requests).toMatchObject({
    count: 3,
    status: null,
    methods: { GET: 3 },
    errors: { H12: 1 },
  })
  expect(service.count).toBe(3)
  expect(routes).toMatchObject([{ method: 'GET', route: '/a', count: 3, errors: 1 }])
  expect(rest).toMatchObject({ dynos: null, connect: null, bytes: null, measure: null })
})

test('a report about a code says which routes and dynos had it', async () => {
  const { requests, routes, dynos, ...rest } = await report('code=H12')
  expect(requests).toMatchObject({ count: 2, errors: { H12: 2 }, status: null })
  expect(routes).toEqual([
    { method: null, route: '/a', count: 1, errors: null, service: null },
    { method: null, route: '/b', count: 1, errors: null, service: null },
  ])
  expect(dynos).toEqual({
    'web.2': { requests: 2, service: null, memory: null, load: null, errors: {} },
  })
  expect(rest).toMatchObject({ service: null, lines: null })
  expect((await report('code=R14')).dynos).toMatchObject({ 'web.2': { errors: { R14: 1 } } })
})

test('a report about two of them', async () => {
  expect((await report('code=H12&dyno=web.2')).requests.count).toBe(2)
  const ofRoute = await report('code=H12&route=/b')
  expect([ofRoute.requests.count, ofRoute.routes.length, ofRoute.dynos]).toEqual([1, 1, null])
  // Nothing is stored by route and dyno.
  expect((await report('route=/a&dyno=web.2')).requests).toBeNull()
  expect((await report('dyno=web.99')).requests.count).toBe(0)
})

test('series about one of them', async () => {
  const all = 'name=requests,service,heat,errors,memory,connect,lines,count:*'
  const ofDyno = await series(`${all}&dyno=web.2`)
  expect(sum(ofDyno.requests.count)).toBe(3)
  expect(sum(ofDyno.service.count)).toBe(3)
  expect(ofDyno.errors).toMatchObject({ H12: { total: 2 }, R14: { total: 1 } })
  expect(Object.keys(ofDyno.memory.dynos)).toEqual(['web.2'])
  expect([ofDyno.lines, ofDyno['count:*']]).toEqual([null, null])
  const ofRoute = await series(`${all}&route=/a`)
  expect(Object.keys(ofRoute.requests.perSecond)).toEqual(['2xx', '5xx'])
  expect(sum(ofRoute.requests.count)).toBe(3)
  expect([ofRoute.connect, ofRoute.memory]).toEqual([null, null])
  const ofCode = await series(`${all},report&code=H12`)
  expect(sum(ofCode.requests.count)).toBe(2)
  expect([ofCode.requests.perSecond, ofCode.service]).toEqual([null, null])
  expect(ofCode.report.requests.count).toBe(2)
})

test.each([
  ['/api/report?app=shop&rout=/a', 'did you mean route?'],
  ['/api/report?app=shop&name=requests', 'it takes app, from, to, route, dyno, code'],
  ['/api/series?app=shop&name=requests&stepp=60', 'did you mean step?'],
  ['/api/series?app=shop&name=requests&__proto__=1', 'no parameter'],
  ['/api/report?app=shop&code=404', 'code=H12'],
  ['/api/report?app=shop&code=H12&code=H13', 'once'],
  ['/api/report?app=shop&route=users', 'route=/users/:id'],
  ['/api/report?app=shop&dyno=a%20b', 'dyno=web.1'],
])('what is not understood is refused: %s', async (url, said) => {
  const answer = await app.server.inject(url)
  expect(answer.statusCode).toBe(400)
  expect(answer.json().error).toContain(said)
})
