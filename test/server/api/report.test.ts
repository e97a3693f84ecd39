import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { routerLine, testApp } from '../../support/app.ts'
import { body, syslog } from '../../support/count.ts'

let app = testApp()
beforeEach(() => {
  app = testApp()
})
afterEach(async () => {
  await app.stop()
})

async function post(name: string, ...times: number[]) {
  const payload = body(...times.map((time) => routerLine(200, time)))
  await app.server.inject({ method: 'POST', url: `/logs?app=${name}`, payload })
}

async function count(query: string): Promise<number> {
  const answer = await app.server.inject(`/api/report?app=a&${query}`)
  return answer.json<{ requests: { count: number } }>().requests.count
}

function iso(time: number): string {
  return new Date(time).toISOString()
}

describe('/api/apps and /api/report', () => {
  test('apps with the time of their newest line', async () => {
    const now = Date.now()
    await post('b', now - 60_000, now - 30_000)
    await post('a', now)
    const answer = await app.server.inject('/api/apps')
    expect(answer.json()).toEqual([
      { app: 'a', firstLine: iso(now), lastLine: iso(now), series: expect.any(Number) },
      {
        app: 'b',
        firstLine: iso(now - 60_000),
        lastLine: iso(now - 30_000),
        series: expect.any(Number),
      },
    ])
    expect(answer.headers).toMatchObject({
      'cache-control': 'no-store',
      'content-type': 'application/json; charset=utf-8',
    })
  })

  test('coverage: lines that are counted, and why others are not', async () => {
    const now = Date.now()
    const lines = [
      routerLine(200, now),
      routerLine(200, now),
      routerLine(200, now - 3_600_000),
      routerLine(200, now + 3_600_000),
      syslog('heroku', 'router', 'no request', now),
      syslog(
        'heroku',
        'logplex',
        'Error L10 (output buffer overflow): 4 messages dropped since x.',
        now,
      ),
    ]
    await app.server.inject({ method: 'POST', url: '/logs?app=a', payload: body(...lines) })
    expect((await app.server.inject('/api/report?app=a')).json()).toMatchObject({
      coverage: {
        ratio: 0.3,
        counted: 3,
        late: 1,
        future: 1,
        malformed: 1,
        overLimit: 0,
        dropped: 4,
        missing: 0,
      },
    })
  })

  test('lines that Logplex-Msg-Count announced and that did not come are missing, once', async () => {
    const notice = 'Error L10 (output buffer overflow): 1 messages dropped since x.'
    const bytes = body(
      syslog('heroku', 'logplex', notice, Date.now()),
      routerLine(),
      routerLine(500),
    )
    const send = async (count: string, id: string) =>
      app.server.inject({
        method: 'POST',
        url: '/logs?app=a',
        headers: { 'logplex-msg-count': count, 'logplex-frame-id': id },
        payload: bytes,
      })
    await send('5', 'one')
    await send('5', 'one')
    for (const [i, count] of ['3', '2', '', 'x', '-1', '1e3', '99999999'].entries())
      await send(count, `other ${i}`.replace(' ', '-'))
    const lines = 8 * 3
    expect((await app.server.inject('/api/report?app=a')).json()).toMatchObject({
      coverage: { ratio: lines / (lines + 8 + 2), counted: lines, dropped: 8, missing: 2 },
    })
    const health = await app.server.inject('/api/series?app=a&name=health')
    expect(health.json()).toMatchObject({
      series: { health: { missing: 2, coverage: lines / (lines + 8 + 2) } },
    })
    const { body: metrics } = await app.server.inject('/metrics')
    expect(metrics).toContain('l2met_bodies_mismatched_total{app="a"} 2\n')
    expect(metrics).toContain('l2met_missing_lines_total{app="a"} 2\n')
    expect(metrics).toContain(`l2met_coverage_ratio{app="a"} ${lines / (lines + 8 + 2)}\n`)
  })

  test('the only app need not be named', async () => {
    const none = await app.server.inject('/api/report')
    expect([none.statusCode, none.json()]).toEqual([
      404,
      { error: expect.stringContaining('no line') },
    ])
    await post('a', Date.now())
    expect((await app.server.inject('/api/report')).json()).toMatchObject({
      app: 'a',
      requests: { count: 1 },
    })
    await post('b', Date.now())
    const several = await app.server.inject('/api/report')
    expect([several.statusCode, several.json()]).toEqual([
      400,
      { error: expect.stringContaining('/api/apps') },
    ])
  })

  test('an app that no line came from is unknown', async () => {
    const answer = await app.server.inject('/api/report?app=%3Cb%3E')
    expect([answer.statusCode, answer.json()]).toEqual([
      404,
      { error: expect.stringContaining('/api/apps') },
    ])
    expect(answer.headers['content-type']).toMatch(/^application\/json/)
  })

  test('a range takes the windows that it touches', async () => {
    const now = Date.now()
    await post('a', now, now - 5 * 60_000, now - 14 * 60_000, now + 30_000)
    expect(await count('')).toBe(4)
    expect(await count(`from=${now - 60_000}`)).toBe(2)
    expect(await count(`from=${iso(now - 6 * 60_000)}&to=${iso(now - 4 * 60_000)}`)).toBe(1)
    expect(await count(`to=${now - 4 * 60_000}`)).toBe(2)
    expect(await count(`from=${now - 20 * 3_600_000}`)).toBe(4)
    expect(await count(`from=${now - 50 * 3_600_000}&to=${now - 40 * 3_600_000}`)).toBe(0)
  })

  test.each([
    'from=x',
    'to=tomorrow',
    'from=1',
    'from=2026-13-01T00:00:00Z',
    'from=1790000000000&to=1780000000000',
    'app=a&app=b',
  ])('refuses %s with a reason', async (query) => {
    const answer = await app.server.inject(`/api/report?${query}`)
    expect([answer.statusCode, answer.json()]).toEqual([400, { error: expect.any(String) }])
  })
})
