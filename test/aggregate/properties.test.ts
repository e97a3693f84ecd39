import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createWindow, mergeWindow } from '../../src/model/window.ts'
import {
  NOW,
  body,
  classesOf,
  countBodies,
  countText,
  plain,
  resultsOf,
  syslog,
} from '../support/count.ts'

const number = fc.oneof(
  fc.integer({ min: -10, max: 100_000 }),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
)
const word = fc.constantFrom(
  'db.latency',
  'mail.sent',
  'queue.depth',
  '__proto__',
  'a"b',
  'x\ny',
  'query.ms',
  'µ',
)
const value = fc
  .tuple(number, fc.constantFrom('', 'ms', 's', 'MB', '%', 'x', '}'))
  .map(([n, unit]) => `${n}${unit}`)
const convention = fc
  .array(
    fc.tuple(
      fc.constantFrom('measure#', 'count#', 'sample#', 'unique#', 'measure.', 'tag#', 'source'),
      word,
      value,
    ),
    { maxLength: 5 },
  )
  .map((pairs) =>
    pairs
      .map(([kind, name, v]) => (kind === 'source' ? `source=${name}` : `${kind}${name}=${v}`))
      .join(' '),
  )
const routerMessage = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'BREW'),
    path: fc.oneof(fc.webPath(), fc.string({ maxLength: 30 })),
    dyno: fc.constantFrom('web.1', 'web.2', ''),
    service: fc.integer({ min: 0, max: 40_000 }),
    status: fc.constantFrom(200, 404, 503),
    code: fc.constantFrom('', 'code=H12 desc="Request timeout" '),
  })
  .map(
    (r) =>
      `at=${r.code ? 'error' : 'info'} ${r.code}method=${r.method} path="${r.path}" host=a fwd="192.0.2.1" dyno=${r.dyno} connect=1ms service=${r.service}ms status=${r.status} bytes=7`,
  )
const time = fc.integer({ min: NOW - 14 * 60_000, max: NOW + 59_000 })
const message = fc
  .tuple(
    fc.oneof(
      fc.tuple(fc.constant('heroku'), fc.constant('router'), routerMessage),
      fc.tuple(fc.constant('app'), fc.constantFrom('web.1', 'worker.1'), convention),
      fc.tuple(
        fc.constant('heroku'),
        fc.constant('web.1'),
        fc.constantFrom(
          'Error R14 (Memory quota exceeded)',
          'State changed from up to crashed',
          'source=web.1 dyno=heroku.1.x sample#memory_total=21.5MB',
        ),
      ),
      fc.tuple(
        fc.constant('app'),
        fc.constant('heroku-postgres'),
        fc.constant('source=DATABASE addon=p sample#db_size=12bytes'),
      ),
      fc.tuple(
        fc.constantFrom('heroku', 'app', 'x'),
        fc.constantFrom('router', 'api', 'logplex', 'web.1'),
        fc.string(),
      ),
    ),
    time,
  )
  .map(([[app, proc, text], at]) => syslog(app, proc, text, at))

describe('order and batching do not matter', () => {
  test('any split of the messages over bodies gives the same window, to the last bit', () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 60 }),
        fc.array(fc.nat(60), { maxLength: 8 }),
        (messages, cuts) => {
          const whole = countBodies([body(...messages)]).window
          const edges = [
            0,
            ...cuts.map((cut) => Math.min(cut, messages.length)),
            messages.length,
          ].toSorted((a, b) => a - b)
          const bodies = edges.slice(1).map((end, i) => body(...messages.slice(edges[i], end)))
          expect(plain(countBodies(bodies).window)).toEqual(plain(whole))
        },
      ),
    )
  })

  test('any order of the messages gives the same window, to the last bit', () => {
    const orders = fc
      .array(message, { maxLength: 40 })
      .chain((messages) =>
        fc.tuple(
          fc.constant(messages),
          fc.shuffledSubarray(messages, { minLength: messages.length }),
        ),
      )
    fc.assert(
      fc.property(orders, ([messages, shuffled]) => {
        expect(plain(countBodies([body(...shuffled)]).window)).toEqual(
          plain(countBodies([body(...messages)]).window),
        )
      }),
    )
  })

  test('merge of windows is associative and commutative', () => {
    const windows = fc.array(fc.array(message, { maxLength: 15 }), { minLength: 3, maxLength: 3 })
    fc.assert(
      fc.property(windows, (parts) => {
        const fresh = () => parts.map((messages) => countBodies([body(...messages)]).window)
        const [a, b, c] = fresh() as [
          ReturnType<typeof createWindow>,
          ReturnType<typeof createWindow>,
          ReturnType<typeof createWindow>,
        ]
        mergeWindow(a, b)
        mergeWindow(a, c)
        const [x, y, z] = fresh() as [typeof a, typeof a, typeof a]
        mergeWindow(z, y)
        mergeWindow(z, x)
        expect(plain(a)).toEqual(plain(z))
      }),
    )
  })
})

describe('any bytes', () => {
  test('never throw, and each line of a body is in exactly one result', () => {
    const parts = fc.array(
      fc.oneof(
        message.map((m) => body(m)),
        fc.uint8Array({ maxLength: 80 }).map((b) => Buffer.from(b)),
      ),
      { maxLength: 20 },
    )
    fc.assert(
      fc.property(parts, (chunks) => {
        const { window, counts } = countBodies([Buffer.concat(chunks)])
        expect(window.results.reduce((sum, n) => sum + n, 0)).toBe(counts[0]!.lines)
      }),
    )
  })

  test('of text never throw, and each line that isn’t blank is in exactly one class', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc
        .array(
          fc.oneof(
            message,
            message.map((m) => `${m.length} ${m}`),
            convention,
            fc.constantFrom('\u001b[3', '\0', '\r'),
          ),
          { maxLength: 12 },
        )
        .map((lines) => lines.join('\n')),
    )
    fc.assert(
      fc.property(text, (input) => {
        const window = countText(input)
        const lines = input
          .split('\n')
          .filter((line) => Array.from(line).some((char) => char > ' ' && !/\s/.test(char)))
        const counted = window.classes.reduce((sum, n) => sum + n, 0)
        expect(counted).toBeLessThanOrEqual(input.split('\n').length)
        if (!input.includes('\u001b')) expect(counted).toBe(lines.length)
      }),
    )
  })
})

describe('time', () => {
  test.each([
    [NOW - 15 * 60_000, 'counted'],
    [NOW - 15 * 60_000 - 1, 'late'],
    [NOW + 60_000, 'counted'],
    [NOW + 60_001, 'future'],
    [0, 'late'],
  ])('a line of %d is %s', (at, result) => {
    const { window, counts } = countBodies([body(syslog('app', 'web.1', 'count#a=1', at))])
    expect(resultsOf(window)).toEqual({ [result]: 1 })
    expect(window.cells.size).toBe(result === 'counted' ? 1 : 0)
    expect(counts[0]!.skew).toBe(result === 'counted' ? 0 : Math.abs(at - NOW))
  })

  test('lines enter the window of their own time', () => {
    const at = [0, 9_999, -1, -600_000].map((offset) => NOW + offset)
    const { counts } = countBodies([body(...at.map((t) => syslog('app', 'web.1', 'count#a=1', t)))])
    expect(counts[0]!.deltas.map(({ start }) => start - NOW)).toEqual([0, -10_000, -600_000])
  })
})

test('a broken frame and broken lines leave the good ones', () => {
  const good = syslog(
    'heroku',
    'router',
    'at=info method=GET path="/" host=a dyno=web.1 connect=1ms service=20ms status=200 bytes=9',
  )
  const bodies = [
    Buffer.concat([
      body(good),
      Buffer.from('999 broken'),
      body(good, syslog('heroku', 'router', 'nonsense'), 'no syslog at all'),
    ]),
    body(`<13>1 ${'x'.repeat(1_000_000)}`, good),
    Buffer.from([0, 1, 2, 255, 254]),
    Buffer.alloc(0),
  ]
  const { window } = countBodies(bodies)
  expect(resultsOf(window)).toEqual({ counted: 3, malformed: 5 })
  expect(classesOf(window)).toEqual({ router: 3, malformed: 5 })
})
