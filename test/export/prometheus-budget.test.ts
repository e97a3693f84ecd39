import { expect, test } from 'vitest'
import { METHODS } from '../../src/extract/request.ts'
import { createTarget, routerLine } from '../support/scrape.ts'

const DYNOS = 200
const ROUTES = 200
/** Pairs of method and route. */
const PAIRS = 360
const STATUSES = [200, 201, 204, 301, 302, 304, 400, 401, 404, 422, 500, 503]
const GAUGES =
  'sample#memory_total=512.00MB sample#memory_rss=500.00MB sample#memory_cache=6.00MB sample#memory_swap=6.00MB sample#memory_quota=512.00MB sample#memory_pgpgin=19831pages sample#memory_pgpgout=11223pages'
const LOAD = 'sample#load_avg_1m=0.12 sample#load_avg_5m=0.2 sample#load_avg_15m=0.3'
const ADDON =
  'source=DATABASE addon=postgresql-a sample#current_transaction=1 sample#db_size=1bytes sample#tables=4 sample#active-connections=5 sample#waiting-connections=0 sample#index-cache-hit-rate=0.99 sample#table-cache-hit-rate=0.99 sample#load-avg-1m=0.1 sample#load-avg-5m=0.1 sample#load-avg-15m=0.1 sample#read-iops=0 sample#write-iops=0 sample#memory-total=1kB sample#memory-free=1kB sample#memory-cached=1kB sample#memory-postgres=1kB'

test('an app of 200 dynos and 360 pairs of method and route fits a budget, and loses nothing', async () => {
  const target = createTarget()
  const lines: string[] = []
  for (let i = 0; i < DYNOS; i += 1) {
    for (const [j, status] of STATUSES.entries()) {
      lines.push(line(i * STATUSES.length + j, { dyno: `web.${i + 1}`, status }))
    }
    lines.push(line(i, { dyno: `web.${i + 1}`, status: 503, code: 'H12' }))
    if (i % 4 === 0) lines.push(line(i, { dyno: `web.${i + 1}`, status: 503, code: 'H13' }))
  }
  for (let i = 0; i < PAIRS; i += 1) {
    for (const status of [200, 302, 404, 500]) lines.push(line(i, { status }))
  }
  for (let at = 0; at < lines.length; at += 500) {
    await target.platform('shop', 'router', ...lines.slice(at, at + 500))
  }
  for (let i = 0; i < DYNOS; i += 1) {
    const of = `source=web.${i + 1} dyno=heroku.1.abc`
    await target.platform('shop', `web.${i + 1}`, `${of} ${GAUGES}`, `${of} ${LOAD}`)
    await target.platform('shop', `web.${i + 1}`, 'Error R14 (Memory quota exceeded)')
  }
  for (const addon of ['postgresql-a', 'postgresql-b', 'postgresql-c']) {
    await target.send('shop', 'heroku-postgres', ADDON.replace('postgresql-a', addon))
  }

  const samples = await target.samples()
  const names = [...samples.keys()]
  const series = names.filter((name) => !isPart(name) || /_count\{/.test(name))
  expect(series.length).toBeLessThanOrEqual(8000)
  expect(names.length).toBeLessThanOrEqual(25_000)
  expect(names.filter((name) => name.includes('overflow="true"'))).toEqual([])

  const sum = (...parts: string[]): number =>
    names
      .filter((name) => parts.every((part) => name.includes(part)))
      .reduce((total, name) => total + samples.get(name)!, 0)
  const requests = lines.length
  expect(sum('heroku_router_requests_total{')).toBe(requests)
  expect(sum('heroku_route_requests_total{')).toBe(requests)
  expect(sum('heroku_router_requests_total{', 'status="404"')).toBe(DYNOS + PAIRS)
  const posts = lines.filter((text) => text.includes('method=POST')).length
  expect(sum('heroku_route_requests_total{', 'method="POST"')).toBe(posts)
  for (const family of ['router', 'route', 'dyno_request']) {
    const name =
      family === 'router' ? 'heroku_router_errors_total{' : `heroku_${family}_errors_total{`
    expect(sum(name, 'code="H12"')).toBe(DYNOS)
  }
})

/** Whether a sample is a part of a histogram. */
function isPart(name: string): boolean {
  return /_(?:sum|count|bucket)\{/.test(name)
}

/** A request of the pair number `i`: the first of each route are of GET, the others of POST. */
function line(
  i: number,
  fields: { readonly dyno?: string; readonly status: number; readonly code?: string },
): string {
  const pair = i % PAIRS
  const method = pair < ROUTES ? METHODS[0] : METHODS[2]
  const path = `/${words(pair % ROUTES)}/${i}`
  return routerLine({ ...fields, path, service: 20 }).replace('method=GET', `method=${method}`)
}

function words(i: number): string {
  return `part${String.fromCharCode(97 + (i % 20))}/page${String.fromCharCode(97 + Math.floor(i / 20))}`
}
