import { describe, expect, test } from 'vitest'
import { sumValue } from '../../src/model/sum.ts'
import { classesOf, countText, reportOn, resultsOf } from '../support/count.ts'

const MB = 2 ** 20

function line(source: string, message: string, second = 0): string {
  return `2026-11-21T11:00:${String(second).padStart(2, '0')}+00:00 ${source}: ${message}`
}

describe('runtime metrics', () => {
  test('are samples of the dyno that source= names', () => {
    const dyno = 'dyno=heroku.1234.9a3c1f6e-1b1a-4a39-a0a5-0fbd57a2d0f1'
    const report = reportOn(
      [
        line(
          'heroku[web.1]',
          `source=web.1 ${dyno} sample#load_avg_1m=2.46 sample#load_avg_5m=1.06 sample#load_avg_15m=0.99`,
        ),
        line(
          'heroku[web.1]',
          `source=web.1 ${dyno} sample#memory_total=21.00MB sample#memory_rss=21.22MB sample#memory_cache=0.00MB sample#memory_swap=0.00MB sample#memory_pgpgin=348836pages sample#memory_pgpgout=343403pages sample#memory_quota=512.00MB`,
        ),
        line('heroku[web.1]', `source=web.1 ${dyno} sample#memory_total=18.00MB`, 20),
        line('heroku[scheduler.8317]', `source=scheduler.8317 ${dyno} sample#load_avg_1m=0.00`),
      ].join('\n'),
    )
    expect(report.lines).toMatchObject({ read: 4, runtime: 4 })
    expect(report.dynos).toEqual({
      'scheduler.8317': expect.objectContaining({ load: { '1m': { last: 0, max: 0 } } }),
      'web.1': {
        requests: 0,
        service: null,
        memory: {
          total: { last: 18 * MB, max: 21 * MB },
          rss: { last: 21.22 * MB, max: 21.22 * MB },
          cache: { last: 0, max: 0 },
          swap: { last: 0, max: 0 },
          quota: { last: 512 * MB, max: 512 * MB },
        },
        load: {
          '1m': { last: 2.46, max: 2.46 },
          '5m': { last: 1.06, max: 1.06 },
          '15m': { last: 0.99, max: 0.99 },
        },
        errors: {},
      },
    })
  })

  test('of an app that prints them are its own samples', () => {
    const report = reportOn(line('app[web.1]', 'source=web.1 sample#memory_total=1MB'))
    expect(report.sample).toEqual({ memory_total: { last: MB, min: MB, max: MB } })
    expect(report.dynos).toEqual({})
  })

  test('a value that is broken costs only itself', () => {
    const window = countText(
      line(
        'heroku[web.1]',
        'source=web.1 dyno=heroku.1.x sample#memory_total=x sample#memory_rss=5MB',
      ),
    )
    expect(resultsOf(window)).toEqual({ counted: 1 })
    expect([...window.cells.keys()].filter((key) => key.includes('refused'))).toHaveLength(1)
  })
})

describe('text that strangers cause', () => {
  const forged =
    'source=web.1 sample#memory_total=9MB sample#db_size=1bytes sample#active-connections=499'

  test.each([
    [
      'SQL in the log of a database',
      'app[postgres.4821]',
      `[DATABASE] [20-1] LOG: statement: INSERT INTO c VALUES ('hi ${forged} ')`,
    ],
    ['SQL that begins a continued line', 'app[postgres.4821]', forged],
    ['a command of Redis', 'app[redis]', forged],
    [
      'a command of a dyno',
      'heroku[run.1234]',
      `Starting process with command \`grep -r "${forged} " docs\``,
    ],
    ['a quoted command behind samples', 'heroku[web.1]', `source=web.1 command="${forged} "`],
    ['words behind samples', 'heroku[web.1]', `source=web.1 dyno=heroku.1.x said ${forged}`],
    ['a quoted name of a database', 'app[heroku-postgres]', `source=DATABASE name="${forged} "`],
    ['a message of a database service', 'app[heroku-postgres]', `Update DATABASE by ${forged}`],
  ])('%s is text', (_, source, message) => {
    const report = reportOn(line(source, message))
    expect([report.dynos, report.sample, report.measure, report.count]).toEqual([{}, {}, {}, {}])
    expect(Object.values(report.addons).flatMap((addon) => Object.keys(addon))).toEqual([])
  })
})

describe('platform lines', () => {
  test('errors, memory over quota, states, releases, scaling', () => {
    const report = reportOn(
      [
        line('heroku[web.1]', 'Process running mem=870M(170.1%)', 1),
        line('heroku[web.1]', 'Error R14 (Memory quota exceeded)', 1),
        line('heroku[worker.2]', 'Error R15 (Memory quota vastly exceeded)', 2),
        line('heroku[web.1]', 'State changed from up to crashed', 3),
        line('heroku[web.2]', 'Cycling', 4),
        line('heroku[web.2]', 'State changed from up to starting', 4),
        line('heroku[web.2]', 'Process exited with status 143', 5),
        line('app[api]', 'Release v42 created by user jane@example.com', 6),
        line('app[api]', 'Deploy 1a2b3c4d by user jane@example.com', 6),
        line(
          'app[api]',
          'Scaled to web@2:Standard-1X worker@1:Standard-2X by user jane@example.com',
          7,
        ),
        line('heroku[api]', 'Scale to web=2, worker=1 by jane@example.com', 8),
        line('app[api]', 'Set SECRET config vars by user jane@example.com', 9),
      ].join('\n'),
    )
    expect(report.lines).toMatchObject({ read: 12, platform: 12 })
    expect(report.dynos['web.1']).toMatchObject({
      memory: { total: { last: 870 * MB }, quota: { last: 512 * MB } },
      errors: { R14: 1 },
    })
    expect(report.dynos['worker.2']).toMatchObject({ errors: { R15: 1 } })
    expect(report.events.map(({ kind, text }) => [kind, text])).toEqual([
      ['error', 'web.1 R14'],
      ['error', 'worker.2 R15'],
      ['crash', 'web.1'],
      ['restart', 'web.2'],
      ['release', 'v42'],
      ['scale', 'web@2:Standard-1X worker@1:Standard-2X'],
      ['scale', 'web=2, worker=1'],
    ])
    expect(JSON.stringify(report)).not.toContain('jane')
  })

  test.each([
    [
      'heroku[logplex]',
      'Error L10 (output buffer overflow): 500 messages dropped since 2026-11-21T10:00:00+00:00.',
      { L10: 500 },
    ],
    [
      'heroku[logplex]',
      "Error L10 (output buffer overflow): drain 'd.5f3a' dropped 7 messages since 2026-11-21T10:00:00+00:00.",
      { L10: 7 },
    ],
    [
      'heroku[logplex]',
      'L11 (Tail buffer overflow) -> This tail session dropped 1101 messages since 2026-11-21T10:00:00+00:00',
      { L11: 1101 },
    ],
    [
      'logplex[1]',
      'Error L11 (Tail buffer overflow) -> This tail session dropped 3 messages since 2026-11-21T10:00:00+00:00.',
      { L11: 3 },
    ],
    [
      'app[log-shuttle]',
      'Error L12: 222 messages dropped since 2026-11-21T10:00:00+00:00',
      { L12: 222 },
    ],
    [
      'token[log-shuttle]',
      'Error L13: 1 messages lost since 2026-11-21T10:00:00+00:00',
      { L13: 1 },
    ],
    [
      'heroku[logplex]',
      'Error L14 (certificate validation): error="bad certificate" uri="syslog+tls://logs.example.com:6514/"',
      { L14: 0 },
    ],
    ['app[web.1]', 'Error L10 (output buffer overflow): 500 messages dropped since x', {}],
  ])('%s: %s', (source, message, dropped) => {
    expect(reportOn(line(source, message)).dropped).toEqual(dropped)
  })

  test('event counts are by process type', () => {
    const window = countText(
      [
        line('heroku[web.11]', 'State changed from starting to up'),
        line('heroku[web-5d9f8c6b7d-abcde]', 'State changed from starting to up'),
        line('heroku[nightly_report.2]', 'State changed from starting to up'),
      ].join('\n'),
    )
    const types = [...window.cells.keys()].map((key) => key.split('\0')[3])
    expect(types).toEqual(['web', 'nightly_report'])
  })
})

describe('add-on samples', () => {
  test('Postgres, PgBouncer and Redis, each under its own name', () => {
    const report = reportOn(
      [
        line(
          'app[heroku-postgres]',
          'source=DATABASE addon=postgresql-flat-1 sample#db_size=8945836.0bytes sample#load-avg-1m=0.285 sample#tmp-disk-used=543633408 sample#memory-total=3944484kB sample#wal-percentage-used=0.06650439708481809',
        ),
        line(
          'app[heroku-redis]',
          'source=REDIS addon=redis-flat-1 sample#load-avg-1m=1.51 sample#memory-redis=5116080bytes sample#hit-rate=0.7',
        ),
        line(
          'app[heroku-pgbouncer]',
          'source=pgbouncer addon=postgresql-flat-1 sample#client_active=56 sample#avg_query=8751',
        ),
        line('app[postgres.1234]', '[DATABASE] [12-1] LOG:  checkpoint starting: time'),
      ].join('\n'),
    )
    expect(report.lines).toMatchObject({ read: 4, addon: 4 })
    expect(report.addons).toEqual({
      DATABASE: {
        kind: 'postgres',
        db_size: { last: 8_945_836, max: 8_945_836 },
        'load-avg-1m': { last: 0.285, max: 0.285 },
        'memory-total': { last: 3_944_484 * 1024, max: 3_944_484 * 1024 },
        'tmp-disk-used': { last: 543_633_408, max: 543_633_408 },
        'wal-percentage-used': { last: 0.06650439708481809, max: 0.06650439708481809 },
      },
      REDIS: expect.objectContaining({ kind: 'redis', 'hit-rate': { last: 0.7, max: 0.7 } }),
      pgbouncer: {
        kind: 'pgbouncer',
        client_active: { last: 56, max: 56 },
        avg_query: { last: 0.008751, max: 0.008751 },
      },
    })
  })
})

test('add-ons of one name and other kinds stand apart, and a database may be large', () => {
  const samples = 'source=DATABASE addon=x sample#load-avg-1m=1'
  const report = countText(
    [
      line('app[heroku-postgres]', `${samples} sample#db_size=5497558138880bytes`),
      line('app[heroku-redis]', samples),
      line('app[heroku-pgbouncer]', samples),
    ].join('\n'),
  )
  expect([...report.cells.keys()].map((key) => key.split('\0')[1])).toEqual([
    'postgres/load-avg-1m',
    'postgres/db_size',
    'redis/load-avg-1m',
    'pgbouncer/load-avg-1m',
  ])
})

describe('l2met conventions', () => {
  test.each<[message: string, expected: object]>([
    [
      'measure#db.latency=4ms count#mail.sent=1 sample#queue.depth=12',
      {
        measure: { 'db.latency': { unit: 's', count: 1, p50: 0.004 } },
        count: { 'mail.sent': 1 },
        sample: { 'queue.depth': { last: 12, min: 12, max: 12 } },
      },
    ],
    [
      'measure.hello=2 measure.world',
      { measure: { hello: { unit: '', mean: 2 }, world: { mean: 1 } } },
    ],
    [
      'measure#queue.backlog= count#seen',
      { measure: { 'queue.backlog': { mean: 1 } }, count: { seen: 1 } },
    ],
    ['count#requests=+3 count#requests=-1 count#x=-0', { count: { requests: 3, x: 0 } }],
    ['Giving up after 3 tries: error=x count#retry.gave_up=1', { count: { 'retry.gave_up': 1 } }],
    ['measure#query.ms=200', { measure: { query: { unit: 's', mean: 0.2 } } }],
    ['measure#query.ms=3s', { measure: { 'query.ms': { unit: 's', mean: 3 } } }],
    ['unique#user=alice unique#user="bob smith"', { unique: { user: 2 } }],
    ['measure#q="4ms" at=x', { measure: { q: { mean: 0.004 } } }],
    [
      'measure#x=1e-05 measure#y=1.2e+06',
      { measure: { x: { mean: 0.00001 }, y: { mean: 1_200_000 } } },
    ],
    [
      'measure#cpu=50% measure#neg=-3',
      { measure: { cpu: { unit: 'ratio', mean: 0.5 }, neg: { min: -3, p50: -3 } } },
    ],
    [
      'count#__proto__=1 count#constructor=2',
      { count: JSON.parse('{"__proto__":1,"constructor":2}') as object },
    ],
  ])('%s', (message, expected) => {
    const report = reportOn(line('app[web.1]', message))
    expect(report).toMatchObject(expected)
    expect(report.lines).toMatchObject({ read: 1, app: 1 })
  })

  test('source= and tags cover the whole line, in any order, and are labels', () => {
    const window = countText(
      [
        line('app[web.1]', 'count#a=1 source=eu tag#plan=pro measure#b=2ms'),
        line('app[web.1]', 'metric#tag#plan=pro count#a=1 source=eu'),
        line('app[web.1]', 'sfxdimension#plan="a \\"b\\"" count#a=1'),
      ].join('\n'),
    )
    expect([...window.cells.keys()].map((key) => key.split('\0'))).toEqual([
      ['c', 'app/a', 'plan', 'pro', 'source', 'eu'],
      ['ms', 'app/b', 'plan', 'pro', 'source', 'eu'],
      ['c', 'app/a', 'plan', 'a \\"b\\"'],
    ])
  })

  test.each([
    ['a tag that can be no label', 'tag#a$b=2 tag#1st=3 tag#=4', []],
    [
      'a ninth label',
      'source=eu tag#a=1 tag#b=2 tag#c=3 tag#d=4 tag#e=5 tag#f=6 tag#g=7 tag#h=8',
      ['a=1', 'b=2', 'c=3', 'd=4', 'e=5', 'f=6', 'g=7', 'source=eu'],
    ],
  ])('%s is left out, and the values are counted', (_, tags, labels) => {
    const window = countText(line('app[web.1]', `${tags} count#x=1`))
    const own = [...window.cells.keys()].filter((key) => !key.includes('l2met/'))
    const [name, ...found] = own[0]!.split('\0').slice(1)
    const pairs = found.flatMap((text, i) => (i % 2 === 0 ? [`${text}=${found[i + 1]}`] : []))
    expect([own.length, name, pairs]).toEqual([1, 'app/x', labels])
  })

  test('on other lines than the app’s own count nothing', () => {
    const report = reportOn(
      [
        line('heroku[web.1]', 'count#a=1'),
        line('heroku[router]', 'count#a=1'),
        line('app[api]', 'count#a=1'),
      ].join('\n'),
    )
    expect(report.count).toEqual({})
  })

  test.each([
    'measure#x=2e12',
    'count#x=2e12',
    'measure#x=NaN',
    'measure#x=1,024ms',
    'measure#x=5MB!',
    'count#x=0x10',
    'sample#x=1.2.3',
  ])('%s is refused and counted as such', (message) => {
    const window = countText(line('app[web.1]', message))
    expect(resultsOf(window)).toEqual({ malformed: 1 })
    expect(classesOf(window)).toEqual({ app: 1 })
  })

  test('a count below zero is refused, and counted as such: a counter never falls', () => {
    const window = countText(line('app[web.1]', 'count#x=-5 count#y=-1e-3 count#z=-4ms count#z=1'))
    const values = [...window.cells].map(([key, cell]) => [
      key.replaceAll('\0', ' '),
      cell.kind === 'count' && sumValue(cell),
    ])
    expect(values).toEqual([
      ['c l2met/refused reason negative', 3],
      ['c app/z', 1],
    ])
    expect(resultsOf(window)).toEqual({ counted: 1 })
    expect(resultsOf(countText(line('app[web.1]', 'count#x=-5')))).toEqual({ malformed: 1 })
  })

  test.each([
    'count#a$b=1',
    'measure#=4ms',
    'count#a#b=1',
    'sample#größe=1',
    `unique#${'n'.repeat(129)}=x`,
    `count#${'n'.repeat(5000)}`,
  ])('a name that no metric has is refused, and counted as such: %.20s', (message) => {
    const window = countText(line('app[web.1]', `${message} count#ok=1`))
    expect([...window.cells.keys()].map((key) => key.replaceAll('\0', ' '))).toEqual([
      'c l2met/refused reason name',
      'c app/ok',
    ])
    const alone = countText(line('app[web.1]', message))
    expect(classesOf(alone)).toEqual({ app: 1 })
    expect(resultsOf(alone)).toEqual({ malformed: 1 })
  })

  test('words with # in them, as Ruby prints its objects, take no room from names', () => {
    const words = Array.from({ length: 17_000 }, (_, i) =>
      line(
        'app[web.1]',
        `got #<User:0x${i.toString(16)}> at https://shop.example.com/#/orders/${i}`,
      ),
    )
    const bad = Array.from({ length: 17_000 }, (_, i) => line('app[web.1]', `count#$${i}=1`))
    const text = [...words, ...bad, line('app[web.1]', 'count#new=1')].join('\n')
    expect(reportOn(text).count).toEqual({ new: 1 })
    expect(resultsOf(countText(text))).toEqual({ counted: 1, ignored: 17_000, malformed: 17_000 })
  })

  test('a number at the cut of 10,000 bytes is not counted', () => {
    const text = `count#whole=1 ${'x'.repeat(10_000)}`.slice(0, 9_988)
    const report = reportOn(line('app[web.1]', `${text} count#cut=12`.slice(0, 10_000)))
    expect(report.count).toEqual({ whole: 1 })
  })

  test('prefix and source-prefix of a drain', () => {
    const window = countText(
      line('app[web.1]', 'count#a=1 source=eu\n2026-11-21T11:00:00Z app[web.1]: count#a=1'),
      {
        prefix: 'shop',
        sourcePrefix: 'staging',
      },
    )
    expect([...window.cells.keys()].map((key) => key.split('\0'))).toEqual([
      ['c', 'app/shop.a', 'source', 'staging.eu'],
      ['c', 'app/shop.a', 'source', 'staging'],
    ])
  })

  test('a bomb of series folds into overflow, and the total stays right', () => {
    const lines = Array.from({ length: 500 }, (_, i) =>
      line('app[web.1]', `count#hit=1 source=s${i}`),
    )
    const window = countText(lines.join('\n'), { maxSeries: 50 })
    // 50, the overflow series, and how many values went there.
    expect(window.cells.size).toBe(52)
    const refusals = countText([...lines, line('app[web.1]', 'count#x=y')].join('\n'), {
      maxSeries: 50,
    })
    expect([...refusals.cells.keys()].at(-1)).toBe('c\0l2met/refused\0reason\0number')
    expect(reportOn(lines.join('\n'), { maxSeries: 50 }).count).toEqual({ hit: 500 })
  })
})
