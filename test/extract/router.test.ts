import { describe, expect, test } from 'vitest'
import { classesOf, countText, reportOn } from '../support/count.ts'

const PREFIX = '2026-11-21T11:00:00.000000+00:00 heroku[router]: '
const ID = 'request_id=3f1c2a5e-6f0b-4a52-9d0c-5b0c1f6f2b11 fwd="203.0.113.7"'

function router(message: string) {
  return reportOn(PREFIX + message)
}

describe('a router line', () => {
  test('is a request with its fields', () => {
    const report = router(
      `at=info method=GET path="/users/42?token=secret" host=shop.example.com ${ID} dyno=web.1 connect=1ms service=18ms status=200 bytes=1382 protocol=https`,
    )
    expect(report.requests).toMatchObject({
      count: 1,
      status: { 200: 1 },
      methods: { GET: 1 },
      errors: {},
    })
    expect(report.service).toMatchObject({
      count: 1,
      min: 0.018,
      max: 0.018,
      mean: 0.018,
      p50: 0.018,
    })
    expect(report.connect).toMatchObject({ count: 1, mean: 0.001 })
    expect(report.bytes).toMatchObject({ count: 1, mean: 1382 })
    expect(report.routes).toMatchObject([
      { method: 'GET', route: '/users/:id', count: 1, errors: 0 },
    ])
    expect(report.dynos['web.1']).toMatchObject({ requests: 1, service: { p50: 0.018 } })
    expect(JSON.stringify(report)).not.toContain('secret')
  })

  test.each<[name: string, message: string, expected: object]>([
    [
      'of Router 2.0, with a decoded path',
      `at=info method=GET path="/api/Old Town 1951/books" host=a.example.com ${ID} dyno=web.1 connect=0ms service=3ms status=200 bytes=2256 protocol=http2.0 tls=true tls_version=tls1.3`,
      { requests: { status: { 200: 1 } }, routes: [{ route: '/api/Old Town 1951/books' }] },
    ],
    [
      'with an unquoted path that contains =',
      `at=info method=GET path=/x?a=b=c host=a.example.com fwd=17.17.17.17 dyno=web.1 connect=1ms service=2ms status=200 bytes=1`,
      { requests: { count: 1 }, routes: [{ route: '/x' }] },
    ],
    [
      'H10 with nothing measured',
      `at=error code=H10 desc="App crashed" method=POST path="/crash" host=a.example.com ${ID} dyno= connect= service= status=503 bytes=`,
      {
        requests: { count: 1, errors: { H10: 1 }, status: { 503: 1 } },
        service: null,
        connect: null,
        bytes: null,
        dynos: {},
      },
    ],
    [
      'H12',
      `at=error code=H12 desc="Request timeout" method=GET path="/" host=a.example.com ${ID} dyno=web.1 connect= service=30000ms status=503 bytes=0 protocol=http`,
      {
        requests: { errors: { H12: 1 } },
        service: { p50: 30 },
        connect: null,
        routes: [{ errors: 1 }],
      },
    ],
    [
      'H18 whose status was sent before',
      `sock=backend at=error code=H18 desc="Server Request Interrupted" method=GET path="/" host=a.example.com ${ID} dyno=web.1 connect=0ms service=9ms status=200 bytes=0`,
      { requests: { errors: { H18: 1 }, status: { 200: 1 } }, routes: [{ errors: 1 }] },
    ],
    [
      'H24 without a status',
      `at=error code=H24 desc="Forced close" method=GET path="/" host=a.example.com ${ID} dyno=web.1 connect=1ms service=80000ms status= bytes=18`,
      { requests: { count: 1, errors: { H24: 1 }, status: { none: 1 } } },
    ],
    [
      'H25 without units',
      `at=error code=H25 desc="HTTP restriction: oversized header" method=GET path="/" host=a.example.com ${ID} dyno=web.1 connect=0 service=397 status=502 bytes=542`,
      { service: { p50: 0.397 }, requests: { errors: { H25: 1 } } },
    ],
    [
      'H26 with a cause between',
      `at=error code=H26 desc="Request Error" cause="bad header" method=GET path="/" host=a.example.com ${ID} dyno= connect= service= status=400 bytes=`,
      { requests: { errors: { H26: 1 }, status: { 400: 1 }, methods: { GET: 1 } } },
    ],
    [
      'H27 with bytes= before protocol',
      `sock=client at=warning code=H27 desc="Client Request Interrupted" method=PATCH path="/a" host=a.example.com ${ID} dyno=web.1 connect=1ms service=29043ms status=499 bytes= protocol=https`,
      { requests: { errors: { H27: 1 }, methods: { PATCH: 1 } }, bytes: null },
    ],
    [
      'H80, which is no error',
      `at=info code=H80 desc="Maintenance mode" method=GET path="/up" dyno= connect=0ms service=0ms status=503 bytes=596`,
      {
        requests: { count: 1, errors: {}, status: { 503: 1 } },
        service: null,
        bytes: { p50: 596 },
      },
    ],
    [
      'H31 with an agent that writes a tail of its own',
      `at=error code=H31 desc="Misdirected Request" method=GET path="/" host=a.example.com ${ID} dyno= connect= service= status=421 bytes= protocol=http agent="x dyno=web.9 connect=1ms service=1ms status=200 bytes=1 agent="`,
      { requests: { errors: { H31: 1 }, status: { 421: 1 } }, dynos: {}, service: null },
    ],
    [
      'H31 whose path and agent both write tails of their own',
      `at=error code=H31 desc="Misdirected Request" method=GET path="/a dyno=web.9 connect=1ms service=1ms status=200 bytes=1 agent="" host=a.example.com ${ID} dyno= connect= service= status=421 bytes= protocol=http agent="x dyno=web.8 connect=1ms service=1ms status=500 bytes=1 agent="`,
      {
        requests: { errors: { H31: 1 }, status: { 421: 1 } },
        dynos: {},
        service: null,
        routes: [{ route: '/a dyno=web.9 connect=1ms service=1ms status=200 bytes=1 agent=' }],
      },
    ],
    [
      'of 2012',
      `GET shop.example.com/articles/git dyno=web.3  service=44ms status=200 bytes=32839`,
      {
        requests: { methods: { GET: 1 } },
        service: { p50: 0.044 },
        routes: [{ route: '/articles/git' }],
      },
    ],
    [
      'of 2013 with queue and wait',
      `at=info method=GET path=/ host=a.example.com dyno=web.1 queue=0 wait=0ms connect=1ms service=2ms status=200 bytes=3`,
      { requests: { count: 1 }, service: { p50: 0.002 } },
    ],
    [
      'with an unknown method',
      `at=info method=BREW path="/pot" host=a.example.com ${ID} dyno=web.1 connect=0ms service=1ms status=418 bytes=0`,
      { requests: { methods: { OTHER: 1 }, status: { 418: 1 } } },
    ],
    [
      'with a field that the router has not written so far',
      `at=info method=GET path="/" host=a.example.com ${ID} dyno=web.1 connect=0ms service=1ms status=200 bytes=0 protocol=http3 alpn=h3`,
      { requests: { count: 1 } },
    ],
  ])('%s', (_, message, expected) => expect(router(message)).toMatchObject(expected))

  test.each([
    [
      'a forged tail in the path',
      `path="/x" dyno=web.9 connect=7ms service=7ms status=204 bytes=7 " host=a.example.com`,
    ],
    [
      'a forged tail in the path, unquoted',
      `path=/x dyno=web.9 connect=7ms service=7ms status=204 bytes=7 host=a.example.com`,
    ],
    [
      'a forged tail in the host',
      `path="/x" host=a" dyno=web.9 connect=7ms service=7ms status=204 bytes=7`,
    ],
    ['a forged code in the path', `path="/x code=H12 at=error" host=a.example.com`],
    [
      'a forged agent in the path',
      `path="/x dyno=web.9 connect=7ms service=7ms status=204 bytes=7 agent="" host=a.example.com`,
    ],
  ])('can not be forged: %s', (_, forged) => {
    const report = router(
      `at=info method=GET ${forged} ${ID} dyno=web.1 connect=1ms service=20ms status=503 bytes=9`,
    )
    expect(report.requests).toMatchObject({ count: 1, status: { 503: 1 }, errors: {} })
    expect(Object.keys(report.dynos)).toEqual(['web.1'])
    expect(report.service).toMatchObject({ count: 1, p50: 0.02 })
    expect(report.bytes).toMatchObject({ count: 1, p50: 9 })
  })

  test.each([
    'at=info method=PUT',
    'at=error code=H12 desc="a thing happened"',
    'foo bar baz',
    'at=info method=GET path="/" dyno=',
    'sample#memory_total=190.64MB',
    '',
  ])('%j is refused', (message) => {
    expect(classesOf(countText(PREFIX + message))).toEqual({ malformed: 1 })
  })

  test('that the platform cut is refused, because its tail may be the path’s', () => {
    const forged = `at=info method=GET path="/${'x'.repeat(9000)} dyno=web.9 connect=1ms service=1ms status=200 bytes=`
    expect(classesOf(countText(PREFIX + forged.padEnd(10_000, '1')))).toEqual({ malformed: 1 })
  })

  test('printed by the app itself is a plain line of the app', () => {
    const line = `at=info method=GET path="/" host=a ${ID} dyno=web.1 connect=1ms service=20ms status=200 bytes=9`
    const report = reportOn(
      `2026-11-21T11:00:00+00:00 app[router]: ${line}\n2026-11-21T11:00:00+00:00 app[web.1]: ${line}`,
    )
    expect(report.requests.count).toBe(0)
    expect(report.lines).toMatchObject({ read: 2, app: 2 })
  })
})

test('the busiest clock second is the peak', () => {
  const report = reportOn(
    ['00.9', '01.0', '00.1', '01.5', '01.999', '12.0'].map(requestAt).join('\n'),
  )
  expect(report.requests).toMatchObject({ count: 6, peakPerSecond: 3 })
  expect(report.seconds).toBe(11.9)
  expect(report.requests.perSecond).toBeCloseTo(6 / 11.9, 12)
})

function requestAt(time: string): string {
  return `2026-11-21T11:00:${time}+00:00 heroku[router]: at=info method=GET path="/" host=a dyno=web.1 connect=1ms service=20ms status=200 bytes=9`
}

function tail(status: number): string {
  return `dyno=web.1 connect=1ms service=5ms status=${status} bytes=9 protocol=https`
}

describe('failed', () => {
  test.each([
    ['a code of at=error', `at=error code=H12 desc="x" method=GET path="/" ${tail(503)}`, 1],
    [
      'a code of at=error behind a good status',
      `sock=backend at=error code=H18 desc="x" method=GET path="/" ${tail(200)}`,
      1,
    ],
    ['a code without a level', `code=H99 desc="x" method=GET path="/" ${tail(503)}`, 1],
    ['500 without a code', `at=info method=GET path="/" ${tail(500)}`, 1],
    ['499 without a code', `at=info method=GET path="/" ${tail(499)}`, 0],
    [
      'a notice, whatever its status',
      `at=info code=H80 desc="x" method=GET path="/" ${tail(503)}`,
      0,
    ],
    [
      "a client's fault, whatever its status",
      `sock=client at=warning code=H27 desc="x" method=GET path="/" ${tail(503)}`,
      0,
    ],
    ['H28', `sock=client at=warning code=H28 desc="x" method=GET path="/" ${tail(499)}`, 0],
  ])('%s', (_, message, failed) => {
    const text = `2026-11-21T11:00:00+00:00 heroku[router]: ${message}\n`
    // The scanner counts all but the first line.
    const report = reportOn(text.repeat(3))
    expect(report.routes.map(({ errors }) => errors)).toEqual([failed * 3])
  })
})
