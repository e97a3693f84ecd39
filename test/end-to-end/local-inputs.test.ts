import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { routerLine, runLocal, temporaryFolder, writeLog } from '../support/local-program.ts'

/** Four lines of one app as source and message, and what they add up to. */
const LINES = [
  [
    'heroku',
    'router',
    'at=info method=GET path="/users/42?token=s3cret" host=app.example request_id=8601b555-6a83-4c12-8269-97c8e32cdb22 fwd="192.0.2.7" dyno=web.1 connect=0ms service=500ms status=200 bytes=2048',
  ],
  [
    'heroku',
    'router',
    'at=error code=H12 desc="Request timeout" method=POST path="/orders" host=app.example request_id=f9ed4675-f2e5-4ae4-a6a5-7a6f1f1c9a3b fwd="192.0.2.7" dyno=web.1 connect=1ms service=30000ms status=503 bytes=0',
  ],
  [
    'heroku',
    'web.1',
    'source=web.1 dyno=heroku.2808254.d97d0ea7-cf3d-411b-b453-d2943a50b456 sample#load_avg_1m=2.50 sample#memory_total=256.00MB sample#memory_quota=512.00MB',
  ],
  ['app', 'web.1', 'measure#db.latency=4ms count#mail.sent=2 sample#queue.depth=7 unique#user=ada'],
] as const
const START = Date.UTC(2026, 10, 21, 10, 0, 0)

function stats(count: number, ...values: [number, number, number, number, number, number]) {
  const [min, max, mean, p50, p95, p99] = values
  return { count, min, max, mean, p50, p95, p99 }
}

function expectedReport(from: string | null, to: string | null, seconds: number) {
  const get = stats(1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5)
  const post = stats(1, 30, 30, 30, 30, 30, 30)
  const both = stats(2, 0.5, 30, 15.25, 0.5, 30, 30)
  return {
    app: 'local',
    from,
    to,
    seconds,
    lines: { read: 4, router: 2, runtime: 1, platform: 0, addon: 0, app: 1, malformed: 0 },
    requests: {
      count: 2,
      perSecond: 2 / seconds,
      peakPerSecond: from === null ? 2 : 1,
      status: { '200': 1, '503': 1 },
      methods: { GET: 1, POST: 1 },
      errors: { H12: 1 },
    },
    service: both,
    connect: stats(2, 0, 0.001, 0.0005, 0, 0.001, 0.001),
    bytes: stats(2, 0, 2048, 1024, 0, 2048, 2048),
    routes: [
      { method: 'POST', route: '/orders', count: 1, errors: 1, service: post },
      { method: 'GET', route: '/users/:id', count: 1, errors: 0, service: get },
    ],
    dynos: {
      'web.1': {
        requests: 2,
        service: both,
        memory: {
          total: { last: 268_435_456, max: 268_435_456 },
          quota: { last: 536_870_912, max: 536_870_912 },
        },
        load: { '1m': { last: 2.5, max: 2.5 } },
        errors: {},
      },
    },
    measure: { 'db.latency': { unit: 's', ...stats(1, 0.004, 0.004, 0.004, 0.004, 0.004, 0.004) } },
    count: { 'mail.sent': 2 },
    sample: { 'queue.depth': { last: 7, min: 7, max: 7 } },
    unique: { user: 1 },
    addons: {},
    events: [],
    dropped: {},
    releases: [],
    apps: [],
    sessions: null,
    queue: null,
    coverage: {
      ratio: 1,
      counted: 4,
      late: 0,
      future: 0,
      malformed: 0,
      overLimit: 0,
      dropped: 0,
      missing: 0,
    },
    timeline:
      from === null
        ? []
        : [
            { time: from, seconds: 1, requests: 1, errors: 0, service: get },
            { time: '2026-11-21T10:00:01.000Z', seconds: 1, requests: 0, errors: 0, service: null },
            { time: '2026-11-21T10:00:02.000Z', seconds: 1, requests: 1, errors: 1, service: post },
          ],
  }
}

/** The lines two seconds apart, each written by `write`. */
function logOf(write: (time: Date, app: string, proc: string, message: string) => string): string {
  return LINES.map(([app, proc, message], i) =>
    write(new Date(START + i * 2000), app, proc, message),
  ).join('')
}

const plain = logOf((time, app, proc, message) => `${micros(time)} ${app}[${proc}]: ${message}\n`)
const syslog = (time: Date, app: string, proc: string, message: string) =>
  `<158>1 ${micros(time)} host ${app} ${proc} - ${message}`

function micros(time: Date): string {
  return time.toISOString().replace('Z', '000+00:00')
}

const FORMS: Record<string, string | Buffer> = {
  'heroku logs': plain,
  'no newline at the end': plain.trimEnd(),
  CRLF: plain.replaceAll('\n', '\r\n'),
  'a byte order mark': `\ufeff${plain}`,
  'UTF-16, as PowerShell writes it': Buffer.from(`\ufeff${plain}`, 'utf16le'),
  'UTF-16 the other way round': Buffer.from(`\ufeff${plain}`, 'utf16le').swap16(),
  'NUL bytes between and in lines': plain.replaceAll('\n', '\n\0').replace('router', 'rou\0ter'),
  'blank lines': plain.replaceAll('\n', '\n\n \n'),
  coloured: logOf(
    (time, app, proc, message) =>
      `\u001b[36m${micros(time)} ${app}[${proc}]:\u001b[0m ${message.replace(/status=(\d+)/, '\u001b[32mstatus=\u001b[1m$1\u001b[0m')}\n`,
  ),
  syslog: logOf((...line) => `${syslog(...line)}\n`),
  'an archive of Papertrail': logOf(
    (time, app, proc, message) =>
      `1234567890123456789\t${micros(time)}\t${micros(time)}\t42\tshop\t192.0.2.1\tLocal3\tInfo\t${app}/${proc}\t${message}\n`,
  ),
  'counted frames without newlines, as a drain gets them': logOf((...line) => {
    const message = syslog(...line)
    return `${Buffer.byteLength(message)} ${message}`
  }),
  'counted frames, a line each': logOf((...line) => {
    const message = `${syslog(...line)}\n`
    return `${Buffer.byteLength(message)} ${message}`
  }),
}

/** What a terminal obeys, or shows otherwise than it is. */
// oxlint-disable-next-line no-control-regex
const COMMANDING = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e-\u200f\u2028-\u202e]/

let folder: ReturnType<typeof temporaryFolder>
beforeAll(() => (folder = temporaryFolder()))
afterAll(() => folder.remove())

describe('the same report from', () => {
  const whole = expectedReport('2026-11-21T10:00:00.000Z', '2026-11-21T10:00:06.000Z', 6)

  test.each(Object.entries(FORMS))('%s', async (name, content) => {
    const path = writeLog(folder.path, `${name.replaceAll(' ', '-')}.log`, content)
    const { code, stdout, stderr } = await runLocal(['--json', path])
    expect(JSON.parse(stdout)).toEqual(whole)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  test('stdin, with and without -', async () => {
    for (const args of [['--json'], ['--json', '-']]) {
      const { code, stdout } = await runLocal(args, { stdin: plain })
      expect(JSON.parse(stdout)).toEqual(whole)
      expect(code).toBe(0)
    }
  })

  test('gzip, as a file and through stdin', async () => {
    const lines = plain.split(/(?<=\n)/)
    const members = Buffer.concat(lines.map((line) => gzipSync(line)))
    const path = writeLog(folder.path, 'members.log.gz', members)
    expect(JSON.parse((await runLocal(['--json', path])).stdout)).toEqual(whole)
    expect(JSON.parse((await runLocal(['--json'], { stdin: members })).stdout)).toEqual(whole)
  })

  test('several files, in any order', async () => {
    const lines = plain.split(/(?<=\n)/)
    const first = writeLog(folder.path, 'first.log', lines.slice(0, 2).join(''))
    const last = writeLog(folder.path, 'last.log.gz', gzipSync(lines.slice(2).join('')))
    for (const paths of [
      [first, last],
      [last, first],
    ]) {
      expect(JSON.parse((await runLocal(['--json', ...paths])).stdout)).toEqual(whole)
    }
  })

  test('bare messages, but for the times that they lack', async () => {
    const bare = `${LINES.map(([, , message]) => message).join('\n')}\n`
    const { code, stdout } = await runLocal(['--json'], { stdin: bare })
    expect(JSON.parse(stdout)).toEqual(expectedReport(null, null, 1))
    expect(code).toBe(0)
  })

  test('Papertrail, but for the year that it lacks', async () => {
    const papertrail = logOf(
      (time, app, proc, message) =>
        `Nov 21 ${time.toISOString().slice(11, 19)} my-app ${app}/${proc}: ${message}\n`,
    )
    const { stdout } = await runLocal(['--json'], { stdin: papertrail })
    const report = JSON.parse(stdout) as { from: string; to: string }
    expect(report.from).toMatch(/^\d{4}-11-21T10:00:00\.000Z$/)
    expect(report).toEqual({ ...whole, from: report.from, to: report.to })
  })
})

test('a line of 1 MB costs only itself', async () => {
  const long = `2026-11-21T10:00:03.000000+00:00 app[web.1]: ${'x'.repeat(1 << 20)} count#no=1`
  const lines = plain.split(/(?<=\n)/)
  const stdin = `${lines.slice(0, 2).join('')}${long}\n${lines.slice(2).join('')}${long}`
  for (const args of [['--json'], ['--json', '--interval', '1h']]) {
    const { code, stdout } = await runLocal(args, { stdin })
    const report = JSON.parse(stdout) as ReturnType<typeof expectedReport>
    expect(report.lines).toEqual({
      read: 6,
      router: 2,
      runtime: 1,
      platform: 0,
      addon: 0,
      app: 1,
      malformed: 2,
    })
    expect(report.count).toEqual({ 'mail.sent': 2 })
    expect(code).toBe(0)
  }
})

// A file is long enough for threads from 48 MiB on.
describe('a long file that is taken away while its threads start', () => {
  const folder = temporaryFolder()
  afterAll(() => folder.remove())
  const log = join(folder.path, 'long.log')
  const line = `${routerLine({ time: '2026-11-21T10:00:00.000000+00:00' })}\n`

  test.each([
    ['is gone', 'unlinkSync(path)', 'no such file'],
    ['is emptied', 'truncateSync(path)', 'it got shorter while it was read'],
  ])('%s: that is said once, and the exit code is 1', async (_, change, reason) => {
    writeFileSync(log, line.repeat(Math.ceil((50 * 2 ** 20) / line.length)))
    // When the thread was made, and nobody has opened the file yet.
    const script = `import { syncBuiltinESMExports } from 'node:module'
      import workers from 'node:worker_threads'
      import { truncateSync, unlinkSync } from 'node:fs'
      const path = ${JSON.stringify(log)}
      workers.Worker = class extends workers.Worker {
        constructor(...given) {
          super(...given)
          ${change}
        }
      }
      syncBuiltinESMExports()`
    const preload = writeLog(folder.path, 'preload.mjs', script)
    const env = { NODE_OPTIONS: `--import=${preload}` }
    const { code, stderr } = await runLocal([log, '--json'], { env })
    const said = stderr.split('\n').filter((text) => text.startsWith(`l2met-local: ${log}: `))
    expect(said).toEqual([expect.stringContaining(reason)])
    expect([code, stderr.includes('    at ')]).toEqual([1, false])
  })
})

test('a binary file is nothing understood, and no control character comes out', async () => {
  const noise = Buffer.from(Array.from({ length: 60_000 }, (_, i) => (i * 7919 + (i >> 3)) & 255))
  const { code, stdout, stderr } = await runLocal([], { stdin: noise })
  expect(code).toBe(3)
  expect(stderr).toContain('nothing understood')
  expect(stdout).not.toMatch(COMMANDING)
})

test('an empty input is nothing understood', async () => {
  const { code, stdout, stderr } = await runLocal(['--json'], { stdin: '' })
  expect(code).toBe(3)
  expect((JSON.parse(stdout) as { lines: { read: number } }).lines.read).toBe(0)
  expect(stderr).toBe(
    'l2met-local: nothing understood: the input is empty; heroku logs -n 1500 -a APP | l2met-local\n',
  )
})

describe('values that can’t be counted', () => {
  const log = [
    '2026-11-21T10:00:00Z app[web.1]: count#a$b=1 count#c=x count#d=-1 count#ok=1',
    '2026-11-21T10:00:01Z app[web.1]: measure#né=4ms',
  ].join('\n')

  test('stand in the report, with the reason', async () => {
    const { stdout, stderr } = await runLocal([], { stdin: log })
    expect(stdout).toContain(
      [
        "Refused: values that can't be counted",
        '  values  why',
        '       2  its name is too long or holds more than A-Z a-z 0-9 _ . : / -',
        '       1  no number, or one beyond 2^40',
        '       1  a count below zero; what can fall is a sample#',
      ].join('\n'),
    )
    expect(stderr).toBe('')
  })

  test.each([[['--json']], [['--interval', '1s']]])('%s: are told on stderr', async (args) => {
    const { stdout, stderr } = await runLocal(args, { stdin: log })
    expect(stdout).not.toContain('efused')
    expect(stderr.split('\n')[0]).toBe(
      'l2met-local: 2 values were refused: its name is too long or holds more than A-Z a-z 0-9 _ . : / -',
    )
  })
})

describe('text that someone put into a log', () => {
  const evil = [
    routerLine({
      time: '2026-11-21T10:00:00.000000+00:00',
      path: '/a\u009b31mb\u202eevil/\u0007x\u007f',
      dyno: 'web\u009b.1\u202e',
      service: '2000ms',
    }),
    '2026-11-21T10:00:01.000000+00:00 app[web.1]: measure#__proto__=4ms count#constructor=2 tag#x=\u001b]0;title\u0007',
    '2026-11-21T10:00:02.000000+00:00 heroku[we\u0007b\u009b\u202e.1]: Error R14 (Memory quota exceeded)',
    '2026-11-21T10:00:02.000000+00:00 heroku[__proto__]: source=__proto__ dyno=heroku.1.x sample#memory_total=100MB sample#memory_quota=512MB',
    '2026-11-21T10:00:02.000000+00:00 app[heroku-postgres]: source=DATA\u202eBASE addon=x sample#db_size=100bytes',
  ].join('\n')

  test.each([
    [['--slow', '1s', '--by', 'dyno']],
    [['--slow', '1s', '--by', 'route', '--json']],
    [['--interval', '10s']],
  ])('never gets to the terminal as a command: %j', async (args) => {
    const { code, stdout } = await runLocal(args, { stdin: evil })
    expect(code).toBe(0)
    expect(stdout).not.toMatch(COMMANDING)
  })

  test('does no harm as a name', async () => {
    const { stdout } = await runLocal(['--json'], { stdin: evil })
    const report = JSON.parse(stdout) as Record<string, Record<string, unknown>>
    expect(Object.keys(report['measure']!)).toEqual(['__proto__'])
    expect(report['count']).toEqual({ constructor: 2 })
    expect(Object.keys(report['dynos']!)).toHaveLength(3)
    expect(Object.keys(report['dynos']!)).toContain('__proto__')
  })
})
