import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addRows, createAppRows, matchSeries } from '../../src/export/prometheus/app-rows.ts'
import { nameLabels } from '../../src/export/prometheus/labels.ts'
import { kindKey, nameMetrics } from '../../src/export/prometheus/metric-names.ts'
import { renderText } from '../../src/export/prometheus/text.ts'
import { NO_NAMES, nameOwn } from '../../src/export/prometheus/own-names.ts'
import { addOwn, ownFamilies } from '../../src/export/prometheus/own-samples.ts'
import { createSamples } from '../../src/export/prometheus/samples.ts'
import { createCell } from '../../src/model/cell.ts'
import { addToGauge } from '../../src/model/gauge.ts'
import { type Kind, seriesKey } from '../../src/model/series.ts'
import { addToSketch } from '../../src/model/sketch.ts'
import { addToSum } from '../../src/model/sum.ts'
import { findProgram } from '../support/programs.ts'
import { createTarget, promtoolOn, rendered } from '../support/scrape.ts'

const promtool = findProgram('promtool')

/** The metric names of series written like `measure#db.latency` with their unit. */
function namesOf(...all: [kind: Kind, name: string, unit?: string][]): string[] {
  const series = all.map(([kind, name, unit = '']) => {
    return { kind, name: name.includes('/') ? name : `app/${name}`, unit }
  })
  const names = nameMetrics(series)
  return series.map((one) => names.get(kindKey(one))!)
}

describe('names of metrics', () => {
  test('as promised', () => {
    expect(namesOf(['measure', 'db.latency', 's'])).toEqual(['app_db_latency_seconds'])
    expect(namesOf(['count', 'mail.sent'])).toEqual(['app_mail_sent_total'])
    expect(namesOf(['sample', 'queue.depth'])).toEqual(['app_queue_depth'])
    expect(namesOf(['unique', 'user'])).toEqual(['app_user_unique'])
    expect(namesOf(['sample', 'postgres/load-avg-1m'])).toEqual(['heroku_postgres_load_avg_1m'])
    expect(namesOf(['sample', 'redis/memory-redis', 'bytes'])).toEqual([
      'heroku_redis_memory_redis_bytes',
    ])
  })

  test('an ending that is there is not doubled', () => {
    expect(namesOf(['measure', 'wait.seconds', 's'])).toEqual(['app_wait_seconds'])
    expect(namesOf(['count', 'mail.total'])).toEqual(['app_mail_total'])
    expect(namesOf(['count', 'mail.total', 'bytes'])).toEqual(['app_mail_bytes_total'])
    expect(namesOf(['unique', 'user.unique'])).toEqual(['app_user_unique'])
    expect(namesOf(['sample', 'cpu', 'ratio'])).toEqual(['app_cpu_ratio'])
    expect(namesOf(['sample', 'stock', 'widgets'])).toEqual(['app_stock_widgets'])
  })

  test('endings that counters and histograms have are theirs alone', () => {
    expect(namesOf(['sample', 'connection-count'])).toEqual(['app_connection_count_value'])
    expect(namesOf(['measure', 'order.sum'])).toEqual(['app_order_sum_value'])
    expect(namesOf(['sample', 'mail.total'])).toEqual(['app_mail_total_value'])
    expect(namesOf(['count', 'page.count'])).toEqual(['app_page_count_total'])
  })

  test('what promtool speaks against is written otherwise', () => {
    expect(namesOf(['measure', 'dbLatency', 's'])).toEqual(['app_db_latency_seconds'])
    expect(namesOf(['sample', 'lag_ms'])).toEqual(['app_lag_msx'])
    expect(namesOf(['sample', 'age.hours'])).toEqual(['app_age_hoursx'])
    expect(namesOf(['sample', 'gauge'])).toEqual(['app_gaugex'])
  })

  test('no two share a name, whatever their order', () => {
    const all: [Kind, string, string?][] = [
      ['measure', 'x', 's'],
      ['sample', 'x', 's'],
      ['measure', 'x'],
      ['count', 'x.sum'],
      ['count', 'x'],
      ['count', 'a.b-cc'],
      ['count', 'a_bb_cc'],
      ['count', 'a.bb.cc'],
      ['unique', 'x'],
      ['sample', 'x.unique'],
    ]
    const names = namesOf(...all)
    expect(names).toEqual([
      'app_x_seconds',
      'app_x_sampled_seconds',
      'app_x',
      'app_x_sum_total',
      'app_x_total',
      'app_a_bx_cc_total',
      'app_a_bb_cc_total',
      'app_a_bb_cc_counted_total',
      'app_x_seen_unique',
      'app_x_unique',
    ])
    const turned = namesOf(...all.toReversed())
    expect(turned.toReversed()).toEqual(names)
  })
})

describe('names of labels', () => {
  test('are valid and keep to themselves', () => {
    const names = nameLabels([
      'region',
      'a.b',
      'a_b',
      'app',
      'le',
      'quantile',
      '__name__',
      'userId',
    ])
    expect(Object.fromEntries(names)).toEqual({
      region: 'region',
      'a.b': 'a_b_2',
      a_b: 'a_b',
      app: 'tag_app',
      le: 'tag_le',
      quantile: 'tag_quantile',
      __name__: 'tag___name__',
      userId: 'user_id',
    })
  })

  test('labels that differ only in what had to be changed stay different', async () => {
    const target = createTarget()
    await target.send('shop', 'web.1', 'count#x=1 tag#a.b=1', 'count#x=2 tag#a_b=1')
    const samples = [...(await target.samples())].filter(([name]) => name.startsWith('app_x'))
    expect(samples).toEqual([
      ['app_x_total{app="shop",a_b="1"}', 2],
      ['app_x_total{app="shop",a_b_2="1"}', 1],
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
    expect(text.match(/^app_x_total\{/gm)).toHaveLength(100)
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
        const rows = createAppRows('shop')
        const cells = matchSeries(rows, lifetime)
        const names = nameOwn([rows], NO_NAMES)
        addRows(rows, names.labels)
        const samples = createSamples()
        addOwn(samples, rows, names, cells, undefined, 0)
        const families = ownFamilies(samples, names)
        expect(new Set(families.map(({ name }) => name)).size).toBe(rows.places.size)
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
