import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { App } from '../../src/server/app.ts'
import { createFormat, takeBody } from '../../src/demo/format.ts'
import { type Traffic, createTraffic } from '../../src/demo/traffic.ts'
import { drainUrl } from '../../src/receive/credentials.ts'
import {
  DASHBOARDS,
  type Expression,
  RULES,
  RULE_FILES,
  expressionsOf,
  sourceOf,
} from '../dashboards/read.ts'
import { SECRETS, testApp } from '../support/app.ts'
import { body, syslog } from '../support/count.ts'
import {
  type Prometheus,
  type Series,
  noPrometheus,
  startPrometheus,
} from '../support/prometheus.ts'

const SHOP = 'shop'
const CROWDED = 'crowded'
const MAX_SERIES = 600
const LIVE_SECONDS = 22
const TICK_MS = 100
/** Long enough for Heroku to report the load of 15 minutes. */
const BEFORE_MS = 8 * 60_000

/** What gives no data here, and why. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'l2met itself, annotation l2met upgrades': 'l2met is not upgraded while it runs',
}

let app: App
let origin: string
/** Of the live play, seconds since 1970: a slow machine asks later, but for the same time. */
let started: number
let ended: number
let kinds: { readonly native: Prometheus; readonly classic: Prometheus }

beforeAll(async () => {
  if (noPrometheus !== undefined) return
  app = testApp({
    ...SECRETS,
    MAX_SERIES_PER_APP: String(MAX_SERIES),
    ALERTS: 'requests>0',
  })
  origin = (await app.start()).replace('[::]', '127.0.0.1').replace('0.0.0.0', '127.0.0.1')
  const watch = {
    targets: [new URL(origin).host],
    paths: ['/metrics', '/metrics/process'],
    token: SECRETS.METRICS_TOKEN,
    ruleFiles: RULE_FILES,
  }
  const [native, classic] = await Promise.all([
    startPrometheus({ ...watch, native: true }),
    startPrometheus({ ...watch, native: false }),
  ])
  kinds = { native, classic }
  await playPast()
  await Promise.all([native, classic].map(async (one) => one.until('heroku_dyno_load_15m')))
  started = Date.now() / 1000
  await playLive()
  // The last scrape, and the rules on it.
  await sleep(2000)
  ended = Date.now() / 1000
}, 120_000)

afterAll(async () => {
  if (noPrometheus !== undefined) return
  await Promise.all([kinds.native.stop(), kinds.classic.stop(), app.stop()])
})

describe.skipIf(noPrometheus !== undefined)('a real Prometheus that scrapes the model', () => {
  describe.each(['native', 'classic'] as const)('with %s histograms', (kind) => {
    test.each(DASHBOARDS.map((dashboard) => [dashboard.title, dashboard] as const))(
      '%s: every expression has data, and the labels that it is shown by',
      async (_, dashboard) => {
        const faults: string[] = []
        for (const expression of expressionsOf(dashboard)) {
          const fault = await faultOf(kinds[kind], expression)
          const isExpected = expression.where in EXCEPTIONS
          if (isExpected !== (fault !== undefined))
            faults.push(`${expression.where}: ${fault ?? 'has data'}`)
        }
        expect(faults).toEqual([])
      },
    )

    test('every rule can be evaluated, and records', async () => {
      const answer = await fetch(`${kinds[kind].origin}/api/v1/rules`)
      const { data } = (await answer.json()) as RulesAnswer
      const rules = data.groups.flatMap((group) => group.rules)
      expect(rules.length).toBe(RULES.length)
      expect(rules.filter(({ health }) => health === 'err')).toEqual([])
      for (const { record } of RULES)
        if (record !== undefined && !/_rate[13]d$/.test(record))
          expect(await ask(kinds[kind], record, true), record).not.toEqual([])
    })
  })

  test('variables have values', async () => {
    for (const { title, templating } of DASHBOARDS)
      for (const variable of templating.list) {
        const source = sourceOf(variable)
        if (source === undefined) continue
        const series = await ask(kinds.native, substitute(source), true)
        const values = new Set(series.map(({ metric }) => metric[variable.name]))
        expect(values.size, `${title} ${variable.name}`).toBeGreaterThan(0)
      }
  })

  test('native and classic histograms agree on p95', async () => {
    const record = 'app:heroku_router_service_seconds:p95_5m{app="shop"}'
    const [native, classic] = [await kinds.native.value(record), await kinds.classic.value(record)]
    expect(native).toBeGreaterThan(classic / 2)
    expect(native).toBeLessThan(classic * 2)
  })
})

/** Why an expression can't be shown; undefined when it can. */
async function faultOf(
  prometheus: Prometheus,
  { expr, instant, shown }: Expression,
): Promise<string | undefined> {
  const query = substitute(expr)
  const series = await ask(prometheus, query, instant)
  const known = series.filter(hasValue)
  if (known.length === 0) return `no data: ${query}`
  // Native ones have no label for their buckets.
  if (known.every(isHistogram)) return undefined
  const missing = shown.filter((label) => !known.some(({ metric }) => label in metric))
  return missing.length === 0 ? undefined : `no label ${missing.join(', ')}`
}

/** As Grafana does it, for a short time that is looked at closely. */
function substitute(expr: string): string {
  return expr
    .replaceAll('$__rate_interval', '10s')
    .replaceAll('$__interval', '5s')
    .replaceAll('$__range', '20s')
    .replaceAll('offset 1m', 'offset 5s')
    .replaceAll(/\$(?:app|dyno|method|route|addon|job)\b/g, '.*')
}

async function ask({ origin }: Prometheus, query: string, instant: boolean): Promise<Series[]> {
  const times: Record<string, string> = instant
    ? { time: String(ended) }
    : { start: String(started), end: String(ended), step: '1' }
  const path = instant ? 'query' : 'query_range'
  const parameters = new URLSearchParams({ query, ...times })
  const response = await fetch(`${origin}/api/v1/${path}?${parameters.toString()}`)
  const answer = (await response.json()) as Answer
  if (answer.status !== 'success') throw new Error(`${query}: ${answer.error}`)
  return answer.data.result
}

/** Any number, or a histogram. */
function hasValue(series: Series): boolean {
  if (isHistogram(series)) return true
  const values = series.values ?? (series.value === undefined ? [] : [series.value])
  return values.some(([, value]) => Number.isFinite(Number(value)))
}

function isHistogram(series: Series): boolean {
  return 'histogram' in series || 'histograms' in series
}

/** Eight minutes in one go, without any change of dynos. */
async function playPast(): Promise<void> {
  const now = Date.now()
  const next = createTraffic({
    seed: 1,
    start: now - BEFORE_MS,
    requestsPerSecond: 5,
    storySeconds: 24 * 3600,
  })
  await send(next, now, next())
}

/** A whole story of releases, crashes and the like in the time of the clock, and what goes wrong beside it. */
async function playLive(): Promise<void> {
  const start = Date.now()
  const end = start + LIVE_SECONDS * 1000
  const storySeconds = LIVE_SECONDS - 4
  const next = createTraffic({ seed: 2, start, requestsPerSecond: 60, storySeconds })
  let entry = next()
  let ticks = 0
  while (Date.now() < end) {
    entry = await send(next, Date.now(), entry)
    if (ticks % 20 === 0) await sendOddities(ticks)
    ticks += 1
    await sleep(TICK_MS)
  }
}

async function send(
  next: Traffic,
  until: number,
  first: ReturnType<Traffic>,
): Promise<ReturnType<Traffic>> {
  const format = createFormat()
  const queue = []
  let entry = first
  for (; entry.time <= until; entry = next()) queue.push({ entry, frame: format.frame(entry) })
  while (queue.length > 0) await post(SHOP, takeBody(queue).bytes)
  return entry
}

/** What the model of a shop that is well doesn't show. */
async function sendOddities(n: number): Promise<void> {
  const now = Date.now()
  const addon = (proc: string, source: string, keys: string) =>
    syslog('app', proc, `source=${source} addon=${proc}-1 ${keys}`, now)
  await post(
    SHOP,
    body(
      addon(
        'heroku-postgres',
        'DATABASE',
        'sample#db-size-percentage-used=0.4 sample#wal-percentage-used=0.1 sample#iops-percentage-used=0.2 sample#follower-lag-commits=3',
      ),
      addon('heroku-redis', 'REDIS', 'sample#memory-percentage-used=0.6'),
      syslog('app', 'web.1', 'measure#db.query=fast', now),
      syslog('app', 'web.1', 'measure#queue=12ms', now),
      syslog('heroku', 'router', SESSION, now),
      syslog('app', 'web.1', 'out of time', now - 3_600_000),
    ),
  )
  // Two lines less than announced, and a request of nobody.
  await post(SHOP, body(syslog('app', 'web.1', 'count#x=1', now)), { 'logplex-msg-count': '3' })
  await fetch(`${origin}/logs`, { method: 'POST', body: 'x' })
  const names = Array.from({ length: MAX_SERIES / 2 }, (_, i) =>
    syslog('app', 'web.1', `count#hits tag#id=${n}-${i}`, now),
  )
  await post(CROWDED, body(...names))
}

const SESSION =
  'at=info method=GET path="/cable" host=h request_id=r fwd="192.0.2.1" dyno=web.1 connect=0ms service=31000ms status=101 bytes=10 protocol=http1.1'

async function post(
  name: string,
  bytes: Buffer,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const url = new URL(drainUrl(SECRETS.DRAIN_SECRETS.split(',')[0]!, name, 'host'))
  const credentials = Buffer.from(`${url.username}:${url.password}`).toString('base64')
  const answer = await fetch(`${origin}/logs`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${credentials}`,
      'content-type': 'application/logplex-1',
      ...headers,
    },
    body: new Uint8Array(bytes),
  })
  expect(answer.status).toBe(204)
}

interface Answer {
  readonly status: string
  readonly error: string
  readonly data: { readonly result: Series[] }
}

interface RulesAnswer {
  readonly data: {
    readonly groups: readonly { readonly rules: readonly { readonly health: string }[] }[]
  }
}
