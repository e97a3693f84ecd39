import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rowsOf } from '../../src/export/prometheus/app-rows.ts'
import { labelName } from '../../src/export/prometheus/labels.ts'
import { metricName } from '../../src/export/prometheus/metric-names.ts'
import { renderText } from '../../src/export/prometheus/text.ts'
import { ownMetric } from '../../src/export/prometheus/own-names.ts'
import { addOwn, ownFamilies } from '../../src/export/prometheus/own-samples.ts'
import { createSamples } from '../../src/export/prometheus/samples.ts'
import { createCell } from '../../src/model/cell.ts'
import { addToGauge } from '../../src/model/gauge.ts'
import { type Kind, seriesKey } from '../../src/model/series.ts'
import { addToSketch } from '../../src/model/sketch.ts'
import { addToSum } from '../../src/model/sum.ts'
import { findProgram } from '../support/programs.ts'
import { createTarget, promtoolOn, rendered, samplesOf } from '../support/scrape.ts'

const promtool = findProgram('promtool')

/** The metric name of a series written like `measure#db.latency`, and its unit. */
function nameOf(kind: Kind, name: string, unit = ''): string {
  return metricName({ kind, name: name.includes('/') ? name : `app/${name}`, unit })
}

describe('names of metrics', () => {
  test.each<[kind: Kind, name: string, unit: string, metric: string]>([
    ['measure', 'db.latency', 's', 'app_db_latency_seconds'],
    ['measure', 'db.rows', '', 'app_db_rows_value'],
    ['measure', 'body', 'bytes', 'app_body_bytes'],
    ['measure', 'load', 'ratio', 'app_load_ratio'],
    ['measure', 'stock', 'widgets', 'app_stock_widgets_value'],
    ['count', 'mail.sent', '', 'app_mail_sent_total'],
    ['count', 'mail.size', 'bytes', 'app_mail_size_bytes_total'],
    ['count', 'stock', 'widgets', 'app_stock_widgets_total'],
    ['sample', 'queue.depth', '', 'app_queue_depth'],
    ['sample', 'age', 's', 'app_age_last_seconds'],
    ['sample', 'stock', 'widgets', 'app_stock_last_widgets'],
    ['unique', 'user', '', 'app_user_unique'],
    ['sample', 'postgres/load-avg-1m', '', 'heroku_postgres_load_avg_1m'],
    ['sample', 'postgres/db_size', 'bytes', 'heroku_postgres_db_size_bytes'],
    ['sample', 'redis/memory-redis', 'bytes', 'heroku_redis_memory_redis_bytes'],
    ['sample', 'pgbouncer/avg_query', 's', 'heroku_pgbouncer_avg_query_seconds'],
  ])('%s#%s in %o is %s', (kind, name, unit, metric) => {
    expect(nameOf(kind, name, unit)).toBe(metric)
  })

  test.each<[kind: Kind, name: string, unit: string, metric: string]>([
    ['count', 'mail.total', '', 'app_mail_totalx_total'],
    ['sample', 'mail.total', '', 'app_mail_totalx'],
    ['sample', 'total', '', 'app_totalx'],
    ['sample', 'connection-count', '', 'app_connection_countx'],
    ['measure', 'order.sum', '', 'app_order_sumx_value'],
    ['measure', 'wait.seconds', 's', 'app_wait_secondsx_seconds'],
    ['sample', 'wait.seconds', '', 'app_wait_secondsx'],
    ['measure', 'best.last', 's', 'app_best_lastx_seconds'],
    ['sample', 'best.last.seconds', '', 'app_best_last_secondsx'],
    ['sample', 'best.last.widgets', '', 'app_best_last_widgetsx'],
    ['sample', 'x', 'total', 'app_x_last_totalx'],
    ['unique', 'user.unique', '', 'app_user_uniquex_unique'],
    ['sample', 'redis/wal-count', '', 'heroku_redis_wal_countx'],
  ])('an ending that a kind or unit gives is not in a written name: %s#%s', (...of) => {
    expect(nameOf(of[0], of[1], of[2])).toBe(of[3])
  })

  test('what promtool speaks against is written otherwise', () => {
    expect(nameOf('measure', 'dbLatency', 's')).toBe('app_db_latency_seconds')
    expect(nameOf('sample', 'lag_ms')).toBe('app_lag_msx')
    expect(nameOf('sample', 'age.hours')).toBe('app_age_hoursx')
    expect(nameOf('sample', 'gauge')).toBe('app_gaugex')
  })

  test('series of one name have one type and unit, and no part of a histogram has the name of another', () => {
    const words = 'a last total value unique sum count bucket seconds bytes ratio pages widgets x'
    const word = fc.constantFrom(...words.split(' '))
    const series = fc.record({
      kind: fc.constantFrom<Kind>('count', 'measure', 'sample', 'unique'),
      namespace: fc.constantFrom('app', 'app', 'app', 'postgres', 'redis'),
      words: fc.array(word, { minLength: 1, maxLength: 4 }),
      by: fc.constantFrom('.', '_', '-'),
      unit: fc.oneof(fc.constantFrom('', 's', 'bytes', 'ratio', 'pages'), word),
    })
    fc.assert(
      fc.property(fc.array(series, { minLength: 2, maxLength: 60 }), (all) => {
        const samples = new Map<string, string>()
        for (const { kind, namespace, words, by, unit } of all) {
          const isAddon = namespace !== 'app'
          const metric = ownMetric({
            kind: isAddon ? 'sample' : kind,
            unit: kind === 'unique' ? '' : unit,
            name: `${namespace}/${words.join(by)}`,
          })
          const meaning = JSON.stringify(metric)
          const parts = metric.type === 'histogram' ? ['', '_sum', '_count', '_bucket'] : ['']
          for (const part of parts) {
            const name = metric.name + part
            expect(samples.get(name) ?? meaning, name).toBe(meaning)
            samples.set(name, meaning)
          }
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('another app changes nothing of what an app has', async () => {
    const target = createTarget()
    await target.send(
      'shop',
      'web.1',
      'count#x=1 measure#x=2 measure#x=3s sample#x=4 sample#x=5s unique#x=6 tag#a.b=1',
      'sample#queue.depth=1',
    )
    const ofShop = async () => {
      const text = await target.text()
      const heads = text.split('\n').filter((line) => /^# \w+ app_/.test(line))
      const samples = text.split('\n').filter((line) => /^app_.*app="shop"/.test(line))
      return { heads: heads.slice(0, 99), samples }
    }
    const before = await ofShop()
    await target.send(
      'other',
      'web.1',
      'measure#queue.depth=1 count#queue.depth=1 sample#x.total=1 sample#x.seconds=1 sample#x.value=1',
      'sample#x.last.seconds=1 sample#x.unique=1 measure#x.last=1s measure#x=1widgets tag#a_b=1',
    )
    const after = await ofShop()
    expect(after.samples).toEqual(before.samples)
    expect(after.heads).toEqual(expect.arrayContaining(before.heads))
  })

  test('names that differ only in what a metric may not have are one metric', async () => {
    const target = createTarget()
    await target.send(
      'shop',
      'web.1',
      'count#one.two=1 count#one-two=2 count#oneTwo=4',
      'measure#p.q=1s measure#p-q=3s unique#u.v=1 unique#u-v=1 unique#u-v=2 sample#y.z=9',
    )
    target.move(1000)
    await target.send('shop', 'web.1', 'sample#y-z=5')
    target.move(60_000)
    const samples = await target.samples()
    expect(samples.get('app_one_two_total{app="shop"}')).toBe(7)
    expect(samples.get('app_p_q_seconds_count{app="shop"}')).toBe(2)
    expect(samples.get('app_p_q_seconds_sum{app="shop"}')).toBe(4)
    expect(samples.get('app_u_v_unique{app="shop"}')).toBe(2)
    expect(samples.get('app_y_z{app="shop"}')).toBe(5)
  })
})

describe('names of labels', () => {
  test('are valid and depend on themselves alone', () => {
    const names = ['region', 'a.b', 'a_b', 'app', 'le', 'quantile', '__name__', 'userId']
    expect(names.map(labelName)).toEqual([
      'region',
      'a_b',
      'a_b',
      'tag_app',
      'tag_le',
      'tag_quantile',
      'tag___name__',
      'user_id',
    ])
  })

  test('labels that become one add up, and on one line the one that was written so stays', async () => {
    const target = createTarget()
    await target.send('shop', 'web.1', 'count#x=1 tag#a.b=1', 'count#x=2 tag#a_b=1')
    await target.send(
      'shop',
      'web.1',
      'count#x=4 tag#a.b=2 tag#a_b=3',
      'count#x=8 tag#a-b=5 tag#a.b=6',
    )
    const samples = [...(await target.samples())].filter(([name]) => name.startsWith('app_x'))
    expect(samples).toEqual([
      ['app_x_total{app="shop",a_b="1"}', 3],
      ['app_x_total{app="shop",a_b="3"}', 4],
      ['app_x_total{app="shop",a_b="6"}', 8],
    ])
  })

  test('an empty label is none, and then the same series', async () => {
    const target = createTarget()
    await target.send('shop', 'web.1', 'count#x=1 source=""', 'count#x=2')
    const samples = [...(await target.samples())].filter(([name]) => name.startsWith('app_x'))
    expect(samples).toEqual([['app_x_total{app="shop"}', 3]])
  })
})

describe.skipIf(promtool.path === undefined)('promtool check metrics', () => {
  test('is silent on a hundred nasty label values, and none is lost', async () => {
    const target = createTarget()
    const values = [
      '"',
      '\\',
      '\\\\"',
      '\\n',
      '{}',
      '}',
      'a="b"',
      ',',
      '#',
      '__proto__',
      'constructor',
      '%00',
      '\u00e9\u{1f600}',
      'NaN',
      '+Inf',
      '<script>',
      '$(id)',
      "'",
      '`',
      '\u202e',
    ]
    const nasty = Array.from({ length: 100 }, (_, i) => `${values[i % values.length]}${i}`)
    await target.send('shop', 'web.1', ...nasty.map((value) => `count#x=1 tag#k=${value}`))
    const text = await target.text()
    expect(promtoolOn(promtool.path!, text)).toBe('')
    const counted = [...samplesOf(text)].filter(([name]) => name.startsWith('app_x_total{'))
    // A quote ends a bare value, as in JSON: what stands before it may be the same.
    expect(counted.length).toBeGreaterThan(90)
    expect(counted.reduce((sum, [, value]) => sum + value, 0)).toBe(100)
  })

  test('is silent whatever an app calls its metrics and labels', () => {
    const words =
      'ms b MB gauge Counter hours kilobytes bits count sum bucket total seconds info created x camelCase HTTPServer 1m'
    const word = fc.constantFrom(...words.split(' '))
    const name = fc
      .array(word, { minLength: 1, maxLength: 3 })
      .chain((words) => fc.constantFrom('.', '-', '_', '/', ':').map((by) => words.join(by)))
    const series = fc.record({
      kind: fc.constantFrom<Kind>('count', 'measure', 'sample'),
      name: name.map((text) => `app/${text}`),
      unit: fc.constantFrom('', 's', 'bytes', 'ratio', 'kb', 'days', 'Widgets', 'total'),
      labels: fc
        .tuple(fc.constantFrom('le', 'quantile', 'userId', 'a.b', '__x'), fc.string())
        .map(([label, value]) => [[label, value.replaceAll('\0', '')] as const]),
    })
    fc.assert(
      fc.property(fc.array(series, { minLength: 1, maxLength: 40 }), (all) => {
        const keys = all.map((one) => seriesKey(one))
        const lifetime = new Map(keys.map((key) => [key, cellOf(key)]))
        const samples = createSamples()
        addOwn(samples, rowsOf('shop', lifetime), undefined, 0)
        const families = ownFamilies(samples)
        expect(new Set(families.map(({ name }) => name)).size).toBe(families.length)
        expect(promtoolOn(promtool.path!, rendered(renderText, families))).toBe('')
      }),
      { numRuns: 25 },
    )
  })
})

function cellOf(key: string) {
  const kinds = { c: 'count', m: 'measure', s: 'sample' } as const
  const cell = createCell(kinds[key[0] as 'c' | 'm' | 's'])
  if (cell.kind === 'count') addToSum(cell, 1.5)
  if (cell.kind === 'measure') addToSketch(cell, -2)
  if (cell.kind === 'sample') addToGauge(cell, 3, 0)
  return cell
}
