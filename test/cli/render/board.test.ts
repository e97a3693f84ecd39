import { expect, test } from 'vitest'
import { createRateHistory, noteRequest } from '../../../src/aggregate/rate-history.ts'
import { createRequest } from '../../../src/extract/request.ts'
import { type BoardState, renderBoard, slotsIn } from '../../../src/cli/render/board.ts'
import { boardViewOf } from '../../../src/cli/render/board-view.ts'
import { widthOf } from '../../../src/cli/render/printable.ts'
import { createStyle } from '../../../src/cli/render/style.ts'
import { createWindow } from '../../../src/model/window.ts'
import { countText } from '../../support/count.ts'

const PLAIN = createStyle(false)
const START = Date.parse('2026-11-21T10:00:00Z')

/** Twelve requests a second, for so many seconds, of seven routes on five dynos, of every status class. */
function logOf(seconds: number): string {
  return Array.from({ length: seconds * 12 }, (_, i) => {
    const time = new Date(START + Math.floor((i * 1000) / 12)).toISOString()
    const status = [200, 200, 304, 404, 503, 101, 200][i % 7]!
    const path = `/${'ghijklm'[i % 7]!.repeat(1 + (i % 7) * 9)}`
    return `${time} heroku[router]: at=info method=GET path="${path}" host=h request_id=r fwd="1" dyno=web.${1 + (i % 5)} connect=1ms service=${i}ms status=${status} bytes=5 protocol=https`
  }).join('\n')
}

function boardOf(text: string, seconds: number, state: Partial<BoardState> = {}) {
  const window = text === '' ? createWindow() : countText(text)
  const rateHistory = createRateHistory()
  for (let i = 0; i < seconds * 12; i += 1) {
    const time = START + Math.floor((i * 1000) / 12)
    noteRequest(rateHistory, { ...createRequest(), time, service: i, status: 200 })
  }
  const full: BoardState = {
    columns: 80,
    rows: 24,
    paused: false,
    order: 'requests',
    routesFrom: 0,
    dynosFrom: 0,
    hasKeys: true,
    ...state,
  }
  const view = boardViewOf({
    time: text === '' ? NaN : START + seconds * 1000,
    idleSeconds: 3,
    lines: text === '' ? 0 : text.split('\n').length,
    linesPerSecond: 12,
    window,
    failed: 0,
    rateHistory,
    slots: slotsIn(full.columns),
  })
  return renderBoard(view, full, PLAIN)
}

test.each([
  ['a log', logOf(20), 20],
  ['nothing yet', '', 0],
  [
    'an app that measures itself',
    '2026-11-21T10:00:00Z app[web.1]: measure#db=4ms count#mail=2 count#a.very.long.name.of.something.that.is.counted=3 sample#size=3MB unique#user=a',
    0,
  ],
])('of %s fits a terminal of any size', (_, text, seconds) => {
  for (const columns of [1, 2, 5, 10, 18, 30, 39, 40, 41, 44, 50, 60, 79, 80, 100, 132]) {
    for (const rows of [1, 2, 5, 10, 14, 19, 20, 24, 40]) {
      const lines = boardOf(text, seconds, { columns, rows, paused: rows % 2 === 0 })
      expect(lines).toHaveLength(rows)
      expect(Math.max(...lines.map(widthOf)), lines.join('\n')).toBeLessThanOrEqual(columns)
    }
  }
})

test('in a low terminal shows routes in place of blank lines', () => {
  const lines = boardOf(logOf(20), 20, { columns: 60, rows: 15 })
  expect(lines.filter((line) => line.includes('GET /'))).toHaveLength(3)
  expect(lines).not.toContain('')
})

test('a narrow terminal shows what is now', () => {
  expect(boardOf(logOf(20), 20, { columns: 30, rows: 6 })).toEqual([
    'l2met-local',
    'requests     12/s',
    'failed       0.0%',
    expect.stringMatching(/^p50 {6} +\d+ ms$/),
    expect.stringMatching(/^p95 {6} +\d+ ms$/),
    expect.stringMatching(/^p99 {6} +\d+ ms$/),
  ])
})

test('says which of the routes and dynos are shown, where not all are', () => {
  expect(boardOf(logOf(20), 20, { routesFrom: 1 }).at(-1)!.trim()).toBe(
    'q quit   p pause   s sort by p95   ↑↓ routes 2-4 of 7   ←→ dynos 1-3 of 5',
  )
  expect(boardOf(logOf(20), 20, { rows: 50 }).at(-1)!.trim()).toBe(
    'q quit   p pause   s sort by p95   ↑↓ routes   ←→ dynos',
  )
})

test('of a log that has just begun shows the rate of what there is, not of ten seconds', () => {
  expect(boardOf(logOf(4), 4)[3]).toMatch(/^requests {5}12\/s/)
  expect(boardOf(logOf(1), 1)[3]).toMatch(/^requests {8}- /)
})

test('says why there are no requests, and which were asked for', () => {
  const app = boardOf('2026-11-21T10:00:00Z app[web.1]: hello', 0, { where: ['status=5xx'] })
  expect(app[0]).toMatch(/ 1 line · only status=5xx · 12\/s /)
  expect(app[9]).toBe('status   no requests')
  expect(boardOf('hello\nyou', 0)[9]).toBe('status   no line understood: is this a log of Heroku?')
  expect(boardOf('', 0)[9]).toBe('waiting for the first line')
})

test('shows what the app itself logs where there is room left', () => {
  const own =
    '2026-11-21T10:00:00Z app[web.1]: measure#db=4ms count#mail=2 sample#size=3MB unique#user=a'
  const alone = boardOf(own, 0, { rows: 40 })
  expect(alone.slice(12, 25).map((line) => line.trimEnd())).toEqual([
    '',
    'Measures',
    '  name  count  mean   p50   p95   p99   max',
    '  db        1  4 ms  4 ms  4 ms  4 ms  4 ms',
    '',
    'Counts',
    '  mail  2',
    '',
    'Samples',
    '  name  last   min   max',
    '  size  3 MB  3 MB  3 MB',
    '',
    'Uniques (how many different)',
  ])
  expect(boardOf(`${logOf(20)}\n${own}`, 20, { rows: 24 }).join()).not.toContain('Measures')
  expect(boardOf(`${logOf(20)}\n${own}`, 20, { rows: 40 }).join()).toContain('Measures')
})

test('times of sessions and of the queue have lines of their own, where there are any', () => {
  const queued = '2026-11-21T10:00:00Z app[web.1]: method=GET path=/ queue=162ms'
  const lines = boardOf(`${logOf(1)}\n${queued}`, 1)
  expect(lines).toContain('queue    1 · p50 162 ms · p95 162 ms · p99 162 ms · max 162 ms')
  expect(lines).toContain('sessions 1 · p50 5 ms · p95 5 ms · p99 5 ms · max 5 ms')
  expect(lines).toHaveLength(24)
  expect(boardOf(queued, 0).join('\n')).not.toContain('sessions')
})
