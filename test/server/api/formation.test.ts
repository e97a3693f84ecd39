import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Formation } from '../../../src/report/formation/formation.ts'
import { testApp } from '../../support/app.ts'
import { body, syslog } from '../../support/count.ts'

const MB = 2 ** 20
const MINUTE = 60_000

let now = Date.now()
let app = testApp({}, () => now)
beforeEach(() => {
  now = Math.floor(Date.now() / MINUTE) * MINUTE
  app = testApp({}, () => now)
})
afterEach(async () => {
  await app.stop()
})

async function post(...lines: readonly string[]): Promise<void> {
  const payload = body(...lines)
  const answer = await app.server.inject({ method: 'POST', url: '/logs?app=shop', payload })
  expect(answer.statusCode).toBe(204)
}

async function formation(query = ''): Promise<Formation> {
  const answer = await app.server.inject(`/api/formation?app=shop${query}`)
  expect(answer.statusCode, answer.body).toBe(200)
  return answer.json<Formation>()
}

function request(service: number, time: number, status = 200): string {
  const timing = `connect=1ms service=${service}ms status=${status} bytes=10 protocol=https`
  return syslog(
    'heroku',
    'router',
    `at=info method=GET path="/" host=h request_id=r fwd="192.0.2.1" dyno=web.1 ${timing}`,
    time,
  )
}

function memory(dyno: string, rss: number, swap = 0): string {
  const values = `sample#memory_total=${rss + swap}MB sample#memory_rss=${rss}MB sample#memory_swap=${swap}MB sample#memory_quota=512MB`
  return syslog('heroku', dyno, `source=${dyno} dyno=heroku.1.a ${values}`, now)
}

describe('/api/formation', () => {
  test('measures RAM per process and the busiest minute, and shows both', async () => {
    const busy = now - 5 * MINUTE
    // 120 requests of 1.5 s in a minute: 2 requests/s x 1.5 s = 3 at a time.
    await post(...Array.from({ length: 120 }, (_, i) => request(1500, busy + i * 500)))
    await post(...Array.from({ length: 200 }, () => request(10, busy + 2 * MINUTE)))
    await post(memory('web.1', 200), memory('web.2', 240), memory('worker.1', 480))

    const answer = await formation('&processes-per-dyno=2')
    expect(answer.measured).toMatchObject({
      requests: 320,
      minutes: 2,
      busiest: {
        time: new Date(busy).toISOString(),
        requestsPerSecond: 2,
        meanServiceSeconds: 1.5,
        concurrency: 3,
      },
      memory: { dyno: 'web.2', rss: 240 * MB },
    })
    expect(answer).toMatchObject({ ramPerProcess: 120 * MB, headroom: 0.25, requiredProcesses: 4 })
    expect(answer.types.find(({ type }) => type === 'Standard-1X')).toMatchObject({
      perDyno: 4,
      dynos: 1,
      total: 25,
    })
    expect(answer.best).toBe('Basic')
    expect(answer.warnings.map(({ kind }) => kind)).toEqual(['too-little-data'])
  })

  test('threads, headroom, and what the user says, come before what was measured', async () => {
    const busy = now - 5 * MINUTE
    await post(...Array.from({ length: 120 }, (_, i) => request(1500, busy + i * 500)))
    expect(await formation('&headroom=1&threads-per-process=2')).toMatchObject({
      requiredProcesses: 3,
      ramPerProcess: null,
      best: null,
      warnings: [{ kind: 'no-memory' }, { kind: 'too-little-data' }],
    })
    expect(await formation('&ram=450MB&processes=60')).toMatchObject({
      requiredProcesses: 60,
      best: 'Performance-L-RAM',
      warnings: [],
    })
  })

  test('a minute that is not over does not count', async () => {
    await post(request(60_000, now + 1000))
    expect(await formation()).toMatchObject({
      measured: { busiest: null },
      requiredProcesses: null,
      best: null,
    })
  })

  test('R14, swap and growth over hours are warnings', async () => {
    const start = now
    for (let hour = 0; hour < 6; hour += 1) {
      now = start + hour * 60 * MINUTE
      await post(memory('web.1', 300 + hour * 20), memory('web.2', 300 + (hour % 2)))
    }
    await post(
      memory('web.1', 500, 30),
      syslog('heroku', 'web.1', 'Error R14 (Memory quota exceeded)', now),
    )
    const { warnings } = await formation()
    expect(warnings.map(({ kind }) => kind)).toEqual(['R14', 'swap', 'growth', 'no-requests'])
    expect(warnings[2]!.text).toMatch(/^web\.1 grew by \d+ MB an hour for \d hours/)
  })

  test.each([
    ['app=shop&frob=1', 400, 'frob'],
    ['app=shop&ram=12', 400, 'ram is a size'],
    ['app=shop&processes=0', 400, 'processes is a whole number'],
    ['app=shop&headroom=-1', 400, 'headroom is a number'],
    ['app=nosuch', 404, 'no app'],
    ['', 400, 'app=NAME'],
    ['app=shop&from=2026-01-01T00:00:00Z&to=2026-01-09T00:00:00Z', 400, 'at most 7 days'],
  ])('%s: %i', async (query, status, reason) => {
    await post(request(10, now))
    const answer = await app.server.inject(`/api/formation?${query}`)
    expect([answer.statusCode, answer.json()]).toEqual([
      status,
      { error: expect.stringContaining(reason) },
    ])
  })
})
