import { afterAll, beforeAll, expect, test } from 'vitest'
import { FAMILIES, type FamilySpec } from '../../src/export/prometheus/families.ts'
import { testApp } from '../support/app.ts'
import { body, syslog } from '../support/count.ts'
import { DASHBOARDS, RULES, expressionsOf, sourceOf } from './read.ts'

const SPECS: readonly FamilySpec[] = FAMILIES

/** All keys that Heroku documents for the lines of its add-ons, with the units that it prints. */
const ADDON_LINES = {
  'heroku-postgres':
    'db_size=9bytes db-size-percentage-used=0.1 tables=1 active-connections=1 waiting-connections=0 max-connections=120 connections-percentage-used=0.1 current_transaction=1 index-cache-hit-rate=0.99 table-cache-hit-rate=0.99 load-avg-1m=0.1 load-avg-5m=0.1 load-avg-15m=0.1 read-iops=1 write-iops=1 max-iops=3000 iops-percentage-used=0.1 tmp-disk-used=1 tmp-disk-available=1 memory-total=1kB memory-free=1kB memory-cached=1kB memory-postgres=1kB memory-percentage-used=0.1 wal-percentage-used=0.1 follower-lag-commits=0',
  'heroku-pgbouncer':
    'client_active=1 client_waiting=0 server_active=1 server_idle=1 max_wait=0 avg_query=1 avg_recv=1 avg_sent=1',
  'heroku-redis':
    'active-connections=1 max-connections=80 connection-percentage-used=0.1 load-avg-1m=0.1 load-avg-5m=0.1 load-avg-15m=0.1 read-iops=1 write-iops=1 max-iops=1 iops-percentage-used=0.1 memory-total=1kB memory-free=1kB memory-cached=1kB memory-percentage-used=0.1 memory-redis=1bytes hit-rate=0.9 evicted-keys=0',
}
const ADDON_LABELS = ['addon', 'source']
/** What Prometheus puts on everything. */
const TARGET_LABELS = ['job', 'instance']

const app = testApp()
/** Names of samples with the labels that they can have. */
const known = new Map<string, readonly string[]>()

beforeAll(async () => {
  for (const { name, type, labels, hasApp } of SPECS) {
    const all = [...labels, ...(hasApp === false ? [] : ['app'])]
    for (const ending of endingsOf(type)) known.set(`${name}${ending}`, all)
  }
  const lines = Object.entries(ADDON_LINES).map(([proc, keys]) => {
    const message = `source=${proc} addon=a-1 sample#${keys.replaceAll(' ', ' sample#')}`
    return syslog('app', proc, message, Date.now())
  })
  await app.server.inject({ method: 'POST', url: '/logs?app=shop', payload: body(...lines) })
  for (const name of await namesAt('/metrics'))
    if (!known.has(name)) known.set(name, ['app', ...ADDON_LABELS])
  for (const name of await namesAt('/metrics/process'))
    if (!known.has(name)) known.set(name, name.startsWith('l2met_') ? ['process'] : [])
  for (const { record } of RULES) if (record !== undefined) known.set(record, ['app', 'dyno'])
})

afterAll(async () => app.stop())

const expressions = [
  ...DASHBOARDS.flatMap(expressionsOf),
  ...DASHBOARDS.flatMap(({ title, templating }) =>
    templating.list.flatMap((variable) => {
      const expr = sourceOf(variable)
      return expr === undefined ? [] : [{ where: `${title}, variable ${variable.name}`, expr }]
    }),
  ),
  ...RULES.map(({ record, alert, expr }) => ({ where: `rule ${record ?? alert}`, expr })),
]

test('every metric that a dashboard or rule names is one that l2met has', () => {
  expect(expressions.length).toBeGreaterThan(150)
  const unknown = expressions.flatMap(({ where, expr }) =>
    namesIn(expr)
      .filter((name) => !known.has(name))
      .map((name) => `${where}: ${name}`),
  )
  expect(unknown).toEqual([])
})

test('every label that a selector names is one that the metric has', () => {
  const unknown = expressions.flatMap(({ where, expr }) =>
    [...expr.matchAll(/([\w:]+)\{([^}]*)\}/g)].flatMap(([, name, matchers]) =>
      [...matchers!.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)]
        .map(([, label]) => label!)
        .filter((label) => ![...TARGET_LABELS, ...(known.get(name!) ?? [])].includes(label))
        .map((label) => `${where}: ${name} has no ${label}`),
    ),
  )
  expect(unknown).toEqual([])
})

test('what is of an app is asked of the chosen apps', () => {
  const unchosen = DASHBOARDS.flatMap(expressionsOf).flatMap(({ where, expr }) =>
    [...expr.matchAll(/\b(?:heroku|l2met)_\w+(\{[^}]*\})?/g)]
      .filter(([text]) => (known.get(/^\w+/.exec(text)![0]) ?? []).includes('app'))
      .filter(([, selector = '']) => !selector.includes('app=~"$app"'))
      .map(([text]) => `${where}: ${text}`),
  )
  expect(unchosen).toEqual([])
})

test.each([...new Set(SPECS.map(({ name }) => name))])(
  '%s is shown or watched somewhere',
  (name) => {
    const uses = expressions.filter(({ expr }) => expr.includes(name))
    expect(uses.length + (name in UNUSED ? 1 : 0)).toBeGreaterThan(0)
  },
)

/** Families that no dashboard needs, and why. */
const UNUSED: Readonly<Record<string, string>> = {
  heroku_router_requests_per_second: 'for those who read /metrics without Prometheus',
  heroku_router_service_window_seconds: 'for those who read /metrics without Prometheus',
}

function namesIn(expr: string): string[] {
  const text = expr.replaceAll(/"[^"]*"/g, (quoted) => quoted.replaceAll('|', ' '))
  return [...text.matchAll(/\b(?:\w+:)?(?:heroku|l2met|process|nodejs)_[a-z0-9_]+(?::\w+)?/g)].map(
    ([name]) => name,
  )
}

async function namesAt(url: string): Promise<string[]> {
  const { body: text } = await app.server.inject(url)
  return [...text.matchAll(/^(\w+)(?:\{.*\})? /gm)].map(([, name]) => name!)
}

function endingsOf(type: FamilySpec['type']): string[] {
  if (type === 'histogram') return ['', '_bucket', '_sum', '_count']
  return type === 'summary' ? ['', '_sum', '_count'] : ['']
}
