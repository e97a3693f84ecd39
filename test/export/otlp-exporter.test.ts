import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type OtlpOptions, startOtlpExporter } from '../../src/export/otlp/exporter.ts'
import { createQueue } from '../../src/export/otlp/queue.ts'
import { receiverAt } from '../../src/export/otlp/send.ts'
import { createReadLog } from '../../src/receive/read-log.ts'
import { type OtlpPoint, type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts'
import { type Target, createTarget, routerLine } from '../support/scrape.ts'

const MINUTE = 60_000

/** An exporter that pushes to a receiver of its own, both stopped with the test. */
async function exportTo(target: Target, options: Partial<OtlpOptions> = {}) {
  const receiver = await startOtlpReceiver()
  const warnings: string[] = []
  const note = (_details: unknown, text?: string) => void warnings.push(text ?? '')
  const exporter = startOtlpExporter({
    endpoint: `http://127.0.0.1:${receiver.port}`,
    collector: target.collector,
    version: '1.2.3',
    log: { info: note, warn: note },
    readLog: createReadLog({ log: { warn: note, error: note }, isStoreAway: () => true }),
    intervalMs: 20,
    backOffMs: 20,
    ...options,
  })
  onTestFinished(async () => {
    await exporter.stop(1000)
    await receiver.stop()
  })
  return { receiver, exporter, warnings }
}

async function firstPush(receiver: OtlpReceiver): Promise<Map<string, OtlpPoint>> {
  await receiver.until(({ length }) => length > 0)
  return receiver.requests[0]!.points
}

describe('what is pushed', () => {
  test('counters are cumulative sums since the first line of their app', async () => {
    const target = createTarget()
    const first = target.now()
    await target.send('shop', 'web.1', 'count#mail.sent=3 source=worker.1')
    target.move(5 * MINUTE)
    await target.send('shop', 'web.1', 'count#mail.sent=4 source=worker.1')
    const { receiver } = await exportTo(target)
    const points = await firstPush(receiver)
    expect(points.get('app_mail_sent_total{app=shop,source=worker.1}')).toMatchObject({
      type: 'sum',
      temporality: 2,
      isMonotonic: true,
      asDouble: 7,
      startTimeUnixNano: `${first}000000`,
      timeUnixNano: `${target.now()}000000`,
    })
    expect(receiver.requests[0]).toMatchObject({
      path: '/v1/metrics',
      headers: { 'content-type': 'application/json' },
      resource: { 'service.name': 'l2met', 'service.version': '1.2.3' },
    })
  })

  test('gauges, and units in UCUM', async () => {
    const target = createTarget()
    await target.platform('shop', 'web.1', 'source=web.1 sample#memory_total=1.00MB')
    await target.send('shop', 'web.1', 'sample#queue.depth=7 sample#cpu=50% unique#user=a')
    const { receiver } = await exportTo(target)
    const points = await firstPush(receiver)
    const gauge = (key: string) => {
      const { type, unit, asDouble, temporality } = points.get(key)!
      return [type, unit, asDouble, temporality]
    }
    const memory = 'heroku_dyno_memory_total_bytes{app=shop,dyno=web.1}'
    expect(gauge(memory)).toEqual(['gauge', 'By', 2 ** 20, undefined])
    expect(gauge('app_queue_depth{app=shop}')).toEqual(['gauge', '', 7, undefined])
    expect(gauge('app_cpu_last_ratio{app=shop}')).toEqual(['gauge', '1', 0.5, undefined])
    expect(gauge('app_user_unique{app=shop}')).toEqual(['gauge', '', 1, undefined])
    expect(gauge('l2met_store_up{}')).toEqual(['gauge', '', 1, undefined])
  })

  test('distributions are exponential histograms, bucket by bucket', async () => {
    const target = createTarget()
    const values = [1, 2, 3, 0, -4, 0.25, 1000.5, 3.01]
    await target.send('shop', 'web.1', ...values.map((value) => `measure#x=${value}s`))
    const { receiver } = await exportTo(target)
    const point = (await firstPush(receiver)).get('app_x_seconds{app=shop}')!
    expect(point).toMatchObject({
      type: 'exponentialHistogram',
      unit: 's',
      temporality: 2,
      count: '8',
      scale: 5,
      zeroCount: '1',
      zeroThreshold: 2 ** -30,
      min: -4,
      max: 1000.5,
    })
    expect(point.sum).toBeCloseTo(
      values.reduce((sum, value) => sum + value, 0),
      9,
    )
    // A bucket of OTLP holds (base^index, base^(index + 1)].
    const base = 2 ** (2 ** -5)
    for (const [side, sign] of [
      [point.positive!, 1],
      [point.negative!, -1],
    ] as const) {
      const inside = values.map((value) => value * sign).filter((value) => value > 0)
      for (const [i, count] of side.bucketCounts.entries()) {
        const [low, high] = [base ** (side.offset + i), base ** (side.offset + i + 1)]
        const isIn = (value: number) => value > low * (1 + 1e-12) && value <= high * (1 + 1e-12)
        expect(Number(count)).toBe(inside.filter(isIn).length)
      }
      const total = side.bucketCounts.reduce((sum, count) => sum + Number(count), 0)
      expect(total).toBe(inside.length)
    }
  })

  test('the quantiles of the last minute', async () => {
    const target = createTarget()
    await target.platform('shop', 'router', routerLine({ service: 30 }))
    target.move(MINUTE)
    const { receiver } = await exportTo(target)
    const point = (await firstPush(receiver)).get('heroku_router_service_window_seconds{app=shop}')
    expect(point).toMatchObject({ type: 'summary', count: '1', sum: 0.03 })
    expect(point?.quantileValues?.map(({ quantile }) => quantile)).toEqual([0.5, 0.95, 0.99])
  })

  test('much of it goes in several requests, and nothing is left out', async () => {
    const target = createTarget()
    const lines = Array.from({ length: 2500 }, (_, i) => `count#x=${i} source=s${i}`)
    await target.send('shop', 'web.1', ...lines)
    const samples = await target.samples()
    const { receiver } = await exportTo(target, { intervalMs: 300 })
    await receiver.until(({ length }) => length >= 3)
    const points = new Map(receiver.requests.slice(0, 3).flatMap(({ points }) => [...points]))
    for (let i = 0; i < 2500; i += 1) {
      const value = points.get(`app_x_total{app=shop,source=s${i}}`)?.asDouble
      expect(value).toBe(samples.get(`app_x_total{app="shop",source="s${i}"}`))
    }
  })
})

describe('a receiver in trouble', () => {
  test.each([429, 502, 503, 504])('is tried again after %s with the same body', async (status) => {
    const target = createTarget()
    await target.send('shop', 'web.1', 'count#x=1')
    const receiver = await startOtlpReceiver()
    receiver.answer({ status }, { status })
    const endpoint = `http://127.0.0.1:${receiver.port}`
    const { warnings } = await exportTo(target, { endpoint, intervalMs: 500 })
    await receiver.until(({ length }) => length >= 3)
    const [first, , third] = receiver.requests
    expect(third!.points).toEqual(first!.points)
    await sleep(50)
    expect(warnings[0]).toContain('it is tried again')
    expect(warnings).toContain('OTLP: the receiver is back')
    await receiver.stop()
  })

  test('is waited for as long as it asks', async () => {
    const receiver = await startOtlpReceiver()
    receiver.answer({ status: 503, headers: { 'retry-after': '1' } })
    const endpoint = `http://127.0.0.1:${receiver.port}`
    const start = performance.now()
    await exportTo(createTarget(), { endpoint })
    await receiver.until(({ length }) => length >= 2)
    expect(performance.now() - start).toBeGreaterThan(990)
    await receiver.stop()
  })

  test('that asks for a month is not asked again at once', async () => {
    const receiver = await startOtlpReceiver()
    receiver.answer({ status: 503, headers: { 'retry-after': '2592000' } })
    await exportTo(createTarget(), { endpoint: `http://127.0.0.1:${receiver.port}` })
    await receiver.until(({ length }) => length > 0)
    await sleep(100)
    expect(receiver.requests).toHaveLength(1)
    await receiver.stop()
  })

  test('that does not want a body is not sent it again', async () => {
    const receiver = await startOtlpReceiver()
    receiver.answer({ status: 400, body: 'no such tenant' })
    const target = createTarget()
    const endpoint = `http://127.0.0.1:${receiver.port}`
    const { warnings } = await exportTo(target, { endpoint, intervalMs: 100 })
    await receiver.until(({ length }) => length >= 2)
    expect(warnings).toEqual(['OTLP: it answers 400 no such tenant'])
    await receiver.stop()
  })

  test('that rejects points is heard', async () => {
    const receiver = await startOtlpReceiver()
    const partialSuccess = { rejectedDataPoints: '3', errorMessage: 'too old' }
    receiver.answer({ status: 200, body: JSON.stringify({ partialSuccess }) })
    const endpoint = `http://127.0.0.1:${receiver.port}`
    const { warnings } = await exportTo(createTarget(), { endpoint })
    await receiver.until(({ length }) => length >= 2)
    expect(warnings).toEqual(['OTLP: points were rejected: too old'])
    await receiver.stop()
  })

  test('that is not there holds up nobody, and gets what waited when it comes', async () => {
    const target = createTarget()
    const gone = await startOtlpReceiver()
    await gone.stop()
    const endpoint = `http://127.0.0.1:${gone.port}`
    const { exporter } = await exportTo(target, { endpoint, intervalMs: 10 })
    await target.send('shop', 'web.1', 'count#x=1')
    await sleep(100)
    expect((await target.samples()).get('app_x_total{app="shop"}')).toBe(1)
    await exporter.stop(500)
  })
})

test('a stop pushes what was counted last', async () => {
  const target = createTarget()
  const { receiver, exporter } = await exportTo(target, { intervalMs: 1_000_000 })
  await target.send('shop', 'web.1', 'count#x=5')
  await exporter.stop(5000)
  expect(receiver.requests.at(-1)?.points.get('app_x_total{app=shop}')?.asDouble).toBe(5)
})

test('the queue keeps the newest, within its bound', () => {
  const queue = createQueue(100)
  const bodies = [1, 2, 3, 4, 5].map((n) => Buffer.alloc(40, n))
  for (const body of bodies) queue.push(body)
  expect(queue.first()).toBe(bodies[3])
  expect(queue.takeDropped()).toBe(3)
  expect(queue.takeDropped()).toBe(0)
  queue.remove(bodies[0]!)
  queue.remove(bodies[3]!)
  expect(queue.first()).toBe(bodies[4])
})

test.each([
  ['http://h:4318', 'http://h:4318/v1/metrics', undefined],
  ['https://h/otlp/', 'https://h/otlp/v1/metrics', undefined],
  ['https://h/otlp/v1/metrics', 'https://h/otlp/v1/metrics', undefined],
  ['https://u%40x:p%3A1@h/otlp', 'https://h/otlp/v1/metrics', `Basic ${btoa('u@x:p:1')}`],
])('endpoint %s', (endpoint, url, authorization) => {
  expect(receiverAt(endpoint)).toEqual({ url, authorization })
})
