import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LOCAL, routerLine, runLocal, temporaryFolder, writeLog } from '../support/local-program.ts'

/** Ten requests, one every 2 s from 10:00:00: the nth of 1..10 takes n * 100 ms. */
const REQUESTS = Array.from({ length: 10 }, (_, i) => ({
  time: new Date(Date.UTC(2026, 10, 21, 10, 0, i * 2)).toISOString(),
  method: i % 2 === 0 ? 'GET' : 'POST',
  path: i < 6 ? `/users/${i}?q=1` : '/orders',
  dyno: `web.${1 + (i % 3)}`,
  service: `${(i + 1) * 100}ms`,
  status: [200, 200, 200, 304, 200, 404, 200, 503, 200, 500][i]!,
  ...(i === 7 && { code: 'H12' }),
}))
const LOG = `${REQUESTS.map(routerLine).join('\n')}\n`

interface Json {
  readonly from: string
  readonly lines: { readonly read: number }
  readonly requests: { readonly count: number; readonly status: Record<string, number> }
  readonly routes: readonly { readonly route: string; readonly count: number }[]
  readonly slow?: readonly Record<string, unknown>[]
  readonly groups?: Record<string, { readonly count: number; readonly errors: number }>
  readonly interval?: unknown
}

let folder: ReturnType<typeof temporaryFolder>
let log: string
beforeAll(() => {
  folder = temporaryFolder()
  log = writeLog(folder.path, 'requests.log', LOG)
})
afterAll(() => folder.remove())

function longLog(): string {
  return writeLog(folder.path, 'long.log', LOG.repeat(20_000))
}

async function json(...args: string[]): Promise<Json> {
  const { code, stdout, stderr } = await runLocal(['--json', ...args, log])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout) as Json
}

describe('--where', () => {
  test.each([
    [['status=5xx'], 2],
    [['status=503'], 1],
    [['status=4xx,5xx'], 3],
    [['status!=200'], 4],
    [['status!=200', 'status!=5xx'], 2],
    [['dyno=web.1'], 4],
    [['dyno=web.*'], 10],
    [['dyno=web'], 0],
    [['method=post'], 5],
    [['method=GET,POST', 'route=/orders'], 4],
    [['route=/users/:id'], 6],
    [['route=/u*'], 6],
    [['path=/users/3'], 1],
    [['path=/users/*'], 6],
    [['code=H12'], 1],
    [['code=none'], 9],
    [['code=H*', 'status=200'], 0],
  ])('%j counts %d requests and all lines', async (conditions, count) => {
    const report = await json(...conditions.flatMap((text) => ['--where', text]))
    expect(report.requests.count).toBe(count)
    expect(report.routes.reduce((sum, route) => sum + route.count, 0)).toBe(count)
    expect(report.lines.read).toBe(10)
  })
})

describe('--slow', () => {
  test('lists the slowest first, at most --top, without the query', async () => {
    const { slow } = await json('--slow', '300ms', '--top', '5')
    expect(slow?.map(({ service }) => service)).toEqual([1, 0.9, 0.8, 0.7, 0.6])
    expect(slow?.[4]).toEqual({
      time: '2026-11-21T10:00:10.000Z',
      method: 'POST',
      path: '/users/5',
      route: '/users/:id',
      dyno: 'web.3',
      status: 404,
      request_id: '8601b555-6a83-4c12-8269-97c8e32cdb22',
      service: 0.6,
      connect: 0.001,
    })
  })

  test('is empty where nothing was so slow, and absent where nobody asked', async () => {
    expect((await json('--slow', '10s')).slow).toEqual([])
    expect(await json()).not.toHaveProperty('slow')
  })
})

describe('--by', () => {
  test('groups what --where leaves', async () => {
    const { groups } = await json('--by', 'route', '--where', 'method=POST')
    expect(groups).toEqual({
      '/users/:id': {
        count: 3,
        errors: 0,
        service: {
          count: 3,
          min: 0.2,
          max: 0.6,
          mean: expect.closeTo(0.4, 9) as number,
          p50: expect.closeTo(0.4, 2) as number,
          p95: 0.6,
          p99: 0.6,
        },
      },
      '/orders': {
        count: 2,
        errors: 2,
        service: { count: 2, min: 0.8, max: 1, mean: 0.9, p50: 0.8, p95: 1, p99: 1 },
      },
    })
  })

  test.each([
    ['dyno', { 'web.1': 4, 'web.2': 3, 'web.3': 3 }],
    ['status', { 200: 6, 304: 1, 404: 1, 500: 1, 503: 1 }],
    ['method', { GET: 5, POST: 5 }],
  ])('%s', async (key, counts) => {
    const { groups } = await json('--by', key)
    const found = Object.entries(groups ?? {}).map(([name, { count }]) => [name, count])
    expect(Object.fromEntries(found)).toEqual(counts)
  })
})

test('--top limits the routes, in JSON and in text', async () => {
  expect((await json('--top', '1')).routes).toHaveLength(1)
  const { stdout } = await runLocal(['--top', '1', log])
  expect(stdout).toContain('Routes, the first 1 of 4')
})

describe('--interval', () => {
  test('gives an object for every interval of the log, whose sum is the whole', async () => {
    const { code, stdout } = await runLocal(['--json', '--interval', '6s', log])
    const reports = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Json)
    expect(code).toBe(0)
    expect(reports.map(({ interval, requests }) => [interval, requests.count])).toEqual([
      [{ start: '2026-11-21T10:00:00.000Z', seconds: 6 }, 3],
      [{ start: '2026-11-21T10:00:06.000Z', seconds: 6 }, 3],
      [{ start: '2026-11-21T10:00:12.000Z', seconds: 6 }, 3],
      [{ start: '2026-11-21T10:00:18.000Z', seconds: 6 }, 1],
    ])
    expect(reports.reduce((sum, { lines }) => sum + lines.read, 0)).toBe(10)
  })

  test('a file out of order still gives each interval once, in order', async () => {
    const lines = LOG.trimEnd().split('\n')
    const path = writeLog(folder.path, 'reverse.log', lines.toReversed().join('\n'))
    const args = ['--json', '--interval', '6s']
    const [forth, back] = await Promise.all([runLocal([...args, log]), runLocal([...args, path])])
    expect(back.stdout).toBe(forth.stdout)
  })

  test('as text is a line each, at most 80 columns wide', async () => {
    const { stdout } = await runLocal(['--interval', '10s', log])
    expect(stdout).toBe(
      [
        'UTC            requests     rate    4xx    5xx failed      p50      p95      p99',
        '11-21 10:00:00        5   0.50/s      0      0      0   301 ms   500 ms   500 ms',
        '11-21 10:00:10        5   0.50/s      1      2      2   797 ms   1.00 s   1.00 s',
        '',
      ].join('\n'),
    )
  })

  test('of a pipe comes as soon as the log is one interval further', async () => {
    const child = spawn(process.execPath, [LOCAL, '--json', '--interval', '6s'])
    child.stdin.write(`${LOG.split('\n').slice(0, 7).join('\n')}\n`)
    const [first] = (await once(child.stdout, 'data')) as [Buffer]
    expect((JSON.parse(first.toString()) as Json).requests.count).toBe(3)
    child.stdin.end()
    const [code] = (await once(child, 'close')) as [number]
    expect(code).toBe(0)
  })
})

describe('--fail-if', () => {
  test.each([
    ['p95>500ms', 4],
    ['p95>1s', 0],
    ['p95>=1s', 4],
    ['p50<0.6s', 4],
    ['p99>900ms', 4],
    ['max>999ms', 4],
    ['mean>549ms', 4],
    ['mean>551ms', 0],
    ['errors>1', 4],
    ['errors>2', 0],
    ['error-rate>=20%', 4],
    ['error-rate>20%', 0],
    ['rps<0.5', 0],
    ['rps<1', 4],
    ['count<10', 0],
    ['requests<=10', 4],
    ['code=H12>0', 4],
    ['code=H12>1', 0],
    ['code=R14>0', 0],
    ['route=/orders p95>=1s', 4],
    ['route=/users/:id p95>=1s', 0],
    ['dyno=web.1 count<11', 4],
    ['dyno=web.1 p50>5s', 0],
    ['coverage<99%', 0],
  ])('%s exits with %d', async (threshold, expected) => {
    const { code, stdout, stderr } = await runLocal(['--fail-if', threshold, log])
    expect(code).toBe(expected)
    expect(stdout).toContain('Requests  10')
    if (expected === 4) expect(stderr).toContain(`l2met-local: --fail-if '${threshold}'`)
    else expect(stderr).toBe('')
  })

  test('looks at the whole, also with --interval, and says each that fails', async () => {
    const flags = ['--interval', '2s', '--fail-if', 'count>9', '--fail-if', 'errors>1']
    const { code, stderr } = await runLocal([...flags, log])
    expect(code).toBe(4)
    expect(stderr.match(/--fail-if/g)).toHaveLength(2)
  })

  test('says when there is nothing to judge by', async () => {
    const { code, stderr } = await runLocal(['--fail-if', 'p95>1s'], {
      stdin: '2026-11-21T10:00:00+00:00 app[web.1]: hello\n',
    })
    expect(code).toBe(0)
    expect(stderr).toContain("'p95>1s' could not be checked")
    const bare = await runLocal(['--fail-if', 'rps<100'], {
      stdin: routerLine({ time: '' }).replace(/^ *heroku\[router\]: /, ''),
    })
    expect(bare.stdout).toContain('Requests  1 · none failed')
    expect(bare.stderr).toBe(
      "l2met-local: --fail-if 'rps<100' could not be checked: no line carried a time\n",
    )
    expect(bare.code).toBe(0)
  })
})

describe('a wrong command line exits with 2 and says in one line what would do', () => {
  test.each([
    [['--jsno'], 'did you mean --json?'],
    [['--intervall', '10s'], 'did you mean --interval?'],
    [['--frobnicate'], 'see --help'],
    [['--interval', '5'], 'as 500ms, 10s, 2m or 1h'],
    [['--interval', '100ms'], 'the shortest is 1s'],
    [['--interval'], 'as --interval 10s'],
    [['--slow', 'soon'], 'as 500ms'],
    [['--top', '0'], 'write 1 to'],
    [['--by', 'dynos'], 'did you mean dyno?'],
    [['--where', 'status'], 'FIELD=VALUE'],
    [['--where', 'colour=red'], 'status, dyno, method, route, code, path'],
    [['--where', 'status=6xy'], '503, 5xx or none'],
    [['--where', 'method=BREW'], 'one of GET'],
    [['--where', 'code=R14'], 'write H12'],
    [['--fail-if', 'p95'], "as in 'p95>500ms'"],
    [['--fail-if', 'p96>5ms'], 'p50, p95, p99'],
    [['--fail-if', 'p95>500'], 'like 500ms'],
    [['--fail-if', 'p95>1s for 5m'], "leave out 'for' and 'in'"],
    [['--fail-if', 'silent>5m'], 'silent is for alerts'],
    [['--fail-if', 'route=/a dyno=web.1 p95>1s'], 'not both'],
    [['--fail-if', 'error-rate>1'], 'like 1%'],
    [['--json=yes'], 'takes no value'],
    [['--interval', '10s', '--by', 'dyno'], 'add --json'],
    [['-', '-'], 'only once'],
  ])('%j', async (args, hint) => {
    const { code, stdout, stderr } = await runLocal(args)
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain(hint)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })
})

describe('--html', () => {
  test('never writes over a log', async () => {
    const other = writeLog(folder.path, 'other.log', LOG)
    const { code, stdout, stderr } = await runLocal(['--html', other, log])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toBe(
      `l2met-local: --html '${other}' is there already and no report; give it another name\n`,
    )
    expect(readFileSync(other, 'utf8')).toBe(LOG)
  })

  test('writes over an empty file and over a report', async () => {
    const page = writeLog(folder.path, 'page.html', '')
    for (let i = 0; i < 2; i += 1)
      expect((await runLocal(['--html', page, log])).stderr).toBe(`l2met-local: wrote ${page}\n`)
  })

  test('says before it reads that there is no place for it', async () => {
    for (const [page, why] of [
      ['/nowhere/page.html', "'/nowhere/page.html': there is no folder /nowhere"],
      [folder.path, `'${folder.path}' is a folder; name a file in it`],
    ] as const) {
      const { code, stdout, stderr } = await runLocal(['--html', page, log])
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr).toBe(`l2met-local: --html ${why}\n`)
    }
  })

  test.skipIf(!existsSync('/dev/full'))('says that it could not be written', async () => {
    const { code, stdout, stderr } = await runLocal(['--html', '/dev/full', log])
    expect(code).toBe(1)
    expect(stdout).toContain('Requests  10')
    expect(stderr).toMatch(/^l2met-local: --html: ENOSPC: /)
  })
})

test('--help and --version go to stdout', async () => {
  const help = await runLocal(['--help'])
  expect(help).toMatchObject({ code: 0, stderr: '' })
  for (const flag of ['--json', '--interval', '--top', '--slow', '--where', '--by', '--fail-if']) {
    expect(help.stdout).toContain(flag)
  }
  expect(help.stdout.split('\n').every((line) => line.length <= 80)).toBe(true)
  expect((await runLocal(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
})

test('a file that is missing is named; the others are counted', async () => {
  const absent = join(folder.path, 'absent.log')
  const { code, stdout, stderr } = await runLocal([absent, log])
  expect(code).toBe(1)
  expect(stderr).toBe(`l2met-local: ${absent}: no such file\n`)
  expect(stdout).toContain('Requests  10')
})

describe('colour', () => {
  const ESC = '\u001b['
  test.each([
    [{}, false],
    [{ FORCE_COLOR: '1' }, true],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    [{ FORCE_COLOR: '0' }, false],
  ])('through a pipe with %j: %s', async (env, expected) => {
    const { stdout } = await runLocal([log], { env })
    expect(stdout.includes(ESC)).toBe(expected)
  })

  test('--no-color wins', async () => {
    const { stdout } = await runLocal(['--no-color', log], { env: { FORCE_COLOR: '1' } })
    expect(stdout).not.toContain(ESC)
  })
})

/** Starts the program, and resolves once signals are heard. */
async function startHearing(...args: string[]) {
  const tell = `setInterval(function () {
    if (process.listenerCount('SIGINT') > 0) { clearInterval(this); process.stderr.write('hears') }
  }, 20).unref()`
  const hook = `data:text/javascript,${encodeURIComponent(tell)}`
  const child = spawn(process.execPath, ['--import', hook, LOCAL, ...args])
  await once(child.stderr, 'data')
  return child
}

describe('the end of the reader or of the patience', () => {
  test('a closed pipe ends quietly', async () => {
    const path = longLog()
    const command = `"${process.execPath}" "${LOCAL}" --json --interval 2s "${path}" "${path}" | head -1 >/dev/null; echo "\${PIPESTATUS[0]}"`
    const shell = spawn('bash', ['-c', command])
    let said = ''
    shell.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
    shell.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    await once(shell, 'close')
    // The log is one and the same again and again.
    expect(said.replace(/^l2met-local: [\d,]+ lines came twice .*\n/, '')).toBe('0\n')
  })

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s gives the report of what was read, then %d', async (signal, expected) => {
    const child = await startHearing()
    let stdout = ''
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stdin.write(LOG)
    await new Promise((resolve) => setTimeout(resolve, 1000))
    child.kill(signal)
    const [code] = (await once(child, 'close')) as [number]
    expect(code).toBe(expected)
    expect(stdout).toContain('Requests  10')
  })

  test('Ctrl-C while a named pipe has no writer', async () => {
    const path = join(folder.path, 'pipe')
    execFileSync('mkfifo', [path])
    const child = await startHearing(path)
    child.kill('SIGINT')
    const [code] = (await once(child, 'close')) as [number]
    expect(code).toBe(130)
  })

  test('Ctrl-C in the midst of files, too', async () => {
    const path = longLog()
    const files = Array.from({ length: 60 }, () => path)
    const child = await startHearing('--json', ...files)
    let stdout = ''
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    await new Promise((resolve) => setTimeout(resolve, 300))
    child.kill('SIGINT')
    const [code] = (await once(child, 'close')) as [number]
    expect(code).toBe(130)
    const { lines, requests } = JSON.parse(stdout) as Json
    expect(lines.read).toBeLessThan(60 * 200_000)
    expect(requests.count).toBe(lines.read)
  })
})
