import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { drainUrl } from '../../src/receive/credentials.ts'
import { type BuiltServer, startBuiltServer } from '../support/built-server.ts'
import { body, syslog } from '../support/count.ts'
import { findProgram } from '../support/programs.ts'
import { type Prometheus, noPrometheus, startPrometheus } from '../support/prometheus.ts'
import { noRedis, startRedis } from '../support/redis.ts'
import { promtoolOn, routerLine, withoutRedisMemory } from '../support/scrape.ts'
import { startTurns } from '../support/turns.ts'

const SECRETS = { DRAIN_SECRETS: 'the-secret-of-drains', METRICS_TOKEN: 'the-token-of-metrics' }
/** How long traffic goes on; a longer run proves more. */
const SECONDS = Number(process.env['L2MET_E2E_SECONDS'] ?? 16)
const EVERY_MS = 100
const LINES = 10
const RATE = (LINES * 1000) / EVERY_MS

describe.skipIf(noPrometheus !== undefined || noRedis !== undefined)('a real Prometheus', () => {
  test(
    'scrapes two replicas in turn, one of which starts anew: nothing is lost or counted twice',
    async () => {
      const redis = await startRedis()
      const env = { ...SECRETS, REDIS_URL: redis.url }
      const turns = await startTurns()
      let [one, two] = await Promise.all([startBuiltServer(env), startBuiltServer(env)])
      turns.use([one.origin, two.origin])
      const watch = { targets: [turns.address], token: SECRETS.METRICS_TOKEN }
      const [native, classic] = await Promise.all([
        startPrometheus({ ...watch, native: true }),
        startPrometheus({ ...watch, native: false }),
      ])
      try {
        const traffic = playTraffic(turns.address)
        await sleep(SECONDS * 300)
        turns.use([two.origin])
        expect(await one.stop()).toBe(0)
        one = await startBuiltServer(env)
        turns.use([one.origin, two.origin])
        await sleep(SECONDS * 700)

        const rate = 'sum(rate(heroku_router_requests_total[8s]))'
        expect(await native.value(rate)).toBeGreaterThan(RATE * 0.95)
        expect(await native.value(rate)).toBeLessThan(RATE * 1.05)

        const sent = (await traffic.stop()).toSorted((a, b) => a - b)
        for (const prometheus of [native, classic]) {
          await prometheus.until(`sum(heroku_router_requests_total) == ${sent.length}`)
          const count = (expression: string) => prometheus.value(expression)
          expect(await count('sum(l2met_lines_total{result="counted"})')).toBe(sent.length)
          expect(await count('sum(l2met_lines_total)')).toBe(sent.length)
          expect(await count('sum(l2met_bodies_total)')).toBe(sent.length / LINES)
          expect(await count('min_over_time(l2met_store_up[5m])')).toBe(1)
          expect(await count('min_over_time(up[5m])')).toBe(1)
          await expectNeverDown(prometheus)
        }
        await expectNativeQuantiles(native, sent)
        await expectClassicBuckets(classic, sent)
        expect(Math.min(...turns.answered.values())).toBeGreaterThan(3)

        const [a, b] = await Promise.all([one, two].map(scrape))
        expect(withoutRedisMemory(a!)).toBe(withoutRedisMemory(b!))
        const promtool = findProgram('promtool').path
        if (promtool !== undefined) expect(promtoolOn(promtool, a!)).toBe('')
      } finally {
        await Promise.all([native.stop(), classic.stop(), turns.stop()])
        await Promise.all([one.stop(), two.stop()])
        await redis.stop()
      }
    },
    120_000 + SECONDS * 2000,
  )
})

test.skipIf(noRedis !== undefined)(
  'without its Redis, /metrics has no number of an app',
  async () => {
    const redis = await startRedis()
    const server = await startBuiltServer({ ...SECRETS, REDIS_URL: redis.url })
    try {
      const origin = server.origin.replace('http://', '')
      await post(
        new URL(drainUrl(SECRETS.DRAIN_SECRETS, 'shop', origin).replace('https', 'http')),
        [1],
      )
      expect(await scrape(server)).toContain('\nl2met_store_up 1\n')
      await redis.kill()
      expect(await scrape(server)).toBe('503')
      await redis.start()
      while (!(await scrape(server)).includes('l2met_store_up 1')) await sleep(200)
    } finally {
      await server.stop()
      await redis.stop()
    }
  },
)

/** Sends router lines at RATE until stopped, which gives the service times sent, in seconds. */
function playTraffic(address: string): { stop(): Promise<number[]> } {
  const sent: number[] = []
  const url = new URL(drainUrl(SECRETS.DRAIN_SECRETS, 'shop', address).replace('https', 'http'))
  const stopping = new AbortController()
  const start = performance.now()
  const play = async () => {
    for (let turn = 1; !stopping.signal.aborted; turn += 1) {
      const times = Array.from({ length: LINES }, (_, i) => serviceMillis(turn * LINES + i))
      await post(url, times)
      sent.push(...times.map((millis) => millis / 1000))
      await sleep(Math.max(0, start + turn * EVERY_MS - performance.now()))
    }
  }
  const played = play()
  return {
    stop: async () => {
      stopping.abort()
      await played
      return sent
    },
  }
}

/** Spread from some ms to some s, as real ones are; the same each time. */
function serviceMillis(i: number): number {
  const position = (i * 0.618034) % 1
  return Math.round(5 * Math.exp(6 * position ** 2))
}

async function post(url: URL, times: readonly number[]): Promise<void> {
  const lines = times.map((service, i) => routerLine({ service, dyno: `web.${(i % 3) + 1}` }))
  const { origin, pathname, username, password } = url
  const answer = await fetch(`${origin}${pathname}`, {
    method: 'POST',
    body: body(...lines.map((line) => syslog('heroku', 'router', line, Date.now()))),
    headers: {
      'content-type': 'application/logplex-1',
      'logplex-msg-count': String(lines.length),
      'logplex-frame-id': randomUUID(),
      authorization: `Basic ${btoa(`${username}:${password}`)}`,
    },
  })
  if (answer.status !== 204) throw new Error(`the drain answers ${answer.status}`)
}

async function expectNeverDown(prometheus: Prometheus): Promise<void> {
  const ranges = await prometheus.query('{__name__=~".+_(?:total|count|bucket)",job="l2met"}[10m]')
  expect(ranges.length).toBeGreaterThan(20)
  for (const { metric, values = [] } of ranges) {
    const numbers = values.map(([, value]) => Number(value))
    expect(numbers, metric['__name__']).toEqual(numbers.toSorted((a, b) => a - b))
  }
}

async function expectNativeQuantiles(
  prometheus: Prometheus,
  sorted: readonly number[],
): Promise<void> {
  for (const q of [0.5, 0.9, 0.95, 0.99]) {
    const exact = sorted[Math.ceil(q * sorted.length) - 1]!
    const all = await prometheus.value(
      `histogram_quantile(${q}, sum(heroku_router_service_seconds))`,
    )
    expect(Math.abs(all / exact - 1), `p${q * 100}: ${all} for ${exact}`).toBeLessThan(0.023)
  }
  const count = await prometheus.value('histogram_count(sum(heroku_router_service_seconds))')
  expect(count).toBe(sorted.length)
  const sum = await prometheus.value('histogram_sum(sum(heroku_router_service_seconds))')
  expect(sum).toBeCloseTo(sorted.reduce((total, seconds) => total + seconds, 0))
}

async function expectClassicBuckets(
  prometheus: Prometheus,
  sorted: readonly number[],
): Promise<void> {
  const name = 'heroku_router_service_seconds'
  expect(await prometheus.value(`sum(${name}_count)`)).toBe(sorted.length)
  for (const { metric, value } of await prometheus.query(`sum by (le) (${name}_bucket)`)) {
    const bound = Number(metric['le']!.replace('+Inf', 'Infinity'))
    const least = sorted.filter((seconds) => seconds <= bound / 1.011).length
    const most = sorted.filter((seconds) => seconds <= bound * 1.011).length
    expect(Number(value![1])).toBeGreaterThanOrEqual(least)
    expect(Number(value![1])).toBeLessThanOrEqual(most)
  }
}

async function scrape({ origin }: BuiltServer): Promise<string> {
  const headers = { authorization: `Bearer ${SECRETS.METRICS_TOKEN}` }
  const answer = await fetch(`${origin}/metrics`, { headers })
  return answer.ok ? answer.text() : `${answer.status}`
}
