import { describe, expect, test } from 'vitest'
import { hasControls, stripControls } from '../../src/frame/controls.ts'
import { readText } from '../../src/frame/text.ts'
import { createDateCache } from '../../src/frame/timestamp.ts'
import { createLine, textOf } from '../../src/model/line.ts'
import { NOW } from '../support/count.ts'

const AT = Date.UTC(2026, 10, 21, 11, 0, 0)
const ESC = '\u001b'

describe('readText', () => {
  test.each<[name: string, text: string, app: string, proc: string, message: string, time: number]>(
    [
      [
        'heroku logs',
        '2026-11-21T11:00:00.000000+00:00 heroku[router]: at=info',
        'heroku',
        'router',
        'at=info',
        AT,
      ],
      ['with CRLF', '2026-11-21T11:00:00.000000+00:00 app[web.1]: hi\r', 'app', 'web.1', 'hi', AT],
      [
        'without an offset',
        '2026-11-21T11:00:00 heroku[web.1]: Idling',
        'heroku',
        'web.1',
        'Idling',
        AT,
      ],
      ['an empty message', '2026-11-21T11:00:00+00:00 app[web.1]: ', 'app', 'web.1', '', AT],
      ['without the time', 'heroku[web.1]: Idling', 'heroku', 'web.1', 'Idling', NaN],
      [
        'a session notice',
        '2026-11-21T11:00:00+00:00 Logplex: Error L20 (x)',
        'Logplex',
        '',
        'Error L20 (x)',
        AT,
      ],
      [
        'Papertrail',
        'Nov 21 11:00:00 shop heroku/router:  at=info',
        'heroku',
        'router',
        ' at=info',
        AT,
      ],
      [
        'Papertrail, a day with a blank',
        'Nov  1 11:00:00 shop app/web.1: x',
        'app',
        'web.1',
        'x',
        AT - 20 * 86_400_000,
      ],
      [
        'Papertrail of last year',
        'Dec 31 11:00:00 shop app/web.1: x',
        'app',
        'web.1',
        'x',
        Date.UTC(2025, 11, 31, 11),
      ],
      [
        'an archive of Papertrail',
        '1234567890123456789\t2026-11-21T11:00:00Z\t2026-11-21T11:00:01Z\t42\tshop\t192.0.2.1\tLocal3\tInfo\theroku/router\tat=info\tx',
        'heroku',
        'router',
        'at=info\tx',
        AT,
      ],
      [
        'an archive of Papertrail of 2011',
        '50342052\t2026-11-21 03:00:00 -0800\t2026-11-21 03:00:00 -0800\t42\tshop\t192.0.2.1\tUser\tInfo\tapp/web.1\t',
        'app',
        'web.1',
        '',
        AT,
      ],
      [
        'an archive of another program',
        '50342052\t2026-11-21T11:00:00Z\t2026-11-21T11:00:00Z\t42\tshop\t192.0.2.1\tUser\tInfo\tcron\tx/y',
        '',
        '',
        '50342052\t2026-11-21T11:00:00Z\t2026-11-21T11:00:00Z\t42\tshop\t192.0.2.1\tUser\tInfo\tcron\tx/y',
        NaN,
      ],
      [
        'syslog',
        '<158>1 2026-11-21T11:00:00+00:00 host heroku router - at=info',
        'heroku',
        'router',
        'at=info',
        AT,
      ],
      [
        'a frame',
        '61 <158>1 2026-11-21T11:00:00+00:00 host heroku router - at=info',
        'heroku',
        'router',
        'at=info',
        AT,
      ],
      ['a bare message', 'at=info method=GET', '', '', 'at=info method=GET', NaN],
      [
        'a date that is no log line',
        '2026-11-21T11:00:00+00:00 something else',
        '',
        '',
        '2026-11-21T11:00:00+00:00 something else',
        NaN,
      ],
      [
        'keep-alives before a line',
        '\0\0 2026-11-21T11:00:00+00:00 app[web.1]: hi',
        'app',
        'web.1',
        'hi',
        AT,
      ],
      [
        'coloured',
        `${ESC}[38;5;43m2026-11-21T11:00:00+00:00 heroku[router]:${ESC}[39m ${ESC}[38;5;248mstatus=${ESC}[39m${ESC}[38;2;1;2;3m503${ESC}[39m`,
        'heroku',
        'router',
        'status=503',
        AT,
      ],
    ],
  )('%s', (_, text, app, proc, message, time) => {
    expect(read(text)).toEqual({ app, proc, message, time })
  })

  test.each(['', '   ', '\r', '\0\0'])('%j is a blank line', (text) =>
    expect(read(text)).toBeUndefined(),
  )
})

function read(text: string) {
  let bytes = Buffer.from(text)
  if (hasControls(bytes, 0, bytes.length)) {
    const stripped = Buffer.alloc(bytes.length)
    bytes = stripped.subarray(0, stripControls(bytes, 0, bytes.length, stripped))
  }
  const line = createLine()
  const reader = { dates: createDateCache(), stamp: { time: 0, end: 0 }, now: NOW }
  if (!readText(reader, bytes, 0, bytes.length, line)) return undefined
  return {
    app: textOf(line.bytes, line.appStart, line.appEnd),
    proc: textOf(line.bytes, line.procStart, line.procEnd),
    message: textOf(line.bytes, line.messageStart, line.messageEnd),
    time: line.time,
  }
}
