import { describe, expect, test } from 'vitest'
import { FAMILIES } from '../../src/export/prometheus/families.ts'
import { createTarget, routerLine } from '../support/scrape.ts'

const MINUTE = 60_000

describe('the families of the table', () => {
  test('counters, distributions and gauges of the router', async () => {
    const target = createTarget()
    await target.platform(
      'shop',
      'router',
      routerLine({ service: 30 }),
      routerLine({ service: 400, path: '/users/12' }),
      routerLine({ dyno: 'web.2', service: 30_000, status: 503, code: 'H12' }),
    )
    const samples = await target.samples()
    const of = (name: string) => samples.get(name)
    expect(of('heroku_router_requests_total{app="shop",dyno="web.1",status="200"}')).toBe(2)
    expect(of('heroku_router_requests_total{app="shop",dyno="web.2",status="503"}')).toBe(1)
    expect(of('heroku_router_errors_total{app="shop",code="H12"}')).toBe(1)
    expect(of('heroku_route_errors_total{app="shop",code="H12",route="/"}')).toBe(1)
    expect(of('heroku_dyno_request_errors_total{app="shop",code="H12",dyno="web.2"}')).toBe(1)
    expect(of('heroku_router_service_seconds_bucket{app="shop",dyno="web.1",le="0.025"}')).toBe(0)
    expect(of('heroku_router_service_seconds_bucket{app="shop",dyno="web.1",le="0.05"}')).toBe(1)
    expect(of('heroku_router_service_seconds_bucket{app="shop",dyno="web.1",le="+Inf"}')).toBe(2)
    expect(of('heroku_router_service_seconds_sum{app="shop",dyno="web.1"}')).toBe(0.43)
    expect(of('heroku_router_connect_seconds_count{app="shop",dyno="web.2"}')).toBe(1)
    expect(of('heroku_router_response_bytes_bucket{app="shop",dyno="web.1",le="1000"}')).toBe(2)
    expect(
      of(
        'heroku_route_requests_total{app="shop",method="GET",route="/users/:id",status_class="2xx"}',
      ),
    ).toBe(1)
    expect(of('heroku_route_service_seconds_sum{app="shop",method="GET",route="/users/:id"}')).toBe(
      0.4,
    )
  })

  test('codes that alarms wait for are 0 from the first line of an app', async () => {
    const target = createTarget()
    await target.send('shop', 'web.1', 'hello')
    const samples = await target.samples()
    for (const code of ['H10', 'H12', 'H13', 'H14', 'H18'])
      expect(samples.get(`heroku_router_errors_total{app="shop",code="${code}"}`)).toBe(0)
    for (const code of ['R14', 'R15'])
      expect(samples.get(`heroku_dyno_errors_total{app="shop",code="${code}",dyno=""}`)).toBe(0)
    expect(samples.get('heroku_logplex_dropped_messages_total{app="shop",code="L10"}')).toBe(0)
    expect(samples.get('heroku_releases_total{app="shop"}')).toBe(0)
    expect(samples.get('heroku_router_requests_per_second{app="shop"}')).toBe(0)
  })

  test('R14 and R15 are 0 for every dyno that is known, and no other', async () => {
    const target = createTarget()
    await target.platform('shop', 'router', routerLine({ dyno: 'web.1' }))
    await target.platform(
      'shop',
      'worker.1',
      'source=worker.1 dyno=heroku.1.x sample#load_avg_1m=0.5',
    )
    await target.platform('shop', 'worker.1', 'Error R14 (Memory quota exceeded)')
    const rows = [...(await target.samples())].filter(([name]) =>
      name.startsWith('heroku_dyno_errors'),
    )
    expect(rows).toEqual([
      ['heroku_dyno_errors_total{app="shop",code="R14",dyno="web.1"}', 0],
      ['heroku_dyno_errors_total{app="shop",code="R14",dyno="worker.1"}', 1],
      ['heroku_dyno_errors_total{app="shop",code="R15",dyno="web.1"}', 0],
      ['heroku_dyno_errors_total{app="shop",code="R15",dyno="worker.1"}', 0],
    ])
  })

  test('a code once seen stays', async () => {
    const target = createTarget()
    await target.platform('shop', 'router', routerLine({ status: 503, code: 'H99' }))
    target.move(48 * 60 * MINUTE)
    expect((await target.samples()).get('heroku_router_errors_total{app="shop",code="H99"}')).toBe(
      1,
    )
  })

  test("a dyno's gauges go together, 3 minutes after its last sample", async () => {
    const target = createTarget()
    const runtime = (dyno: string, values: string) =>
      target.platform('shop', dyno, `source=${dyno} dyno=heroku.1.x ${values}`)
    await runtime('web.1', 'sample#memory_total=21.00MB sample#load_avg_1m=0.25')
    await runtime('web.2', 'sample#memory_total=1.00MB sample#memory_quota=512.00MB')
    const total = 'heroku_dyno_memory_total_bytes{app="shop",dyno="web.1"}'
    expect((await target.samples()).get(total)).toBe(22_020_096)
    target.move(2 * MINUTE)
    await runtime('web.2', 'sample#memory_total=2.00MB')
    target.move(MINUTE)
    expect((await target.samples()).get('heroku_dyno_load_1m{app="shop",dyno="web.1"}')).toBe(0.25)
    target.move(1)
    const names = [...(await target.samples()).keys()].filter((name) =>
      /dyno_(?:memory|load)/.test(name),
    )
    expect(names).toEqual([
      'heroku_dyno_memory_total_bytes{app="shop",dyno="web.2"}',
      'heroku_dyno_memory_quota_bytes{app="shop",dyno="web.2"}',
    ])
  })

  test("gauges of add-ons and the app's own go an hour after their last value", async () => {
    const target = createTarget()
    await target.send(
      'shop',
      'heroku-postgres',
      'source=DATABASE addon=postgresql-x-1 sample#db_size=100bytes sample#active-connections=3',
    )
    await target.send('shop', 'heroku-redis', 'source=REDIS addon=redis-x-1 sample#hit-rate=0.9')
    await target.send('shop', 'web.1', 'sample#queue.depth=7')
    target.move(60 * MINUTE)
    const samples = await target.samples()
    const addon = 'app="shop",addon="postgresql-x-1",source="DATABASE"'
    expect(samples.get(`heroku_postgres_db_size_bytes{${addon}}`)).toBe(100)
    expect(samples.get(`heroku_postgres_active_connections{${addon}}`)).toBe(3)
    expect(samples.get('heroku_redis_hit_rate{app="shop",addon="redis-x-1",source="REDIS"}')).toBe(
      0.9,
    )
    expect(samples.get('app_queue_depth{app="shop"}')).toBe(7)
    target.move(1)
    expect((await target.text()).match(/heroku_(?:postgres|redis)_|app_queue/g)).toBeNull()
  })

  test('gauges over the last complete minute', async () => {
    const target = createTarget()
    await target.platform(
      'shop',
      'router',
      ...[10, 20, 30].map((service) => routerLine({ service })),
    )
    const rate = 'heroku_router_requests_per_second{app="shop"}'
    const p50 = 'heroku_router_service_window_seconds{app="shop",quantile="0.5"}'
    expect((await target.samples()).get(rate)).toBe(0)
    expect((await target.samples()).has(p50)).toBe(false)
    target.move(MINUTE)
    await target.platform('shop', 'router', routerLine({ service: 9000 }))
    const samples = await target.samples()
    expect(samples.get(rate)).toBe(3 / 60)
    expect(samples.get(p50)).toBeCloseTo(0.02, 3)
    expect(samples.get(p50.replace('0.5', '0.99'))).toBe(0.03)
    expect(samples.get('heroku_router_service_window_seconds_count{app="shop"}')).toBe(4)
    expect(samples.get('heroku_router_service_window_seconds_sum{app="shop"}')).toBe(9.06)
    target.move(2 * MINUTE)
    expect((await target.samples()).get(rate)).toBe(0)
    expect((await target.samples()).has(p50)).toBe(false)
  })

  test('releases, scaling and what Logplex dropped', async () => {
    const target = createTarget()
    await target.send('shop', 'api', 'Release v41 created by user someone@example.com')
    await target.send('shop', 'api', 'Release v42 created by user someone@example.com')
    await target.platform(
      'shop',
      'logplex',
      "Error L10 (output buffer overflow): drain 'd.x' dropped 5 messages since 2026-11-21T11:59:00+00:00.",
    )
    await target.platform('shop', 'web.1', 'State changed from starting to up')
    const samples = await target.samples()
    const releases = [...samples].filter(([name]) => name.includes('release'))
    expect(releases).toEqual([
      ['heroku_release_info{app="shop",version="v42"}', 1],
      ['heroku_releases_total{app="shop"}', 2],
    ])
    expect(samples.get('heroku_logplex_dropped_messages_total{app="shop",code="L10"}')).toBe(5)
    expect(samples.get('heroku_dyno_events_total{app="shop",dyno_type="web",event="up"}')).toBe(1)
    expect(samples.get('l2met_coverage_ratio{app="shop"}')).toBe(4 / 9)
    expect(await target.text()).not.toContain('someone')
  })

  test('the newest release is shown for as long as nothing newer is', async () => {
    const target = createTarget()
    await target.send('shop', 'api', 'Release v42 created by user someone@example.com')
    target.move(24 * 60 * MINUTE)
    await target.send('shop', 'web.1', 'hello')
    expect((await target.samples()).get('heroku_release_info{app="shop",version="v42"}')).toBe(1)
  })

  test('different values of the last hour, windows read before included', async () => {
    const target = createTarget()
    const users = async () => (await target.samples()).get('app_user_unique{app="shop"}')
    for (let i = 0; i < 60; i += 1) {
      await target.send('shop', 'web.1', `unique#user=${i}`, `unique#user=${i + 1}`)
      expect(await users()).toBe(i + 2)
      target.move(MINUTE)
    }
    for (let i = 1; i <= 30; i += 1) {
      target.move(MINUTE)
      expect(await users()).toBe(61 - i)
    }
    target.move(40 * MINUTE)
    expect(await users()).toBeUndefined()
  })

  test('the ledger of lines and frames', async () => {
    const target = createTarget()
    await target.platform('shop', 'router', routerLine({}))
    await target.send('shop', 'web.1', 'hello', 'measure#x=nonsense')
    const samples = await target.samples()
    const lines = (result: string) =>
      samples.get(`l2met_lines_total{app="shop",result="${result}"}`)
    expect(['counted', 'ignored', 'late', 'future', 'malformed', 'over_limit'].map(lines)).toEqual([
      1, 1, 0, 0, 1, 0,
    ])
    expect(samples.get('l2met_bodies_total{app="shop",result="committed"}')).toBe(2)
    expect(samples.get('l2met_bodies_total{app="shop",result="duplicate"}')).toBe(0)
    expect(samples.get('l2met_refused_values_total{app="shop",reason="number"}')).toBe(1)
    expect(samples.get('l2met_coverage_ratio{app="shop"}')).toBe(2 / 3)
    expect(samples.get('l2met_overflow_total{app="shop"}')).toBe(0)
    expect(samples.get('l2met_build_info{version="1.2.3"}')).toBe(1)
    expect(samples.get('l2met_store_up')).toBe(1)
    expect(samples.get('l2met_last_line_timestamp_seconds{app="shop"}')).toBe(target.now() / 1000)
  })

  test('a full table folds series, and the totals stay right', async () => {
    const target = createTarget({ maxSeries: 20 })
    const lines = Array.from({ length: 50 }, (_, i) => `count#mail.sent=1 source=s${i}`)
    await target.send('shop', 'web.1', ...lines)
    const samples = await target.samples()
    const mails = [...samples].filter(([name]) => name.startsWith('app_mail_sent_total'))
    expect(mails.reduce((sum, [, n]) => sum + n, 0)).toBe(50)
    expect(samples.get('app_mail_sent_total{app="shop",overflow="true"}')).toBe(
      samples.get('l2met_overflow_total{app="shop"}'),
    )
  })
})

describe('a scrape', () => {
  test('has no empty family, and none twice', async () => {
    const target = createTarget()
    await target.send('shop', 'web.1', 'hello')
    const families = await target.families()
    expect(families.filter(({ samples }) => samples.length === 0)).toEqual([])
    expect(new Set(families.map(({ name }) => name)).size).toBe(families.length)
  })

  test('without an app says what the process knows', async () => {
    const names = (await createTarget().families()).map(({ name }) => name)
    expect(names).toEqual(['l2met_build_info', 'l2met_store_up'])
  })

  test('changes nothing: any number at once give the same', async () => {
    const target = createTarget()
    await target.platform('shop', 'router', routerLine({}))
    await target.send('shop', 'web.1', 'measure#db.latency=4ms unique#user=1 count#x sample#y=2')
    const texts = await Promise.all([target.text(), target.text(), target.text()])
    texts.push(await target.text())
    expect(new Set(texts).size).toBe(1)
  })

  test('is the same bytes from a store that learned the same in another order', async () => {
    const [one, two] = [createTarget(), createTarget()]
    const sends = [
      ['shop', 'web.1', 'measure#a.b=1ms tag#k=v'],
      ['shop', 'web.2', 'measure#a_b=2ms sample#a.b=1s'],
      ['blog', 'web.1', 'count#x=0.1'],
      ['blog', 'web.1', 'count#x=0.2'],
      ['blog', 'web.1', 'measure#x=0.7'],
    ] as const
    for (const [app, procid, message] of sends) await one.send(app, procid, message)
    for (const [app, procid, message] of sends.toReversed()) await two.send(app, procid, message)
    expect(withoutTimings(await one.text())).toBe(withoutTimings(await two.text()))
  })

  test('every family of the table has a HELP that ends and a unit in which its name ends', () => {
    for (const { name, help, unit, type } of FAMILIES) {
      expect(help).toMatch(/[^.]\.$/)
      if (unit !== '') expect(name.endsWith(`_${unit}`)).toBe(true)
      if (type === 'counter') expect(name).toMatch(/_total$/)
    }
  })
})

/** How long commits took is no two times the same. */
function withoutTimings(text: string): string {
  return text.replace(/^.*l2met_commit_seconds.*\n/gm, '')
}
