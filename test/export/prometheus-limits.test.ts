import { expect, test } from 'vitest'
import { APP, FLOODS, type FloodSource, wordOf } from '../../bench/floods.ts'
import { createTarget, routerLine } from '../support/scrape.ts'

const MAX_SERIES = 200
const VALUES = 3000
/** Our own series, and the overflow series of names that stand for all others. */
const BESIDE = 80

test.each(Object.entries(FLOODS))(
  'ever new %s take no more room than there is, and no other app notices',
  async (_, flood) => {
    const target = createTarget({ maxSeries: MAX_SERIES })
    for (let i = 0; i < VALUES; i += 100) {
      await target.platform('victim', 'router', routerLine({}))
      await target.send('victim', 'web.1', 'count#sold=2 source=a', 'measure#db.latency=4ms')
      const groups = new Map<string, [FloodSource, string[]]>()
      for (let k = i; k < i + 100; k += 1) {
        const [source, message] = flood(wordOf(k), k)
        const key = JSON.stringify(source)
        const group = groups.get(key) ?? [source, []]
        group[1].push(message)
        groups.set(key, group)
      }
      for (const [source, messages] of groups.values()) await target.post(source, ...messages)
      target.move(1000)
    }
    const samples = await target.samples()
    const of = (name: string) => samples.get(name)
    const posts = VALUES / 100
    expect(of('app_sold_total{app="victim",source="a"}')).toBe(2 * posts)
    expect(of('app_db_latency_seconds_count{app="victim"}')).toBe(posts)
    expect(of('heroku_router_requests_total{app="victim",dyno="web.1",status="200"}')).toBe(posts)
    expect(of('l2met_series{app="victim"}')).toBeLessThan(30)

    const own = [...samples].filter(([name]) => name.includes('app="evil"'))
    expect(of('l2met_series{app="evil"}')).toBeLessThanOrEqual(2 * MAX_SERIES + BESIDE)
    // A dyno has its zeros of R14 and R15 beside what it has itself.
    const series = own.filter(([name, value]) => value > 0 && !/_(?:bucket|sum)\{/.test(name))
    expect(series.length).toBeLessThanOrEqual(2 * MAX_SERIES + BESIDE)
    // A unique or a sample has no total that could be right; each of the others is counted once.
    const counted = own.filter(([name]) =>
      /^(?:app_\w+_total|app_\w+_count|heroku_router_requests_total|heroku_dyno_(?:errors|events)_total)\{/.test(
        name,
      ),
    )
    const sum = counted.reduce((total, [, value]) => total + value, 0)
    const over = of('l2met_lines_total{app="(other)",result="over_limit"}') ?? 0
    if (counted.some(([, value]) => value > 0)) expect(sum + over).toBe(VALUES)
    const lines = own.filter(([name]) => name.startsWith('l2met_lines_total'))
    const result = Object.fromEntries(
      lines.map(([name, value]) => [/result="(\w+)"/.exec(name)![1], value]),
    )
    expect(result['counted']! + over).toBe(VALUES)
  },
)

test('a metric that is there keeps its series while others come and go', async () => {
  const target = createTarget({ maxSeries: MAX_SERIES })
  let before = new Map<string, number>()
  for (let i = 0; i < VALUES; i += 100) {
    const names = Array.from({ length: 100 }, (_, k) => `count#${wordOf(i + k)}=1`)
    await target.post(APP, 'count#steady=1 source=a', ...names)
    target.move(61_000)
    const samples = await target.samples()
    for (const [name, value] of before)
      if (/_total\{/.test(name)) expect(samples.get(name), name).toBeGreaterThanOrEqual(value)
    before = samples
  }
  expect(before.get('app_steady_total{app="evil",source="a"}')).toBe(VALUES / 100)
})

test('one-off dynos count under their type, and leave no series behind', async () => {
  const target = createTarget({ maxSeries: MAX_SERIES })
  const dynos = 10_000
  // 26 hours of them.
  const every = Math.round((26 * 3_600_000) / dynos)
  let errors = 0
  let last = 0
  for (let i = 0; i < dynos; i += 1) {
    const name = `${['run', 'scheduler', 'release'][i % 3]}.${1000 + i}`
    await target.platform(
      'shop',
      name,
      'State changed from starting to up',
      `source=${name} dyno=heroku.1.x sample#load_avg_1m=0.10 sample#load_avg_5m=0.10`,
      `source=${name} dyno=heroku.1.x sample#memory_total=90.00MB sample#memory_rss=90.00MB`,
      ...(i % 3 === 0 ? ['Error R14 (Memory quota exceeded)'] : []),
    )
    if (i % 3 === 0) errors += 1
    if (i % 500 === 0) {
      const samples = await target.samples()
      expect(samples.get(`heroku_dyno_memory_rss_bytes{app="shop",dyno="${name}"}`)).toBe(
        90 * 2 ** 20,
      )
      const counted = samples.get('heroku_dyno_errors_total{app="shop",code="R14",dyno="run"}')!
      expect(counted).toBeGreaterThanOrEqual(last)
      last = counted
    }
    target.move(every)
  }
  target.move(200_000)
  await target.platform('shop', 'router', routerLine({ dyno: 'web.2' }))
  await target.platform('shop', 'web.2', 'source=web.2 sample#memory_total=310.00MB')
  const samples = await target.samples()
  expect(samples.get('heroku_dyno_memory_total_bytes{app="shop",dyno="web.2"}')).toBe(310 * 2 ** 20)
  expect(samples.get('heroku_router_requests_total{app="shop",dyno="web.2",status="200"}')).toBe(1)
  expect(samples.get('heroku_dyno_errors_total{app="shop",code="R14",dyno="run"}')).toBe(errors)
  const names = [...samples.keys()]
  expect(names.filter((name) => name.includes('overflow="true"'))).toEqual([])
  expect(names.filter((name) => /dyno="(?:run|scheduler|release)\.\d/.test(name))).toEqual([])
  expect(samples.get('l2met_series{app="shop"}')).toBeLessThan(30)
})

test('label sets that no window holds any more give their places to new ones', async () => {
  const target = createTarget({ maxSeries: MAX_SERIES })
  const day = async (tag: string) => {
    // Fewer in a minute than there is room for in a window.
    for (let i = 0; i < 150; i += 1) {
      await target.post(APP, `count#sold=1 tag#sku=${tag}${wordOf(i)}`)
      target.move(1000)
    }
  }
  await target.platform('evil', 'router', routerLine({ status: 503, code: 'H99' }))
  await day('old')
  target.move(61_000)
  await day('new')
  const full = await target.samples()
  expect(full.get('app_sold_total{app="evil",overflow="true"}')).toBeGreaterThan(0)
  const overflow = full.get('app_sold_total{app="evil",overflow="true"}')!
  target.move(26 * 3_600_000)
  await target.post(APP, 'count#sold=1 tag#sku=first')
  target.move(61_000)
  await day('late')
  const samples = await target.samples()
  expect(samples.get(`app_sold_total{app="evil",sku="late${wordOf(149)}"}`)).toBe(1)
  expect([...samples.keys()].filter((name) => /sku="(?:old|new)/.test(name))).toEqual([])
  expect(samples.get('app_sold_total{app="evil",overflow="true"}')).toBe(overflow)
  // Codes stay.
  expect(samples.get('heroku_router_errors_total{app="evil",code="H99"}')).toBe(1)
})
