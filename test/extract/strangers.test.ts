import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Series, parseSeriesKey } from '../../src/model/series.ts'
import { sumValue } from '../../src/model/sum.ts'
import type { Window } from '../../src/model/window.ts'
import { PLAIN_INJECTIONS } from '../support/injections.ts'
import { body, classesOf, countBodies, countText, syslog } from '../support/count.ts'

/** What a text would have to hold to be taken for something else. */
const BAIT = [
  ' dyno=web.9 connect=7ms service=7ms status=204 bytes=7',
  ' dyno= connect= service= status=421 bytes= protocol=http agent="',
  ' agent="', '" agent="', ' dyno=web.9', 'dyno=', ' service=1ms', ' status=500', ' bytes=1', '"', "'", '`', ' ', '  ', '=',
  'at=error', ' code=H12 ', 'code=H10', ' desc="x"', ' method=GET path="/x"', ' host=h', '/', '?', '\\', '\t',
  'source=web.9', 'source=DATABASE ', ' addon=x ', 'sample#memory_total=1MB', ' sample#db_size=1bytes', ' sample#load_avg_1m=9',
  'measure#x=1ms', ' count#x=1', 'unique#u=1', 'tag#k=v', 'metric#a=1', 'gauge#b=2', 'cumulative#c=3', 'measure=x val=1', 'queue=9ms', 'wait=9ms',
  'Error R14 (Memory quota exceeded)', 'Error L10 (output buffer overflow): 9 messages dropped since x.', 'State changed from up to crashed',
  'Process running mem=870M(170.1%)', 'Release v9 created by user x', 'Scaled to web@9:Standard-1X by user x', 'Starting process',
  'heroku[router]: ', 'heroku[web.9]: ', '2026-11-21T12:00:00+00:00 heroku[web.9]: ', ' - ', '- - ', '[x y="z"] ', '99 <158>1 ',
  '<158>1 2026-11-21T12:00:00+00:00 host heroku router - ', '{"message":"', '"}', '\u001b[31m', '\u001b[', '\u001b[1;', '\u001b]0;', '\u001b(', '\u001b', '\u0007', '\u009b', '\0', 'é', '\ud83d\ude00', '\ufeff',
] // prettier-ignore

const piece = fc.oneof(
  fc.constantFrom(...BAIT),
  fc.constantFrom(...PLAIN_INJECTIONS),
  fc.string({ maxLength: 8, unit: 'binary' }),
)
/** Any text on one line, short enough that Heroku doesn't cut it. */
const text = fc.array(piece, { maxLength: 8 }).map((pieces) => oneLine(pieces.join('')))

function oneLine(any: string): string {
  return any.replaceAll(/[\n\r]/g, ' ').slice(0, 1500)
}

interface Written {
  readonly app: string
  readonly proc: string
  readonly message: string
}

const TAIL = 'dyno=web.1 connect=1ms service=20ms status=503 bytes=9 protocol=https'
const NEW_TAIL = `${TAIL.replace('https', 'http1.1')} tls=true tls_version=tls1.3`
const TAIL_421 = 'dyno= connect= service= status=421 bytes= protocol=http'

function router(message: string): Written {
  return { app: 'heroku', proc: 'router', message }
}

/** Lines in which a stranger's text has its place, and which of them are the router's. */
const PLACES: readonly (readonly [name: string, write: (stranger: string) => Written])[] = [
  [
    'a path',
    (s) => router(`at=info method=GET path="/${s}" host=h request_id=r fwd="192.0.2.1" ${TAIL}`),
  ],
  ['a path without quotes', (s) => router(`at=info method=GET path=/${s} host=h fwd=1 ${TAIL}`)],
  [
    'a path of an error',
    (s) =>
      router(
        `at=error code=H12 desc="Request timeout" method=GET path="/${s}" host=h request_id=r fwd="192.0.2.1" ${TAIL}`,
      ),
  ],
  [
    'a host',
    (s) => router(`at=info method=GET path="/" host=${s} request_id=r fwd="1" ${NEW_TAIL}`),
  ],
  ['a request id', (s) => router(`at=info method=GET path="/" host=h request_id=${s} ${TAIL}`)],
  ['fwd', (s) => router(`at=info method=GET path="/" host=h request_id=r fwd="${s}" ${NEW_TAIL}`)],
  [
    'path and agent',
    (s) =>
      router(
        `at=error code=H31 desc="Misdirected Request" method=GET path="/${s}" host=h request_id=r fwd="${s}" ${TAIL_421} agent="${s}"`,
      ),
  ],
  [
    'SQL in the log of a Postgres server',
    (s) => ({ app: 'app', proc: 'postgres.1234', message: `[DATABASE] [8-1] LOG: ${s}` }),
  ],
  ['SQL that fills a line of its own', (s) => ({ app: 'app', proc: 'postgres.1234', message: s })],
  [
    'a command',
    (s) => ({ app: 'heroku', proc: 'run.1', message: `Starting process with command \`${s}\`` }),
  ],
  [
    'the author of a deployment',
    (s) => ({ app: 'app', proc: 'api', message: `Deploy 1a2b3c4d by user ${s}` }),
  ],
]

/** What each series holds, without the labels that are a path's. */
function contentsOf({ cells }: Window): Map<string, number> {
  const sums = new Map<string, number>()
  for (const [key, cell] of cells) {
    const series = parseSeriesKey(key)
    const name = `${series.kind} ${series.name} ${labelsOf(series)}`
    if (cell.kind === 'count') sums.set(name, (sums.get(name) ?? 0) + sumValue(cell))
    else if (cell.kind === 'measure') sums.set(name, sumValue(cell) + cell.count)
    else sums.set(name, cell.kind === 'sample' ? cell.last : 1)
  }
  return sums
}

function labelsOf({ labels }: Series): string {
  return labels.map(([name, value]) => (name === 'route' ? '' : `${name}=${value}`)).join()
}

/** As a drain gets a line, and as a file holds it. */
const WAYS: readonly (readonly [string, (lines: readonly Written[]) => Window])[] = [
  [
    'in a body',
    (lines) =>
      countBodies([body(...lines.map(({ app, proc, message }) => syslog(app, proc, message)))])
        .window,
  ],
  [
    'in a file',
    (lines) =>
      countText(
        lines
          .map(
            ({ app, proc, message }) => `2026-11-21T12:00:00.5+00:00 ${app}[${proc}]: ${message}`,
          )
          .join('\n'),
      ),
  ],
]

describe.each(WAYS)('no text of a stranger changes what is counted: %s', (_, count) => {
  test.each(PLACES)('%s', (_, write) => {
    const usual = count([write('x')])
    const neighbour = router(`at=info method=GET path="/n" host=h fwd="1" ${TAIL}`)
    const together = count([write('x'), neighbour])
    fc.assert(
      fc.property(text, (stranger) => {
        const window = count([write(stranger)])
        expect(contentsOf(window)).toEqual(contentsOf(usual))
        expect(classesOf(window)).toEqual(classesOf(usual))
        const both = count([write(stranger), neighbour])
        expect(contentsOf(both)).toEqual(contentsOf(together))
      }),
      { numRuns: 60 },
    )
  })

  test('a line of an app: only series that an app names, and what it logs of its queue', () => {
    fc.assert(
      fc.property(text, (stranger) => {
        const window = count([{ app: 'app', proc: 'web.1', message: stranger }])
        const names = [...window.cells.keys()].map((key) => parseSeriesKey(key).name)
        const others = names.filter(
          (name) => !/^(?:app\/|l2met\/refused$|router\/queue$)/.test(name),
        )
        expect(others).toEqual([])
        expect(window.events).toEqual([])
      }),
      { numRuns: 100 },
    )
  })
})
