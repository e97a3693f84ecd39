import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { sumValue } from '../../src/model/sum.ts'
import type { Window } from '../../src/model/window.ts'
import {
  MAX_TEXT_LINE,
  countTextLine,
  countTooLong,
  createTextCounter,
} from '../../src/aggregate/text.ts'
import { createAppState } from '../../src/extract/app-state.ts'
import { createFrameLines } from '../../src/input/frame-lines.ts'
import { createAccumulator, toWindow } from '../../src/model/accumulator.ts'
import { NOW, body, countBodies, countText, syslog } from '../support/count.ts'

const TRIALS =
  process.env['L2MET_TRIALS'] ?? join(import.meta.dirname, '../../../shared/trials/turn2')
const ESC = '\u001b'

/** Lines of our own, one of each kind. */
const LINES = [
  'heroku[router]: at=info method=GET path="/users/42.json" host=a request_id=1 fwd="192.0.2.1" dyno=web.1 connect=1ms service=48ms status=200 bytes=5120 protocol=https',
  'heroku[router]: sock=client at=warning code=H27 desc="Client Request Interrupted" method=GET path="/x" host=a request_id=1 fwd="192.0.2.1" dyno=web.1 connect=1ms service=20ms status=499 bytes=0 protocol=https',
  'heroku[web.1]: source=web.1 dyno=heroku.1.2 sample#memory_total=348.12MB sample#load_avg_1m=0.5',
  'app[heroku-postgres]: source=DATABASE addon=postgresql-flat-1 sample#db_size=29038814063bytes sample#load-avg-1m=0.01',
  'app[web.1]: {"level":30,"msg":"measure#db.query=4ms count#jobs.done=12 source=web.1","pid":4}',
  `app[web.1]: ${ESC}[36mcount#ansi${ESC}[0m=22 measure#t=1m30.5s tag#region=eu`,
  'app[web.1]: gauge#heap=55 counter#hits=12 queue=162ms',
]
const TEXT = LINES.map((line, i) => `2026-11-21T12:00:0${i}+00:00 ${line}\n`).join('')
const BODY = body(
  ...LINES.map((line) => {
    const [, app, proc, message] = /^(\w+)\[([\w.-]+)\]: ([^]*)$/.exec(line)!
    return syslog(app!, proc!, `${message}\n`)
  }),
)

/** How much each series holds: of samples that it is there. */
function contentsOf({ cells }: Window): Map<string, number> {
  const contents = new Map<string, number>()
  for (const [key, cell] of cells) {
    if (key.includes('l2met/')) continue
    if (cell.kind === 'count') contents.set(key, sumValue(cell))
    else contents.set(key, cell.kind === 'measure' ? cell.count : 1)
  }
  return contents
}

function sum(numbers: Float64Array): number {
  return numbers.reduce((total, n) => total + n, 0)
}

/** Each line is in one class and has one result; those of another time have no class. */
function expectLedger({ classes, results }: Window): void {
  expect(sum(classes) + results[2]! + results[3]!).toBe(sum(results))
}

/** Whether a part holds nothing that the whole doesn't hold at least as much of. */
function expectPart(part: Map<string, number>, whole: Map<string, number>, place: string): void {
  const more = [...part].filter(([key, n]) => !(n <= (whole.get(key) ?? 0)))
  expect({ place, more }).toEqual({ place, more: [] })
}

/** Whether the byte at `at` is the last of a frame. */
function isLastOfFrame(saved: Buffer, at: number): boolean {
  return at + 1 === saved.length || /^\d+ <158>1 /.test(saved.toString('latin1', at + 1, at + 16))
}

/** Counts a saved body as l2met-local does. */
async function countFile(bytes: Buffer): Promise<Window> {
  const state = createAppState({ maxSeries: 1000, maxRoutes: 100 })
  const acc = createAccumulator(state.table)
  const counter = createTextCounter(state, NOW)
  const lines = createFrameLines(MAX_TEXT_LINE, {
    onLine: (line, start, end, isClean) =>
      countTextLine(counter, line, start, end, isClean, () => acc),
    onTooLong: () => countTooLong(counter, () => acc),
  })
  lines.write(bytes)
  await lines.end()
  return toWindow(acc)
}

describe('bytes that are not as they were', () => {
  test('a body cut anywhere holds nothing new', () => {
    const whole = contentsOf(countBodies([BODY]).window)
    for (let end = 0; end < BODY.length; end += 1) {
      const { window } = countBodies([BODY.subarray(0, end)])
      expectLedger(window)
      expectPart(contentsOf(window), whole, `cut at ${end}`)
    }
  })

  test('a body with one byte changed loses two lines at most, and gains two at most', () => {
    const { window: before, counts } = countBodies([BODY])
    const whole = before.results[0]!
    expect(counts[0]!.malformed).toBe(0)
    for (let at = 0; at < BODY.length; at += 1) {
      for (const bit of [1, 16]) {
        const flipped = Buffer.from(BODY)
        flipped[at]! ^= bit
        const { window } = countBodies([flipped])
        expectLedger(window)
        expect([at, bit, window.results[0]! >= whole - 2]).toEqual([at, bit, true])
      }
    }
  })

  test('a text with one byte changed keeps all its other lines', () => {
    const whole = countText(TEXT).results[0]!
    const bytes = Buffer.from(TEXT)
    for (let at = 0; at < bytes.length; at += 1) {
      const flipped = Buffer.from(bytes)
      flipped[at]! ^= 4
      const window = countText(flipped.toString('latin1'))
      expectLedger(window)
      expect([at, window.results[0]! >= whole - 2]).toEqual([at, true])
    }
  })

  test('a saved body cut anywhere holds nothing new', async () => {
    // Frames without newlines, of which none but the last has a digit before the count of the next.
    const saved = body(
      syslog('app', 'web.1', 'job done count#jobs=21ms measure#db=4ms x'),
      ...LINES.map((line) =>
        line.replace(/^(\w+)\[([\w.-]+)\]: /, (_, app, proc) => syslog(app, proc, '')),
      ),
    )
    const whole = await countFile(saved)
    expect(whole.results[0]).toBe(LINES.length + 1)
    for (let end = 0; end < saved.length; end += 1) {
      // One byte less: the count may as well be one too high.
      if (isLastOfFrame(saved, end)) continue
      const window = await countFile(saved.subarray(0, end))
      expectLedger(window)
      expectPart(contentsOf(window), contentsOf(whole), `cut at ${end}`)
    }
  })

  const trials = existsSync(TRIALS)
    ? readdirSync(TRIALS).filter((name) => /\.(?:log|line|lines|body|bin)$/.test(name))
    : []

  test.skipIf(trials.length === 0)(
    'other files cut and changed anywhere never throw, and cut ones hold nothing new in a body',
    () => {
      for (const name of trials) {
        const bytes = readFileSync(join(TRIALS, name))
        const step = 1 + (bytes.length >> 8)
        const now =
          Date.parse(`${/\d{4}-\d\d-\d\dT[\d:]{8}/.exec(bytes.toString('latin1'))?.[0]}Z`) || NOW
        const whole = contentsOf(countBodies([bytes], { now }).window)
        for (let at = 0; at < bytes.length; at += step) {
          const flipped = Buffer.from(bytes)
          flipped[at]! ^= 1 << (at & 7)
          const cut = bytes.subarray(0, at)
          const { window } = countBodies([cut], { now })
          expectPart(contentsOf(window), whole, `${name} cut at ${at}`)
          for (const one of [cut, flipped]) {
            expectLedger(countBodies([one]).window)
            expectLedger(countText(one.toString('latin1')))
          }
        }
      }
    },
  )
})
