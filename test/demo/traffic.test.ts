import { describe, expect, test } from 'vitest'
import { createReport } from '../../src/report/report.ts'
import {
  type Entry,
  type FactKind,
  type Totals,
  addEntry,
  createTotals,
  sumOf,
  total,
  totalsOf,
} from '../../src/demo/entry.ts'
import { type Framed, createFormat, takeBody } from '../../src/demo/format.ts'
import { createTraffic } from '../../src/demo/traffic.ts'
import { NOW, countBodies, countText, resultsOf } from '../support/count.ts'

const LINES = 20_000

function play(seed: number, count = LINES): { entries: Entry[]; totals: Totals } {
  const next = createTraffic({ seed, start: NOW, requestsPerSecond: 50, storySeconds: 60 })
  const entries = Array.from({ length: count }, next)
  const totals = createTotals()
  for (const entry of entries) addEntry(totals, entry)
  return { entries, totals }
}

function bodiesOf(entries: readonly Entry[]): Buffer[] {
  const format = createFormat()
  const queue: Framed[] = entries.map((entry) => ({ entry, frame: format.frame(entry) }))
  const bodies: Buffer[] = []
  while (queue.length > 0) bodies.push(takeBody(queue).bytes)
  return bodies
}

function textOf(entries: readonly Entry[]): string {
  const format = createFormat()
  return entries.map((entry) => format.text(entry)).join('\n')
}

function sums(totals: Totals, kind: FactKind): Record<string, number> {
  return Object.fromEntries(totalsOf(totals, kind))
}

describe('the modelled app', () => {
  const { entries, totals } = play(1)

  test('is the same for the same seed and another for another', () => {
    const text = textOf(entries.slice(0, 2000))
    expect(textOf(play(1, 2000).entries) === text).toBe(true)
    expect(textOf(play(2, 2000).entries) === text).toBe(false)
  })

  test('has every kind of line', () => {
    expect(Object.keys(sums(totals, 'line'))).toEqual([
      'addon',
      'app',
      'platform',
      'router',
      'runtime',
    ])
    expect(Object.keys(sums(totals, 'error'))).toEqual(['H10', 'H12', 'H18', 'H27'])
    expect(sums(totals, 'dynoError')).toHaveProperty('R14 web.3')
    expect(total(totals, 'release', 'created')).toBeGreaterThan(2)
    expect(total(totals, 'dropped', 'L10')).toBeGreaterThan(0)
    expect(Object.keys(sums(totals, 'route')).length).toBeGreaterThanOrEqual(30)
    const text = textOf(entries)
    for (const part of [
      'protocol=https',
      'tls_version=tls1.3',
      'code=H80',
      'connect= service=',
      'Scaled to web@4',
      'State changed from starting to crashed',
      'addon=redis-curved-54321',
      'unique#checkout.customer=',
      'tag#currency=CHF',
      'Café Zürich',
    ]) {
      expect(text.includes(part), part).toBe(true)
    }
  })

  test('is about in the order of time', () => {
    let latest = 0
    for (const { time } of entries) {
      expect(time).toBeGreaterThan(latest - 1100)
      latest = Math.max(latest, time)
    }
    expect(entries.some(({ time }, i) => i > 0 && time < entries[i - 1]!.time)).toBe(true)
  })

  test.each([
    ['bodies', () => countBodies(bodiesOf(entries), { now: NOW + 300_000 }).window],
    ['text', () => countText(textOf(entries))],
  ])('is counted from %s as it says itself', (_, count) => {
    const window = count()
    const report = createReport('shop', window)
    const { read, malformed, ...classes } = report.lines
    expect(read).toBe(LINES)
    expect(malformed).toBe(0)
    expect(classes).toEqual(sums(totals, 'line'))
    const { counted = 0, ignored = 0 } = resultsOf(window)
    expect(counted + ignored).toBe(LINES)
    expect(report.requests.status).toEqual(sums(totals, 'status'))
    expect(report.requests.methods).toEqual(sums(totals, 'method'))
    expect(report.requests.errors).toEqual(sums(totals, 'error'))
    expect(report.count).toEqual(sums(totals, 'count'))
    expect(report.dropped).toEqual(sums(totals, 'dropped'))
    const routes = report.routes.map(({ method, route, count }) => [`${method} ${route}`, count])
    expect(Object.fromEntries(routes)).toEqual(sums(totals, 'route'))
    const failed = report.routes.filter(({ errors }) => errors > 0)
    expect(
      Object.fromEntries(failed.map((row) => [`${row.method} ${row.route}`, row.errors])),
    ).toEqual(sums(totals, 'routeError'))
    const { service } = report
    expect(service?.count).toBe(total(totals, 'service', 'count'))
    expect(service!.mean * service!.count * 1000).toBeCloseTo(total(totals, 'service', 'sum'), 3)
    for (const [name, measured] of Object.entries(report.measure)) {
      expect(measured.count).toBe(total(totals, 'measure', name))
      expect(measured.mean * measured.count).toBeCloseTo(total(totals, 'measureSum', name), 6)
    }
    expect(Object.keys(report.measure)).toEqual(Object.keys(sums(totals, 'measure')))
    for (const [name, requests] of totalsOf(totals, 'dyno')) {
      expect(report.dynos[name]?.requests).toBe(requests)
    }
    expect(report.dynos['web.3']?.errors).toEqual({ R14: total(totals, 'dynoError', 'R14 web.3') })
  })

  test('has a dyno that is slow', () => {
    const { dynos } = createReport('shop', countText(textOf(entries)))
    expect(dynos['web.3']!.service!.p50).toBeGreaterThan(2 * dynos['web.1']!.service!.p50)
  })
})

describe('bodies', () => {
  const { entries } = play(3, 3000)
  const bodies = bodiesOf(entries)

  test('count their messages in bytes', () => {
    let messages = 0
    for (const bytes of bodies) {
      let at = 0
      while (at < bytes.length) {
        const space = bytes.indexOf(32, at)
        const end = space + 1 + Number(bytes.subarray(at, space).toString('latin1'))
        expect(bytes.subarray(space + 1, end).toString()).toMatch(
          /^<\d+>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00 host (app|heroku) [\w.-]+ - /,
        )
        at = end
        messages += 1
      }
      expect(at).toBe(bytes.length)
    }
    expect(messages).toBe(entries.length)
    expect(bodies.some((bytes) => bytes.length !== bytes.toString().length)).toBe(true)
  })

  test('are filled up to 100 KiB', () => {
    expect(Math.max(...bodies.map((bytes) => bytes.length))).toBeLessThan(102_400)
    expect(Math.min(...bodies.slice(0, -1).map((bytes) => bytes.length))).toBeGreaterThan(100_000)
  })

  test('hold a longer line alone', () => {
    const entry = entries[0]!
    const frame = Buffer.alloc(200_000)
    const queue = [frame, frame].map((bytes) => ({ entry, frame: bytes }))
    expect(takeBody(queue).lines).toHaveLength(1)
    expect(queue).toHaveLength(1)
  })
})

test('a sum over nothing is zero', () => {
  expect(sumOf(createTotals(), 'status')).toBe(0)
  expect(total(createTotals(), 'status', '200')).toBe(0)
})
