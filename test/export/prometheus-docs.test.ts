import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createTarget, routerLine } from '../support/scrape.ts'
import { renderMetricsDoc } from '../support/metrics-doc.ts'

const DOC = join(import.meta.dirname, '../../docs/METRICS.md')

test('docs/METRICS.md is what the table says', async () => {
  await expect(renderMetricsDoc()).toMatchFileSnapshot(DOC)
})

test('what docs/METRICS.md says of log lines is so', async () => {
  const target = createTarget()
  await target.platform('shop', 'router', routerLine({}))
  await target.send(
    'shop',
    'web.1',
    'measure#db.latency=4ms count#mail.sent=3 sample#queue.depth=12 unique#user=17',
    'sample#stock=5widgets measure#stock=5widgets sample#connection-count=2 sample#fuel.gauge=3',
    'measure#db.rows=3 sample#age=3h count#mail.total sample#mail.total=1 measure#wait.seconds=1s',
    'measure#x=1 sample#x=1 count#x=1',
  )
  const addons = [
    ['heroku-postgres', 'source=DATABASE addon=a sample#db_size=26214400bytes'],
    [
      'heroku-pgbouncer',
      'source=pgbouncer addon=a sample#avg_query=8541 sample#max_wait=2 sample#avg_recv=7 sample#avg_sent=8',
    ],
    ['heroku-redis', 'source=REDIS addon=b sample#hit-rate=0.99'],
  ] as const
  for (const [procid, message] of addons) await target.send('shop', procid, message)
  const samples = await target.samples()
  expect(
    samples.get('heroku_pgbouncer_avg_query_seconds{app="shop",addon="a",source="pgbouncer"}'),
  ).toBe(0.008541)
  const names = new Set((await target.families()).map(({ name }) => name))
  const text = readFileSync(DOC, 'utf8')
  const renamed = text.slice(text.indexOf('### Renamed'), text.indexOf('## Histograms'))
  const old = [...renamed.matchAll(/^\| [^|]*\| ([^|]*) \| ([^|]*) \|$/gm)].slice(2)
  expect(old.length).toBeGreaterThan(8)
  const current = text.replace(renamed, old.map(([, , is]) => is).join(' '))
  const named = current.match(/`(?:app|heroku_(?:postgres|pgbouncer|redis))_\w+`/g)!
  for (const name of named)
    if (!/_N(?:_|`)/.test(name)) expect(names, name).toContain(name.slice(1, -1))
})
