import { describe, expect, test } from 'vitest'
import { readSyslog } from '../../src/frame/syslog.ts'
import { createDateCache } from '../../src/frame/timestamp.ts'
import { createLine, textOf } from '../../src/model/line.ts'

const TIME = '2026-11-21T12:00:00.5+00:00'

describe('readSyslog', () => {
  test.each<[name: string, message: string, app: string, proc: string, text: string]>([
    [
      'from an HTTPS drain',
      `<158>1 ${TIME} host heroku router - at=info x\n`,
      'heroku',
      'router',
      'at=info x',
    ],
    ['without a newline', `<158>1 ${TIME} host app web.1 - hello`, 'app', 'web.1', 'hello'],
    [
      'an own text that begins with a dash',
      `<190>1 ${TIME} host app web.1 - - Gracefully stopping`,
      'app',
      'web.1',
      '- Gracefully stopping',
    ],
    [
      'an own text that begins with a tag',
      `<190>1 ${TIME} host app web.1 - [3fa9 x="1"] hi`,
      'app',
      'web.1',
      '[3fa9 x="1"] hi',
    ],
    ['from log-shuttle', `<190>1 ${TIME} shuttle token web.1 - - hello`, 'token', 'web.1', 'hello'],
    ['from a TCP drain', `<190>1 ${TIME} d.9f1c app web.1 - - hello\n`, 'app', 'web.1', 'hello'],
    [
      'with structured data',
      `<190>1 ${TIME} d.9f1c app web.1 - [a b="c]\\""][d e="f"] hello`,
      'app',
      'web.1',
      'hello',
    ],
    [
      'with a request id that is no structured data',
      `<190>1 ${TIME} d.9f1c app web.1 - [60607e20] hello`,
      'app',
      'web.1',
      '[60607e20] hello',
    ],
    [
      'of the platform with a dash',
      `<45>1 ${TIME} host heroku web.1 - - Error R14 (x)`,
      'heroku',
      'web.1',
      'Error R14 (x)',
    ],
    ['an empty message', `<13>1 ${TIME} host app web.7 - `, 'app', 'web.7', ''],
    [
      'an empty message without the last blank',
      `<13>1 ${TIME} host app web.7 -`,
      'app',
      'web.7',
      '',
    ],
    [
      'in the order of 2012',
      `<40>1 ${TIME} heroku web.3 d.155c9baf - State changed`,
      'heroku',
      'web.3',
      'State changed',
    ],
    ['CRLF', `<13>1 ${TIME} host app web.1 - hi\r\n`, 'app', 'web.1', 'hi'],
    ['a priority of any size', `<0>1 ${TIME} host app web.1 - hi`, 'app', 'web.1', 'hi'],
  ])('%s', (_, message, app, proc, text) => {
    expect(read(message)).toEqual({
      app,
      proc,
      text,
      time: Date.UTC(2026, 10, 21, 12, 0, 0, 500),
      cut: false,
    })
  })

  test.each(
    [
      [
        '',
        '<13>1',
        'hello',
        `13>1 ${TIME} host app web.1 - x`,
        `<13>1 yesterday host app web.1 - x`,
      ],
      [
        `<13>1 ${TIME}`,
        `<13>1 ${TIME} host`,
        `<13>1 ${TIME} host app`,
        `<13>1 ${TIME} host  router - at=info`,
      ],
      [
        `<1313>1 ${TIME} host app web.1 - x`,
        `<13> ${TIME} host app web.1 - x`,
        `<13>1 ${TIME}host app web.1 - x`,
      ],
    ].flat(),
  )('refuses %j', (message) => expect(read(message)).toBeUndefined())

  test.each<[time: string, iso: string]>([
    ['2026-11-21T12:00:00Z', '2026-11-21T12:00:00.000Z'],
    ['2026-11-21T12:00:00.123456Z', '2026-11-21T12:00:00.123Z'],
    ['2026-11-21T12:00:00.61556+00:00', '2026-11-21T12:00:00.615Z'],
    ['2026-11-21T12:00:00-00:00', '2026-11-21T12:00:00.000Z'],
    ['2026-11-21T12:00:00+09:00', '2026-11-21T03:00:00.000Z'],
    ['2026-11-21T12:00:00-07:00', '2026-11-21T19:00:00.000Z'],
    ['2026-11-21T12:00:00Z+00:00', '2026-11-21T12:00:00.000Z'],
    ['2026-02-28T23:59:59.999999999+00:00', '2026-02-28T23:59:59.999Z'],
    ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['2026-12-31T23:59:60Z', '2027-01-01T00:00:00.000Z'],
  ])('reads the time %s', (time, iso) => {
    const line = read(`<13>1 ${time} host app web.1 - x`)
    expect(new Date(Math.floor(line!.time + 0.0005)).toISOString().slice(0, 22)).toBe(
      iso.slice(0, 22),
    )
  })

  test.each(
    [
      '2026-02-29',
      '2026-02-30',
      '2026-04-31',
      '2026-11-31',
      '2026-12-32',
      '2026-00-10',
      '2026-13-01',
    ]
      .map((date) => `${date}T10:00:00Z`)
      .concat(['2026-11-21T24:00:00Z', '2026-11-21T23:60:00Z', '2026-11-21T23:59:61Z']),
  )('no calendar or clock has the time %s', (time) => {
    expect(read(`<13>1 ${time} host app web.1 - x`)).toBeUndefined()
  })

  test('a message cut at 10,000 bytes says so, one that ends there by itself does not', () => {
    expect(read(`<13>1 ${TIME} host app web.1 - ${'x'.repeat(10_000)}`)!.cut).toBe(true)
    expect(read(`<13>1 ${TIME} host app web.1 - ${'x'.repeat(9_999)}\n`)!.cut).toBe(false)
  })
})

function read(message: string) {
  const bytes = Buffer.from(message)
  const line = createLine()
  const stamp = { time: 0, end: 0 }
  if (!readSyslog(bytes, 0, bytes.length, createDateCache(), stamp, line)) return undefined
  return {
    app: textOf(bytes, line.appStart, line.appEnd),
    proc: textOf(bytes, line.procStart, line.procEnd),
    text: textOf(bytes, line.messageStart, line.messageEnd),
    time: line.time,
    cut: line.cut,
  }
}
