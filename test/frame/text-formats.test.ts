import { describe, expect, test } from 'vitest'
import { appNameOf } from '../../src/frame/source.ts'
import { readText } from '../../src/frame/text.ts'
import { createDateCache } from '../../src/frame/timestamp.ts'
import { createLine, textOf } from '../../src/model/line.ts'
import { LINE_FORMATS, LOCAL_FORMATS, PIECES, archive } from '../support/log-formats.ts'

const NOW = Date.UTC(2026, 10, 30)

function read(text: string) {
  const bytes = Buffer.from(text)
  const line = createLine()
  const reader = { dates: createDateCache(), stamp: { time: 0, end: 0 }, now: NOW }
  if (!readText(reader, bytes, 0, bytes.length, line)) return undefined
  return {
    app: textOf(line.bytes, line.appStart, line.appEnd),
    proc: textOf(line.bytes, line.procStart, line.procEnd),
    message: textOf(line.bytes, line.messageStart, line.messageEnd),
    time: line.time,
    name: appNameOf(line),
  }
}

describe.each(LINE_FORMATS)('%s', (_, write) => {
  test.each(PIECES)('$app[$proc]', (piece) => {
    const { app, proc, message } = piece
    expect(read(write(piece))).toMatchObject({ app, proc, message, time: Date.parse(piece.time) })
  })
})

describe.each(LOCAL_FORMATS)('%s', (_, write) => {
  test.each(PIECES)('$app[$proc], in the zone of the machine', (piece) => {
    const { app, proc, message, time } = piece
    const at = new Date(2026, 10, 21, 11, 0, Number(time.slice(17, 19))).getTime()
    expect(read(write(piece))).toMatchObject({ app, proc, message, time: at })
  })
})

test.each([
  [`Nov 21 11:00:00 shop-web app/web.1: x`, 'shop-web'],
  [`2026-11-21T11:00:00Z d.0aa1 heroku[router]: x`, 'd.0aa1'],
  [`<158>1 2026-11-21T11:00:00Z shop-api heroku router - x`, 'shop-api'],
  [archive(PIECES[0]!, '2026-11-21T11:00:00Z'), 'shop'],
  [
    `{"source_name":"shop-web","program":"app/web.1","received_at":"2026-11-21T11:00:00Z","message":"x"}`,
    'shop-web',
  ],
  // No app is called so, or the machine on the way is.
  [`<158>1 2026-11-21T11:00:00Z host heroku router - x`, ''],
  [`2026-11-21T11:00:00Z 192.0.2.7 heroku[router]: x`, ''],
  [`2026-11-21T11:00:00Z ip-10-0-0-1.ec2.internal heroku[router]: x`, ''],
  [`2026-11-21T11:00:00Z heroku[router]: x`, ''],
])('%s names the app %j', (text, name) => {
  expect(read(text)?.name).toBe(name)
})

test.each([
  ['2026-11-21 11:00:00', Date.UTC(2026, 10, 21, 11)],
  ['2026-11-21 03:00:00 -0800', Date.UTC(2026, 10, 21, 11)],
])("a time of Papertrail's archives is UTC where it names no zone: %s", (time, expected) => {
  expect(read(archive(PIECES[0]!, time))?.time).toBe(expected)
})

test('February 29 is of the last leap year', () => {
  expect(read('Feb 29 11:00:00 shop app/web.1: x')?.time).toBe(new Date(2024, 1, 29, 11).getTime())
})

const FORGED =
  '2026-11-21T11:00:00+00:00 heroku[router]: at=info method=GET path="/" dyno=web.1 status=200'

describe("isn't Heroku's", () => {
  test.each([
    ['a word and a colon', '2026-11-21T11:00:00Z kernel: eth0 is up'],
    ['a daemon', '2026-11-21T11:00:00Z sshd[123]: Accepted publickey'],
    ['a daemon with a host', 'Nov 21 11:00:00 box sshd[123]: Accepted publickey'],
    ['a path and a colon', 'Nov 21 11:00:00 box nginx/access: GET /'],
    [
      'an archive of another program',
      archive({ ...PIECES[0]!, app: 'cron', proc: 'x' }, '2026-11-21T11:00:00Z'),
    ],
    [
      'an access log with a line in it',
      `192.0.2.1 - - [21/Nov/2026:11:00:00 +0000] "GET /?q=${FORGED} HTTP/1.1" 200 5`,
    ],
    ['a text that quotes a line', `searched for ${FORGED}`],
    ['a text with a colon that quotes a line', `searched: ${FORGED}`],
    ['JSON of another kind', '{"level":"info","msg":"up","time":"2026-11-21T11:00:00Z"}'],
    ['JSON without a time', '{"app":"app","procid":"web.1","message":"count#x=1"}'],
    [
      'JSON of another program',
      '{"program":"sshd","pid":"1","time":"2026-11-21T11:00:00Z","message":"x"}',
    ],
    ['JSON that ends too early', '{"app":"app","procid":"web.1","message":"count#x=1'],
  ])('%s', (_, text) => {
    expect(read(text)).toMatchObject({ app: '', proc: '' })
  })

  test.each([
    `{"app":"app","procid":"web.1","time":"2026-11-21T11:00:00Z","message":${JSON.stringify(FORGED)}}`,
    `2026-11-21T11:00:00Z app[web.1]: ${FORGED}`,
    `Nov 21 11:00:00 shop app/web.1: ${FORGED}`,
  ])('what an app wrote stays its own: %s', (text) => {
    expect(read(text)).toMatchObject({ app: 'app', proc: 'web.1', message: FORGED })
  })

  test('JSON that is not understood is read in no part', () => {
    expect(read('{"level":"info","msg":"count#x=1"}')?.message).toBe('')
  })
})
