import { isUtf8 } from 'node:buffer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createAppWindows } from '../../src/aggregate/app-windows.ts'
import { countBody, createBodyReader } from '../../src/aggregate/body.ts'
import { createTextScan } from '../../src/aggregate/scanner/scan-text.ts'
import { type Scanner, sharedScanner } from '../../src/aggregate/scanner/scanner.ts'
import {
  MAX_TEXT_LINE,
  countTextLine,
  countTooLong,
  createTextCounter,
} from '../../src/aggregate/text.ts'
import { createLines } from '../../src/input/text-lines.ts'
import { createAccumulator, mergeAccumulator, toWindow } from '../../src/model/accumulator.ts'
import { createWindow } from '../../src/model/window.ts'
import { NOW } from '../support/count.ts'
import { plainWindow } from '../support/windows.ts'

const LIMITS = { maxSeries: 10_000, maxRoutes: 200 }
const UUID = '0c0ffee0-1111-4222-8333-444455556666'
const REQUEST = `host=shop.example request_id=${UUID} fwd="192.0.2.9" dyno=web.1`

/** Lines of every kind, as `app`, `proc` and message. */
const LINES: readonly (readonly [app: string, proc: string, message: string])[] = [
  ['heroku', 'router', `at=info method=GET path="/carts/7?a=1" ${REQUEST} connect=1ms service=25ms status=201 bytes=77 protocol=https`],
  ['heroku', 'router', `at=info method=POST path="/" ${REQUEST} connect=0ms service=3ms status=302 bytes=0 protocol=http1.1 tls=true tls_version=tls1.3`],
  ['heroku', 'router', `at=info method=GET path="/cable" ${REQUEST} connect=1ms service=3599000ms status=101 bytes=9 protocol=http`],
  ['heroku', 'router', `at=error code=H12 desc="Request timeout" method=GET path="/slow" ${REQUEST} connect=0ms service=30000ms status=503 bytes=0 protocol=https`],
  ['heroku', 'router', `sock=client at=warning code=H27 desc="Client Request Interrupted" method=GET path="/x" ${REQUEST} connect=1ms service=20ms status=499 bytes=0`],
  ['heroku', 'router', `at=error code=H31 desc="Misdirected Request" method=GET path="/" host=h request_id=${UUID} fwd="192.0.2.9" dyno= connect= service= status=421 bytes= protocol=http agent="curl/8"`],
  ['heroku', 'web.1', `source=web.1 dyno=heroku.1.${UUID} sample#memory_total=348.12MB sample#memory_rss=300.5MB sample#load_avg_1m=0.5 sample#memory_pgpgin=17pages`],
  ['heroku', 'web.1', 'source=heroku.1.web.1.x measure=load_avg_1m val=0.25'],
  ['heroku', 'web.2', 'Error R14 (Memory quota exceeded)'],
  ['heroku', 'web.2', 'Process running mem=870M(170.1%)'],
  ['heroku', 'web.2', 'State changed from up to crashed'],
  ['heroku', 'run.12', 'Starting process with command `rake db:migrate`'],
  ['heroku', 'logplex', 'Error L10 (output buffer overflow): 4 messages dropped since 2026-11-21T11:00:00+00:00.'],
  ['app', 'api', 'Release v42 created by user x@example.com'],
  ['app', 'api', 'Scaled to web@2:Standard-1X by user x@example.com'],
  ['app', 'heroku-postgres', 'source=DATABASE addon=postgresql-flat-1 sample#db_size=29038814063bytes sample#load-avg-1m=0.01'],
  ['app', 'heroku-redis', 'source=REDIS addon=redis-flat-1 sample#hit-rate=0.99 sample#memory-used=4MB'],
  ['app', 'heroku-pgbouncer', 'source=pgbouncer addon=postgresql-flat-1 sample#avg_query=8541 sample#max_wait=0'],
  ['app', 'postgres.77', '[DATABASE] [8-1] LOG: statement: SELECT \'source=DATABASE sample#db_size=1bytes\''],
  ['app', 'web.1', 'measure#db.latency=4ms count#mail.sent=3 sample#queue.depth=12 unique#user=17 source=eu tag#k=v'],
  ['app', 'web.1', '{"level":30,"msg":"measure#db.query=4ms count#jobs.done=12 source=web.1","pid":4}'],
  ['app', 'web.1', 'measure#t=1m30.5s metric#a=1 gauge#heap=55 counter#hits=12 cumulative#c=3'],
  ['app', 'web.1', `source=rack-timeout id=${UUID} wait=12ms timeout=15000ms service=34ms state=completed at=info`],
  ['app', 'web.1', 'I, [2026-11-21T12:00:00] INFO -- : [tag] count#a=1, measure#b=2.5s; queue=162ms'],
  ['app', 'worker.1', '- Gracefully stopping, waiting for requests to finish'],
  ['app', 'worker.1', '[60607e20] Started GET "/" for 192.0.2.1 count#x'],
  ['app', 'web.1', ''],
] // prettier-ignore

const DAMAGE = [
  '\u001b[36m', '\u001b[0m', '\u001b[', '\u001b]0;x\u0007', '\u001b(B', '\u001b', '\0', '\0\0', '\r', '\r\r', '\t', ' ', '  ', '"', '\\', '\\"', '=',
  '\ufeff', 'é', '\ufffd', '\u2028', '- ', '- - ', '[x y="z"] ', '[', ']: ', '99 <158>1 ', '12 <', 'source=web.9 ', 'count#n=1 ', '{"msg":"',
] // prettier-ignore

const damage = fc.oneof(
  fc.record({ at: fc.nat(), insert: fc.constantFrom(...DAMAGE) }),
  fc.record({ at: fc.nat(), flip: fc.integer({ min: 0, max: 7 }) }),
  fc.record({ at: fc.nat(), remove: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ at: fc.nat(), cut: fc.constant(true) }),
)
type Damage = { at: number; insert?: string; flip?: number; remove?: number; cut?: boolean }

interface Sent {
  readonly head: string
  readonly app: string
  readonly proc: string
  readonly message: Buffer
}

const sent = fc
  .tuple(fc.nat(LINES.length - 1), fc.nat(9_000), fc.array(damage, { maxLength: 3 }))
  .map(([i, ms, all]): Sent => {
    const [app, proc, text] = LINES[i]!
    const message = (all as Damage[]).reduce(damaged, Buffer.from(text))
    return { head: new Date(NOW + ms).toISOString().replace('Z', '+00:00'), app, proc, message }
  })

function damaged(bytes: Buffer, { at, insert, flip, remove, cut }: Damage): Buffer {
  const place = at % (bytes.length + 1)
  const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)]
  if (insert !== undefined) return Buffer.concat([before, Buffer.from(insert), after])
  if (cut === true) return before
  if (remove !== undefined) return Buffer.concat([before, after.subarray(remove)])
  const copy = Buffer.from(bytes)
  // A newline ends a line of a file, and doesn't end one of a body.
  if (place < copy.length && (copy[place]! ^ (1 << flip!)) !== 10) copy[place]! ^= 1 << flip!
  return copy
}

function frameOf({ head, app, proc, message }: Sent): Buffer {
  return Buffer.concat([Buffer.from(`<190>1 ${head} host ${app} ${proc} - `), message])
}

function bodyOf(all: readonly Sent[]): Buffer {
  return Buffer.concat(
    all.flatMap((one) => {
      const frame = Buffer.concat([frameOf(one), Buffer.from('\n')])
      return [Buffer.from(`${frame.length} `), frame]
    }),
  )
}

function asText(all: readonly Sent[], lineOf: (one: Sent) => Buffer): Buffer {
  return Buffer.concat(all.flatMap((one) => [lineOf(one), Buffer.from('\n')]))
}

function viaDrain(all: readonly Sent[], by: Scanner | undefined): unknown {
  const windows = createAppWindows(LIMITS)
  const reader = createBodyReader(10_000, by)
  const window = createWindow()
  const { deltas } = countBody(reader, windows, bodyOf(all), NOW)
  for (const { acc } of deltas) mergeAccumulator(window, acc)
  return plainWindow(window)
}

async function viaFile(bytes: Buffer, by: Scanner | undefined, live: boolean): Promise<unknown> {
  const { state } = createAppWindows(LIMITS)
  const acc = createAccumulator(state.table)
  const span = { acc, start: -Infinity, end: Infinity }
  const counter = createTextCounter(state, NOW)
  const scan =
    by &&
    createTextScan(
      by,
      counter,
      () => span,
      () => {},
    )
  const accOf = scan?.accumulatorOf ?? (() => acc)
  const sink = {
    onLine: (line: Uint8Array, start: number, end: number, isClean: boolean) =>
      countTextLine(counter, line, start, end, isClean, accOf),
    onTooLong: () => countTooLong(counter, accOf),
  }
  const lines = await createLines(MAX_TEXT_LINE, live, sink, {
    ...sink,
    ...(scan && { onLines: scan.count }),
  })
  for (let at = 0; at < bytes.length; at += 700) lines.write(bytes.subarray(at, at + 700))
  await lines.end()
  return plainWindow(toWindow(acc))
}

test('any line counts the same in a body and in a file, with the scanner and without', async () => {
  const scanner = sharedScanner()
  expect(scanner).toBeDefined()
  await fc.assert(
    fc.asyncProperty(fc.array(sent, { minLength: 1, maxLength: 6 }), async (some) => {
      // Twice, so that each line is also met when its kind is known.
      const all = [...some, ...some]
      const counted = viaDrain(all, undefined)
      const text = asText(all, ({ head, app, proc, message }) =>
        Buffer.concat([Buffer.from(`${head} ${app}[${proc}]: `), message]),
      )
      const syslog = asText(all, frameOf)
      const ways = new Map([
        ['a body, scanned', viaDrain(all, scanner)],
        ['a file', await viaFile(text, undefined, false)],
        ['a file, scanned', await viaFile(text, scanner, false)],
        // A tail is read as text: bytes that aren't UTF-8 are U+FFFD, and so another visitor's.
        ['a tail', isUtf8(text) ? await viaFile(text, undefined, true) : counted],
        ['a file of syslog', await viaFile(syslog, undefined, false)],
        ['a file of syslog, scanned', await viaFile(syslog, scanner, false)],
        ['a saved body', await viaFile(bodyOf(all), undefined, false)],
        ['a saved body, scanned', await viaFile(bodyOf(all), scanner, false)],
      ])
      for (const [way, result] of ways) expect([way, result]).toEqual([way, counted])
    }),
    { numRuns: 120 },
  )
})
