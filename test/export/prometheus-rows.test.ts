import { describe, expect, test } from 'vitest'
import { createCollector } from '../../src/export/prometheus/collect.ts'
import { OPENMETRICS, PROTOBUF, TEXT, renderBody } from '../../src/export/prometheus/negotiate.ts'
import { type Target, createTarget, routerLine } from '../support/scrape.ts'

const HOUR = 3_600_000

/** What this collector, which has scraped before, and one that hasn't show: the same bytes. */
async function expectSameAsFirst(target: Target): Promise<void> {
  const { store } = target
  const first = createCollector({
    store,
    version: '1.2.3',
  })
  for (const format of [TEXT, OPENMETRICS, PROTOBUF]) {
    const kept = Buffer.concat(await renderBody(format, await target.families()))
    const fresh = Buffer.concat(await renderBody(format, (await first.collect()).families))
    expect(kept.equals(fresh)).toBe(true)
  }
}

describe('a scrape depends on what is stored, and not on scrapes before it', () => {
  test('a series that goes and comes back', async () => {
    const target = createTarget()
    const depth = 'app_queue_depth{app="shop",source="a"}'
    await target.send('shop', 'web.1', 'sample#queue.depth=7 source=a', 'count#mail.sent=1')
    expect((await target.samples()).get(depth)).toBe(7)
    target.move(2 * HOUR)
    await target.send('shop', 'web.1', 'count#mail.sent=1', 'sample#queue.depth=1 source=b')
    expect((await target.samples()).has(depth)).toBe(false)
    await expectSameAsFirst(target)
    await target.send('shop', 'web.1', 'sample#queue.depth=8 source=a')
    const samples = await target.samples()
    expect(samples.get(depth)).toBe(8)
    expect(samples.get('app_mail_sent_total{app="shop"}')).toBe(2)
    await expectSameAsFirst(target)
  })

  test('series that come later stand where they belong', async () => {
    const target = createTarget()
    for (const dyno of ['web.3', 'web.1', 'web.2']) {
      await target.platform('shop', 'router', routerLine({ dyno }))
      await expectSameAsFirst(target)
    }
    const dynos = [...(await target.samples()).keys()].filter((name) =>
      name.startsWith('heroku_router_requests_total'),
    )
    expect(dynos).toEqual(dynos.toSorted())
    expect(dynos).toHaveLength(3)
  })

  test('apps with the same series, one of them later', async () => {
    const target = createTarget()
    for (const app of ['shop', 'shop-b', 'shop']) {
      await target.send(app, 'web.1', 'count#mail.sent=2 source=a', 'measure#db.latency=4ms')
      await target.platform(app, 'router', routerLine({}))
      await expectSameAsFirst(target)
    }
    const samples = await target.samples()
    expect(samples.get('app_mail_sent_total{app="shop",source="a"}')).toBe(4)
    expect(samples.get('app_mail_sent_total{app="shop-b",source="a"}')).toBe(2)
  })

  test('labels that other apps use leave those of an app alone', async () => {
    const target = createTarget()
    await target.send('shop', 'web.1', 'count#x=1 tag#a.b=1', 'count#x=1 tag#userId=1')
    expect((await target.samples()).get('app_x_total{app="shop",a_b="1"}')).toBe(1)
    await target.send('other', 'web.1', 'count#x=1 tag#a_b=1')
    const samples = await target.samples()
    expect(samples.get('app_x_total{app="shop",a_b="1"}')).toBe(1)
    expect(samples.get('app_x_total{app="other",a_b="1"}')).toBe(1)
    expect(samples.get('app_x_total{app="shop",user_id="1"}')).toBe(1)
    await expectSameAsFirst(target)
  })

  test('metrics that other apps use leave those of an app alone', async () => {
    const target = createTarget()
    await target.send('shop', 'web.1', 'count#x=1', 'sample#x_total=5')
    await target.samples()
    await target.send('other', 'web.1', 'measure#x=4ms', 'sample#x=3')
    await target.samples()
    await expectSameAsFirst(target)
  })

  test('labels that have to be escaped', async () => {
    const target = createTarget()
    const values = ['a"b', 'a\\b', 'é', 'plain', 'long'.repeat(40)]
    for (const value of values) {
      await target.send('shop', 'web.1', `count#x=1 tag#k=${value}`)
      await expectSameAsFirst(target)
    }
    const text = await target.text()
    expect(text).toContain('app_x_total{app="shop",k="a\\\\b"} 1')
    expect(text).toContain('app_x_total{app="shop",k="é"} 1')
  })

  test('scrapes at one time', async () => {
    const target = createTarget()
    await target.send('shop', 'web.1', 'count#x=1 tag#a.b=1', 'sample#y=1')
    const texts = await Promise.all([target.text(), target.text(), target.text()])
    expect(new Set(texts).size).toBe(1)
  })

  test('distributions that something comes to, and that nothing does', async () => {
    const target = createTarget()
    for (let i = 0; i < 30; i += 1) {
      if (i % 4 > 0) await target.platform('shop', 'router', lineOf(i))
      if (i % 5 > 2) await target.send('shop', 'web.1', `measure#db.latency=${i}ms source=${i % 2}`)
      if (i % 7 === 0) target.move(HOUR / 2)
      await expectSameAsFirst(target)
      if (i % 3 === 0) await expectSameAsFirst(target)
    }
  })
})

function lineOf(i: number): string {
  return routerLine({ dyno: `web.${i % 5}`, service: i, path: `/p${i % 3}` })
}
