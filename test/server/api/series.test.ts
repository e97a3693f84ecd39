import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readSeriesQuery } from '../../../src/server/api/series-query.ts'
import { basic, routerLine, testApp } from '../../support/app.ts'
import { NOW, body } from '../../support/count.ts'

const HOUR = 3_600_000

describe('the query of /api/series', () => {
  test('without times the last 15 minutes in steps of 10 s', () => {
    const { grid, width, names } = readSeriesQuery({ app: 'a', name: 'requests' }, NOW + 1)
    expect(grid).toEqual({
      from: NOW - 900_000,
      to: NOW + 10_000,
      step: 10_000,
      count: 91,
      now: NOW + 1,
    })
    expect([width, names]).toEqual([10_000, ['requests']])
  })

  test('times as milliseconds or ISO 8601, names once or several times', () => {
    const query = { app: 'a', name: ['requests, service', 'errors,service'] }
    const from = '2026-11-21T13:30:00+02:00'
    const { grid, names } = readSeriesQuery({ ...query, from, to: String(NOW) }, NOW)
    expect([grid.from, grid.to]).toEqual([NOW - HOUR / 2, NOW])
    expect(names).toEqual(['requests', 'service', 'errors'])
  })

  test('a step that fits the range; coarse windows where fine ones are gone', () => {
    expect(stepOf(NOW - HOUR)).toEqual([10, 10])
    expect(stepOf(NOW - 2 * HOUR)).toEqual([60, 60])
    expect(stepOf(NOW - 2 * HOUR, NOW - 2 * HOUR + 60_000)).toEqual([60, 60])
    expect(stepOf(NOW - 24 * HOUR)).toEqual([180, 60])
    expect(stepOf(NOW - 24 * 365 * HOUR)).toEqual([86_400, 60])
  })

  test.each([
    [{}, 'app=NAME'],
    [{ app: ['a', 'b'] }, 'app once'],
    [{ app: 'a' }, 'name='],
    [{ app: 'a', name: 'nonsense' }, '"nonsense"'],
    [{ app: 'a', name: 'measure:' }, '"measure:"'],
    [{ app: 'a', name: 'requests', from: 'yesterday' }, 'from=2026-09-21T'],
    [{ app: 'a', name: 'requests', from: '1790000000' }, 'milliseconds'],
    [{ app: 'a', name: 'requests', to: '2026-11-31T99:00:00Z' }, 'to is a time'],
    [{ app: 'a', name: 'requests', from: String(NOW), to: String(NOW) }, 'before to'],
    [{ app: 'a', name: 'requests', step: '15' }, 'multiple of 10'],
    [{ app: 'a', name: 'requests', step: '0' }, 'multiple of 10'],
    [{ app: 'a', name: 'requests', step: '-10' }, 'multiple of 10'],
    [{ app: 'a', name: 'requests', step: '1e2' }, 'multiple of 10'],
    [{ app: 'a', name: 'requests', step: '10', from: String(NOW - 2 * HOUR) }, 'step=60'],
    [{ app: 'a', name: 'requests', step: '60', from: String(NOW - 48 * HOUR) }, 'step=120'],
    [
      {
        app: 'a',
        name: 'lines',
        step: '60',
        from: String(NOW + 1 - 2000 * 60_000),
        to: `${NOW + 1}`,
      },
      'step=120',
    ],
    [{ app: 'a', name: 'lines', step: '86400', from: '1000000000000' }, 'give a shorter range'],
    [
      { app: 'a', name: Array.from({ length: 101 }, (_, i) => `count:n${i}`).join(',') },
      'at most 100',
    ],
  ])('%j is refused with what to do', (query, message) => {
    expect(() => readSeriesQuery(query, NOW)).toThrow(message)
  })
})

describe('/api/series', () => {
  let app = testApp()
  beforeEach(() => {
    app = testApp()
  })
  afterEach(async () => {
    await app.stop()
  })

  async function post(...lines: string[]) {
    await app.server.inject({ method: 'POST', url: '/logs?app=shop', payload: body(...lines) })
  }

  test('what was sent, in one answer that nobody keeps', async () => {
    await post(routerLine(), routerLine(503), routerLine(200, Date.now() - 120_000))
    const answer = await app.server.inject('/api/series?app=shop&name=requests,service,report')
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
    })
    const { series, points, step } = answer.json()
    expect([step, points]).toEqual([10, 91])
    expect(sum(series.requests.count)).toBe(3)
    expect(sum(series.service.count)).toBe(3)
    expect(series.report.requests).toMatchObject({ count: 3, status: { 200: 2, 503: 1 } })
    expect(Object.keys(series).toSorted()).toEqual(['report', 'requests', 'service'])
  })

  test('coarse and fine windows hold the same requests', async () => {
    const now = Date.now()
    await post(...Array.from({ length: 50 }, (_, i) => routerLine(200, now - i * 9000)))
    for (const step of [10, 30, 60, 120]) {
      const url = `/api/series?app=shop&name=requests&step=${step}&from=${now - 900_000}`
      const { series } = (await app.server.inject(url)).json()
      expect(sum(series.requests.count)).toBe(50)
    }
  })

  test('packed for who takes it', async () => {
    await post(routerLine())
    const url = '/api/series?app=shop&name=requests,service,lines'
    const plain = await app.server.inject(url)
    const headers = { 'accept-encoding': 'br, gzip' }
    const packed = await app.server.inject({ url, headers })
    expect(packed.headers['content-encoding']).toBe('gzip')
    const { series } = JSON.parse(gunzipSync(packed.rawPayload).toString())
    expect(series.lines).toEqual(plain.json().series.lines)
    const refused = await app.server.inject({ url, headers: { 'accept-encoding': 'gzip;q=0' } })
    expect(refused.headers['content-encoding']).toBeUndefined()
  })

  test('an app without lines isn’t there', async () => {
    const answer = await app.server.inject('/api/series?app=nobody&name=requests')
    expect(answer.statusCode).toBe(404)
    expect(answer.json()).toEqual({ error: expect.stringContaining('/api/apps') })
  })

  test('a time without lines of an app that is there is an answer of nulls', async () => {
    await post(routerLine())
    const to = Date.now() - HOUR * 5
    const url = `/api/series?app=shop&name=requests,lines&from=${to - 600_000}&to=${to}`
    const { series } = (await app.server.inject(url)).json()
    expect(new Set(series.lines.count)).toEqual(new Set([null]))
    expect(series.requests.perSecond).toEqual({})
  })

  test('a bad question is answered with how to put it', async () => {
    const answer = await app.server.inject('/api/series?app=shop&name=requests&step=7')
    expect(answer.statusCode).toBe(400)
    expect(answer.json()).toEqual({ error: expect.stringContaining('step=60') })
  })

  test('needs the token where there is one', async () => {
    const secure = testApp({ METRICS_TOKEN: 'the-token-of-tests', DRAIN_SECRETS: 'x'.repeat(20) })
    for (const url of ['/', '/page/main.js', '/api/series?app=a&name=lines', '/api/live?app=a']) {
      expect((await secure.server.inject(url)).statusCode).toBe(401)
      const headers = { authorization: basic('any', 'the-token-of-tests') }
      expect((await secure.server.inject({ url, headers })).statusCode).not.toBe(401)
    }
    await secure.stop()
  })
})

function stepOf(from: number, to = NOW): number[] {
  const query = { app: 'a', name: 'requests', from: String(from), to: String(to) }
  const { grid, width } = readSeriesQuery(query, NOW)
  return [grid.step / 1000, width / 1000]
}

function sum(values: (number | null)[]): number {
  return values.reduce<number>((all, value) => all + (value ?? 0), 0)
}
