import { describe, expect, test } from 'vitest'
import { createReport } from '../../src/report/report.ts'
import { body, countBodies, reportOn, syslog } from '../support/count.ts'

function router(path: string, service: number, rest = 'status=200'): string {
  return `at=info method=GET path="${path}" host=a request_id=1 fwd="192.0.2.1" dyno=web.1 connect=1ms service=${service}ms ${rest} bytes=9 protocol=https`
}

const MESSAGES = [
  router('/cable', 3_599_000, 'status=101'),
  router('/events/7', 60_000),
  router('/events', 20),
  router('/users/42.json', 30),
]

describe('sessions are not responses', () => {
  test.each([
    ['without STREAMS', [], [3599], 3],
    ['a route of STREAMS', ['/events/*'], [60, 3599], 2],
    ['a route of one segment', ['/users/:id'], [0.03, 3599], 2],
  ])('%s', (_, streams, sessions, responses) => {
    const text = MESSAGES.map((message) => `2026-11-21T12:00:00Z heroku[router]: ${message}`)
    const frames = body(...MESSAGES.map((message) => syslog('heroku', 'router', message)))
    // Twice, so that the scanner knows all of them.
    const { window } = countBodies([frames, frames], { streams })
    for (const [report, times] of [
      [reportOn(text.join('\n'), { streams }), 1],
      [createReport('shop', window), 2],
    ] as const) {
      expect(report.requests.count).toBe(4 * times)
      expect(report.sessions).toMatchObject({
        count: sessions.length * times,
        min: sessions[0],
        max: 3599,
      })
      expect(report.service?.count).toBe(responses * times)
      const cable = report.routes.find(({ route }) => route === '/cable')
      expect(cable).toMatchObject({ count: times, errors: 0, service: null })
    }
  })
})

describe('queue time', () => {
  const RACK = 'source=rack-timeout id=abc wait=12ms timeout=15000ms service=34ms'
  test.each<[message: string, seconds: number[]]>([
    [`${RACK} state=completed at=info`, [0.012]],
    [`${RACK} state=timed_out at=error`, [0.012]],
    [`${RACK} state=ready at=info`, []],
    [`${RACK} state=active at=debug`, []],
    ['[hirefire:router] queue=162ms', [0.162]],
    ['queue=1.5s', [1.5]],
    ['{"msg":"queue=162ms"}', [0.162]],
    ['msg="queue=162ms"', [0.162]],
    ['measure#queue=5ms', [0.005]],
    ['measure#queue.ms=5', [0.005]],
    ['queue=default', []],
    ['queue=12', []],
    ['queue=5MB', []],
    ['measure#queue=5', []],
    ['wait=12ms', []],
    ['subqueue=12ms', []],
  ])('%s', (message, seconds) => {
    const frames = body(syslog('app', 'web.1', message))
    const { window } = countBodies([frames, frames])
    const report = createReport('shop', window)
    const stats = seconds.length === 0 ? null : { count: 2, min: seconds[0], max: seconds[0] }
    if (stats === null) expect(report.queue).toBeNull()
    else expect(report.queue).toMatchObject(stats)
  })
})
