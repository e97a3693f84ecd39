import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LINE_FORMATS, LOCAL_FORMATS, PIECES } from '../support/log-formats.ts'
import { routerLine, runLocal, temporaryFolder, writeLog } from '../support/local-program.ts'

interface Report {
  readonly lines: Record<string, number>
  readonly requests: { readonly count: number; readonly errors: Record<string, number> }
  readonly dynos: Record<string, { readonly memory: Record<string, { readonly last: number }> }>
  readonly count: Record<string, number>
  readonly sample: Record<string, { readonly last: number }>
  readonly routes: readonly { readonly app?: string; readonly route: string }[]
  readonly apps: readonly {
    readonly app: string
    readonly lines: number
    readonly requests: number
  }[]
  readonly groups?: Record<string, { readonly count: number }>
  readonly timeline: readonly { readonly time: string; readonly requests: number }[]
}

let folder: ReturnType<typeof temporaryFolder>
beforeAll(() => (folder = temporaryFolder()))
afterAll(() => folder.remove())

async function json(...args: string[]): Promise<Report> {
  return JSON.parse((await runLocal(['--json', ...args])).stdout) as Report
}

const AT = Date.UTC(2026, 10, 21, 10)
const timeAt = (second: number) =>
  new Date(AT + second * 1000).toISOString().replace('Z', '000+00:00')
/** A request a second, each with an undated line of the app after it. */
const LOG = Array.from({ length: 60 }, (_, i) => {
  const line = routerLine({ time: timeAt(i), path: `/r${i}` })
  return `${line.replace(/request_id=\S+/, `request_id=id-${i}`)}\napp[web.1]: count#n=1\n`
})

const memory = (n: number) => `source=web.1 dyno=heroku.1.x sample#memory_total=${n}.00MB`
const line = (i: number, name: string, source: string, text: string) =>
  `<158>1 ${timeAt(i)} ${name} ${source} - - ${text}\n`
const request = (service: number) =>
  `at=info method=GET path="/" host=x request_id=i fwd="192.0.2.1" dyno=web.1 connect=1ms service=${service}ms status=200 bytes=1`
const groupLog = () =>
  writeLog(
    folder.path,
    'group.log',
    [
      line(0, 'shop-web', 'heroku router', request(20)),
      line(1, 'shop-api', 'heroku router', request(900)),
      line(2, 'shop-web', 'heroku web.1', memory(100)),
      line(3, 'shop-api', 'heroku web.1', memory(900)),
      line(4, 'shop-web', 'app web.1', 'count#n=1 sample#depth=3'),
      line(5, 'shop-api', 'app web.1', 'count#n=1 sample#depth=8'),
      line(6, 'shop-api', 'app api', 'Release v7 created by user x'),
    ].join(''),
  )

const minuteLog = () => writeLog(folder.path, 'minute.log', LOG.join(''))
const overlapping = () => [
  writeLog(folder.path, 'a.log', LOG.slice(0, 40).join('')),
  writeLog(folder.path, 'b.log', LOG.slice(30).join('')),
]

test('every form of lines in one file: by the scanner, and without it', async () => {
  const forms = [...LINE_FORMATS, ...LOCAL_FORMATS]
  const text = forms.flatMap(([, write]) => PIECES.map((piece) => `${write(piece)}\n`)).join('')
  const path = writeLog(folder.path, 'all.log', `${text}2026-11-21T11:00:00Z sshd[1]: Accepted\n`)
  const expected = { read: forms.length * 4 + 1, malformed: 1, addon: 0 }
  const each = {
    router: forms.length,
    runtime: forms.length,
    platform: forms.length,
    app: forms.length,
  }
  for (const args of [[], ['--slow', '1h']]) {
    const { lines, requests } = await json(...args, path)
    expect(lines).toEqual({ ...expected, ...each })
    expect(requests.count).toBe(forms.length)
  }
})

describe('--since and --until', () => {
  test.each([
    [['--since', '2026-11-21T10:00:50Z'], 10],
    [['--until', '2026-11-21T10:00:10Z'], 10],
    [['--since', '2026-11-21 10:00:20', '--until', '2026-11-21 10:00:30'], 10],
    [['--since', '2026-11-21T11:00:50+01:00'], 10],
    [['--since', '2026-11-21T05:00:50', '--tz', 'America/New_York'], 10],
    [['--since', '-9s'], 10],
    [['--until', '-50s'], 9],
    [['--since', '2026-11-22'], 0],
  ])('%j leave %d seconds, in every number', async (args, seconds) => {
    for (const path of [minuteLog(), writeLog(folder.path, 'minute.gz', gzipSync(LOG.join('')))]) {
      const { lines, requests, count, timeline } = await json(...args, path)
      expect(lines).toMatchObject({ read: 2 * seconds, router: seconds, app: seconds })
      expect(requests.count).toBe(seconds)
      expect(count).toEqual(seconds === 0 ? {} : { n: seconds })
      expect(timeline.reduce((sum, step) => sum + step.requests, 0)).toBe(seconds)
    }
  })

  test('give the same where each request is looked at', async () => {
    const cut = ['--since', '2026-11-21T10:00:50Z', minuteLog()]
    expect(await json('--where', 'status=200', ...cut)).toEqual(await json(...cut))
  })

  test('say where nothing is left', async () => {
    const { code, stderr } = await runLocal(['--since', '2026-11-22', minuteLog()])
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr:
        'l2met-local: no line is left of those that were read: see --since, --until and --where app=\n',
    })
  })

  test.each(['yesterday', '2026-13-01', '2026-02-30', '25:00', '-2 hours'])(
    'refuse %j',
    async (text) => {
      const { code, stderr } = await runLocal([`--since=${text}`, minuteLog()])
      expect(code).toBe(2)
      expect(stderr).toMatch(/^l2met-local: --since '.*' is no (?:time|duration)/)
    },
  )
})

describe('lines that came twice', () => {
  test('are told, and count', async () => {
    const { stdout, stderr } = await runLocal(['--json', ...overlapping()])
    expect(stderr).toBe(
      'l2met-local: 10 lines came twice (same time and request id); --dedupe counts them once\n',
    )
    expect((JSON.parse(stdout) as Report).requests.count).toBe(70)
  })

  test('count once with --dedupe, in one file too', async () => {
    const both = writeLog(folder.path, 'both.log', [...LOG.slice(0, 40), ...LOG.slice(30)].join(''))
    for (const paths of [overlapping(), overlapping().toReversed(), [both]]) {
      const report = await json('--dedupe', ...paths)
      expect(report.requests.count).toBe(60)
    }
  })

  test('what an app says twice in one moment is not one line', async () => {
    const line = `${timeAt(1)} app[web.1]: count#n=1\n`
    const path = writeLog(folder.path, 'twice.log', line + line)
    expect((await json('--dedupe', path)).count).toEqual({ n: 2 })
    expect((await json('--dedupe', path, path)).count).toEqual({ n: 2 })
  })

  test('the same id at another time is another request', async () => {
    const lines = [1, 2].map((second) => `${routerLine({ time: timeAt(second) })}\n`)
    const path = writeLog(folder.path, 'ids.log', lines.join(''))
    const { stdout, stderr } = await runLocal(['--json', '--dedupe', path])
    expect((JSON.parse(stdout) as Report).requests.count).toBe(2)
    expect(stderr).toBe('')
  })
})

describe('several apps in one stream', () => {
  test('are kept apart', async () => {
    const report = await json(groupLog())
    expect(report.apps).toMatchObject([
      { app: 'shop-api', lines: 4, requests: 1 },
      { app: 'shop-web', lines: 3, requests: 1 },
    ])
    const memories = Object.entries(report.dynos).map(([name, dyno]) => [
      name,
      dyno.memory['total']?.last,
    ])
    expect(memories).toEqual([
      ['shop-api/web.1', 900 * 2 ** 20],
      ['shop-web/web.1', 100 * 2 ** 20],
    ])
    expect(report.routes.map(({ app }) => app ?? '').toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      'shop-api',
      'shop-web',
    ])
    expect(report.count).toEqual({ n: 2 })
    expect(report.sample).toMatchObject({
      'shop-api/depth': { last: 8 },
      'shop-web/depth': { last: 3 },
    })
  })

  test('--where app= leaves one of them, with nothing before its names', async () => {
    const { lines, dynos, apps, sample } = await json('--where', 'app=*-web', groupLog())
    expect(lines).toMatchObject({ read: 3, router: 1, runtime: 1, app: 1 })
    expect({ dynos: Object.keys(dynos), apps }).toEqual({ dynos: ['web.1'], apps: [] })
    expect(sample).toMatchObject({ depth: { last: 3 } })
  })

  test('--by app groups, and names the lines of a file after it', async () => {
    expect((await json('--by', 'app', groupLog())).groups).toMatchObject({
      'shop-api': { count: 1 },
      'shop-web': { count: 1 },
    })
    const one = writeLog(folder.path, 'blog.log', LOG.slice(0, 3).join(''))
    const other = writeLog(folder.path, 'cart.log.gz', gzipSync(LOG.slice(3, 5).join('')))
    const { groups, apps, dynos } = await json('--by', 'app', one, other)
    expect(groups).toMatchObject({ blog: { count: 3 }, cart: { count: 2 } })
    expect(apps).toMatchObject([
      { app: 'blog', lines: 6 },
      { app: 'cart', lines: 4 },
    ])
    expect(Object.keys(dynos)).toEqual(['blog/web.1', 'cart/web.1'])
  })

  test('one name is one app, and lines without a name are of it', async () => {
    const path = writeLog(
      folder.path,
      'one.log',
      line(0, 'd.1', 'heroku router', request(5)) + LOG[0]!,
    )
    const { apps, dynos } = await json(path)
    expect({ apps, dynos: Object.keys(dynos) }).toEqual({ apps: [], dynos: ['web.1'] })
  })
})

describe('--csv', () => {
  test('gives routes, sorted, with what a spreadsheet would take for a formula marked', async () => {
    const lines = [
      routerLine({ time: timeAt(0), path: '/a,"b', service: '10ms' }),
      routerLine({ time: timeAt(1), path: '/slow', service: '900ms', status: 500 }),
    ]
    const path = writeLog(folder.path, 'csv.log', `${lines.join('\n')}\n`)
    const { stdout } = await runLocal(['--csv', '--sort', 'p95', path])
    expect(stdout.split('\n')).toEqual([
      'method,route,requests,failed,min,mean,p50,p95,p99,max',
      'GET,/slow,1,1,0.9,0.9,0.9,0.9,0.9,0.9',
      'GET,"/a,",1,0,0.01,0.01,0.01,0.01,0.01,0.01',
      '',
    ])
    const named = writeLog(folder.path, '=SUM(A1).log', `${lines[0]}\n`)
    const { stdout: apps } = await runLocal(['--csv', '--by', 'app', named])
    expect(apps.split('\n')[1]).toBe("'=SUM(A1),1,0,0.01,0.01,0.01,0.01,0.01,0.01")
  })

  test('is one form of output', async () => {
    const { code, stderr } = await runLocal(['--csv', '--json', 'x'])
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'l2met-local: --csv and --json are two forms of output; leave one out\n',
    })
  })
})

describe("what isn't understood is said with the likely reason", () => {
  const day = '[21/Nov/2026:11:00:00 +0000] "GET / HTTP/1.1" 200 5'
  test.each([
    ['nginx', `192.0.2.1 - - ${day}\n`.repeat(3), /access log.*heroku logs -p router/],
    ['nginx errors', '2026/11/21 11:00:00 [error] 7#7: *1 open() failed\n', /error log of nginx/],
    ['Rails', 'Started GET "/" for ::1\nCompleted 200 OK in 5ms\n', /log of Rails/],
    ['JSON of another kind', '{"level":"info","msg":"count#x=1"}\n', /one object per line/],
    ['a JSON array', `[\n  {\n    "a": 1\n  }\n]\n`, /jq -c/],
    ['CSV', 'time,host,message,x\n2026,a,b,c\n', /CSV/],
    ['the Heroku CLI', " ›   Error: Couldn't find that app.\n", /Heroku CLI/],
    ['a web page', '<!DOCTYPE html>\n', /web page/],
    ['no log', 'lorem ipsum\n', /no line is like/],
    ['mostly no log', `lorem\nipsum\n${timeAt(0)} app[web.1]: x\n`, /only 1 line of 3 can be read/],
  ])('%s', async (name, text, expected) => {
    const { code, stderr } = await runLocal(['--json', writeLog(folder.path, `${name}.txt`, text)])
    expect(code).toBe(3)
    expect(stderr).toMatch(expected)
  })

  test('only lines of the app, which are an access log', async () => {
    const path = writeLog(folder.path, 'clf.log', `${timeAt(0)} app[web.1]: 192.0.2.1 - - ${day}\n`)
    const { code, stderr } = await runLocal(['--json', path])
    expect(code).toBe(0)
    expect(stderr).toMatch(/only access-log lines of the app.*heroku logs -p router/)
  })
})

test('a release and a crash are shown, however often dynos say R14', async () => {
  const errors = Array.from(
    { length: 60 },
    (_, i) =>
      `${timeAt(60 + i * 20)} heroku[web.${1 + (i % 2)}]: Error R14 (Memory quota exceeded)\n`,
  )
  const path = writeLog(
    folder.path,
    'events.log',
    `${timeAt(0)} app[api]: Release v99 created by user x\n${timeAt(1)} heroku[web.1]: State changed from up to crashed\n${errors.join('')}`,
  )
  const { stdout } = await runLocal(['--tz', 'Asia/Tokyo', path])
  const events = stdout
    .slice(stdout.indexOf('\nEvents') + 1)
    .trimEnd()
    .split('\n')
  expect(events.map((line) => line.trim().replace(/ {2,}/g, ' | '))).toEqual([
    'Events',
    'Asia/Tokyo | event | what | times | until',
    '2026-11-21 19:00:00 | release | v99',
    '2026-11-21 19:00:01 | crash | web.1',
    '2026-11-21 19:01:00 | error | web.1, web.2 R14 Memory quota exceeded | 60 | 2026-11-21 19:20:40',
  ])
})

test('--html says what was left out, and is not written of an empty log', async () => {
  const path = join(folder.path, 'page.html')
  await runLocal(['--html', path, '--where', 'route=/<b>', minuteLog()])
  const page = readFileSync(path, 'utf8')
  expect(page).toContain('<title>l2met report: only requests with route=/&#60;b&#62;</title>')
  expect(page).not.toContain('<b>')
  const other = join(folder.path, 'empty.html')
  const { code } = await runLocal(['--html', other, writeLog(folder.path, 'empty.log', '')])
  expect({ code, isThere: existsSync(other) }).toEqual({ code: 3, isThere: false })
})
