import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createGrid } from '../../src/report/series-grid.ts'
import { createSeriesBuilder } from '../../src/report/series.ts'
import { toWindow } from '../../src/model/accumulator.ts'
import { createSketch, addToSketch, quantile } from '../../src/model/sketch.ts'
import type { Window } from '../../src/model/window.ts'
import { NOW, body, countBodies, syslog } from '../support/count.ts'
import { accumulatorOf, arbitraryActs } from '../support/windows.ts'

const STEP = 10_000
const FROM = NOW - 60_000
const ALL = [
  ['report', 'lines', 'events', 'health', 'requests', 'service', 'heat', 'connect', 'bytes'],
  ['errors', 'memory', 'load', 'measure:*', 'count:*', 'sample:*', 'unique:*', 'addon:*'],
].flat()

// What JSON holds is looked at in detail.
// oxlint-disable-next-line typescript/no-explicit-any
type Columns = Record<string, any>

/** Messages of one step each, by step; the series over six steps of 10 s that end now. */
async function seriesOf(
  names: string[],
  bySteps: Record<number, string[]>,
  now = NOW,
): Promise<Columns> {
  const fold = createSeriesBuilder('shop', names, createGrid(FROM, NOW, STEP, now))
  for (const [step, messages] of Object.entries(bySteps)) {
    fold.add(FROM + Number(step) * STEP, windowOf(messages))
  }
  return (await fold.result()).series
}

function windowOf(messages: string[]): Window {
  return countBodies([body(...messages)]).window
}

function at(step: number, app: string, proc: string, message: string): string {
  return syslog(app, proc, message, FROM + step * STEP + 2000)
}

function request(step: number, service: number | '', status: number | '' = 200, more = ''): string {
  const timing = service === '' ? 'connect= service=' : `connect=1ms service=${service}ms`
  const kind = more === '' ? 'at=info' : `at=error ${more}`
  return at(
    step,
    'heroku',
    'router',
    `${kind} method=GET path="/a" host=h request_id=r fwd="192.0.2.1" dyno=web.1 ${timing} status=${status} bytes=100 protocol=https`,
  )
}

function runtime(dyno: string, values: string, time: number): string {
  return syslog('heroku', dyno, `source=${dyno} dyno=heroku.1.x ${values}`, FROM + time)
}

const NULLS = [null, null, null, null, null]

describe('series', () => {
  test('requests a second by status class; null where no line came, 0 where none of a class did', async () => {
    const { requests, lines } = await seriesOf(['requests', 'lines'], {
      0: [request(0, 5), request(0, 5), request(0, 5, 503)],
      2: [at(2, 'app', 'web.1', 'hello')],
      3: [request(3, 5, 404)],
    })
    expect(requests.perSecond).toEqual({
      '2xx': [0.2, null, 0, 0, null, null],
      '4xx': [0, null, 0, 0.1, null, null],
      '5xx': [0.1, null, 0, 0, null, null],
    })
    expect(requests.count).toEqual([3, null, 0, 1, null, null])
    expect(lines.count).toEqual([3, null, 1, 1, null, null])
  })

  test('the step that holds now is divided by what has passed of it', async () => {
    const { requests } = await seriesOf(['requests'], { 5: [request(5, 5)] }, NOW - 6000)
    expect(requests.perSecond['2xx'].at(-1)).toBe(0.25)
  })

  test('percentiles of a step are those of its merged sketches, not means of percentiles', async () => {
    const fold = createSeriesBuilder('shop', ['service'], createGrid(FROM, NOW, 60_000, NOW))
    fold.add(FROM, windowOf(Array.from({ length: 99 }, () => request(0, 10))))
    fold.add(FROM + STEP, windowOf([request(1, 5000)]))
    const { service } = (await fold.result()).series as Columns
    const sketch = createSketch()
    for (let i = 0; i < 99; i += 1) addToSketch(sketch, 0.01)
    addToSketch(sketch, 5)
    expect(service.count).toEqual([100])
    for (const q of [50, 95, 99]) {
      expect(service[`p${q}`][0]).toBeCloseTo(quantile(sketch, q / 100)!, 5)
    }
    expect(service.max).toEqual([5])
  })

  test('a request without timings counts, and stands in no distribution', async () => {
    const { requests, service, errors } = await seriesOf(['requests', 'service', 'errors'], {
      1: [request(1, '', 503, 'code=H10 desc="App crashed"')],
    })
    expect(requests.count[1]).toBe(1)
    expect(service.count).toEqual([null, null, null, null, null, null])
    expect(errors).toEqual({
      H10: { name: 'App crashed', total: 1, count: [null, 1, null, null, null, null] },
    })
  })

  test('errors of router, dynos and Logplex in plain words', async () => {
    const { errors } = await seriesOf(['errors'], {
      0: [at(0, 'heroku', 'web.1', 'Error R14 (Memory quota exceeded)')],
      4: [
        request(4, 30_000, 503, 'code=H12 desc="Request timeout"'),
        at(
          4,
          'heroku',
          'logplex',
          'Error L10 (output buffer overflow): 7 messages dropped since 2026-11-21T11:59:00+00:00.',
        ),
      ],
    })
    expect(Object.entries(errors as Columns).map(([code, e]) => [code, e.name, e.total])).toEqual([
      ['H12', 'Request timeout', 1],
      ['L10', 'Drain buffer overflow', 7],
      ['R14', 'Memory quota exceeded', 1],
    ])
  })

  test('the heat map holds every timed request once', async () => {
    const times = [0, 1, 2, 3, 10, 100, 1000, 29_999, 90_000, 500_000]
    const { heat } = await seriesOf(['heat'], { 0: times.map((ms) => request(0, ms)) })
    const [low, ...counts] = heat.cells[0]
    expect(counts.reduce((sum: number, n: number) => sum + n, 0)).toBe(times.length)
    expect(2 ** (low / heat.perOctave)).toBeLessThan(0.0013)
    expect(heat.cells.slice(1)).toEqual([null, null, null, null, null])
  })

  test('memory and load of each dyno, the last of a step', async () => {
    const { memory, load } = await seriesOf(['memory', 'load'], {
      0: [
        runtime('web.10', 'sample#memory_total=100MB sample#memory_quota=512MB', 1),
        runtime('web.10', 'sample#memory_total=90MB sample#memory_quota=512MB', 9000),
        runtime('web.2', 'sample#load_avg_1m=1.5', 0),
      ],
    })
    expect(memory.dynos['web.10'].total[0]).toBe(90 * 2 ** 20)
    expect(memory.dynos['web.10'].quota[0]).toBe(512 * 2 ** 20)
    expect(load.dynos['web.2']['1m']).toEqual([1.5, null, null, null, null, null])
    expect([memory.unit, memory.omitted]).toEqual(['bytes', 0])
  })

  test('the app’s own metrics by name, or all of a kind', async () => {
    const lines = {
      0: [
        at(0, 'app', 'web.1', 'measure#db.query=4ms count#mail.sent=2 source=a'),
        at(0, 'app', 'web.1', 'measure#db.query=8ms count#mail.sent=3 source=b'),
        at(0, 'app', 'web.1', 'sample#queue.depth=7 unique#user=ann'),
        at(0, 'app', 'web.1', 'unique#user=bob unique#user=ann'),
      ],
    }
    const all = await seriesOf(['measure:*', 'count:*', 'sample:*', 'unique:*'], lines)
    expect(Object.keys(all)).toEqual([
      'measure:db.query',
      'count:mail.sent',
      'sample:queue.depth',
      'unique:user',
    ])
    expect(all['measure:db.query']).toMatchObject({ unit: 's', count: [2, ...NULLS] })
    expect(all['measure:db.query'].max[0]).toBe(0.008)
    expect(all['count:mail.sent'].count[0]).toBe(5)
    expect(all['sample:queue.depth'].last[0]).toBe(7)
    expect(all['unique:user'].count[0]).toBe(2)
    expect(Object.keys(await seriesOf(['count:mail.sent', 'count:none'], lines))).toEqual([
      'count:mail.sent',
    ])
  })

  test('too many metrics: the most used stay, and it says how many don’t', async () => {
    const names = Array.from({ length: 60 }, (_, i) => `count#n${i}=1`)
    const messages = [
      ...names.map((name) => at(0, 'app', 'web.1', name)),
      at(1, 'app', 'w', names[59]!),
    ]
    const fold = createSeriesBuilder(
      'shop',
      ['count:*', 'count:n3'],
      createGrid(FROM, NOW, STEP, NOW),
    )
    fold.add(FROM, windowOf(messages.slice(0, 60)))
    fold.add(FROM + STEP, windowOf(messages.slice(60)))
    const { series } = (await fold.result()) as { series: Columns }
    expect(series['count:*']).toEqual({ omitted: 9 })
    expect(Object.keys(series)).toHaveLength(52)
    expect(series['count:n59'].count.slice(0, 2)).toEqual([1, 1])
    expect(series['count:n3'].count[0]).toBe(1)
  })

  test('add-ons by attachment', async () => {
    const message = 'source=DATABASE addon=postgresql-x sample#db_size=4096bytes sample#tables=3'
    const series = await seriesOf(['addon:*'], { 0: [at(0, 'app', 'heroku-postgres', message)] })
    expect(series['addon:DATABASE']).toEqual({
      kind: 'postgres',
      values: {
        db_size: { unit: 'bytes', last: [4096, ...NULLS] },
        tables: { unit: '', last: [3, ...NULLS] },
      },
    })
  })

  test('events without errors, which would push the others out', async () => {
    const { events } = await seriesOf(['events'], {
      0: Array.from({ length: 600 }, () =>
        at(0, 'heroku', 'web.1', 'Error R14 (Memory quota exceeded)'),
      ),
      1: [at(1, 'app', 'api', 'Release v42 created by user a@example.com')],
    })
    expect(events).toEqual([
      { time: new Date(FROM + STEP + 2000).toISOString(), kind: 'release', text: 'v42' },
    ])
  })

  test('coverage: what Heroku dropped and what came too late is missing', async () => {
    const old = syslog('app', 'web.1', 'late', NOW - 3_600_000)
    const notice =
      'Error L10 (output buffer overflow): 6 messages dropped since 2026-11-21T11:59:00+00:00.'
    const { health } = await seriesOf(['health'], {
      5: [request(5, 5), request(5, 5), old, at(5, 'heroku', 'logplex', notice)],
    })
    expect(health).toMatchObject({ received: 4, dropped: { L10: 6 }, coverage: 0.3 })
    expect(health.lastLine).toBe(new Date(FROM + 52_000).toISOString())
    expect((await seriesOf(['health'], {}))['health']).toMatchObject({
      lastLine: null,
      coverage: null,
    })
  })

  test('names that JavaScript knows are names like others', async () => {
    const series = await seriesOf(ALL, {
      0: [
        at(0, 'app', 'web.1', 'count#__proto__=1 measure#constructor=2ms sample#toString=3'),
        at(0, 'heroku', '__proto__', 'source=__proto__ sample#memory_total=1MB'),
      ],
    })
    expect(series['count:__proto__'].count[0]).toBe(1)
    expect(series['measure:constructor'].count[0]).toBe(1)
    expect(Object.keys(series['memory'].dynos)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(series)).toBe(Object.prototype)
    expect(JSON.parse(JSON.stringify(series))).toEqual(series)
  })

  test('windows may come in any order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(arbitraryActs(FROM / 1000, NOW / 1000), { maxLength: 5 }),
        async (all) => {
          const windows = all.map((acts, i) => {
            return { start: FROM + (i % 3) * STEP, window: toWindow(accumulatorOf(acts)) }
          })
          expect(await resultOf(windows.toReversed())).toEqual(await resultOf(windows))
        },
      ),
      { numRuns: 60 },
    )
  })
})

async function resultOf(windows: readonly { start: number; window: Window }[]): Promise<unknown> {
  const names = ALL.filter((name) => name !== 'report')
  const fold = createSeriesBuilder('a', names, createGrid(FROM, NOW, STEP, NOW))
  for (const { start, window } of windows) fold.add(start, window)
  return JSON.parse(JSON.stringify(await fold.result()))
}
