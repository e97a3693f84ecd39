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
    'sample#stock=5widgets sample#connection-count=2 sample#age.hours=3 sample#age=3h',
    'measure#x=1s sample#x=1s',
  )
  const addons = [
    ['heroku-postgres', 'source=DATABASE addon=a sample#db_size=26214400bytes'],
    ['heroku-pgbouncer', 'source=pgbouncer addon=a sample#avg_query=8541'],
    ['heroku-redis', 'source=REDIS addon=b sample#hit-rate=0.99'],
  ] as const
  for (const [procid, message] of addons) await target.send('shop', procid, message)
  const names = new Set((await target.families()).map(({ name }) => name))
  const named = readFileSync(DOC, 'utf8').match(
    /`(?:app|heroku_(?:postgres|pgbouncer|redis))_\w+`/g,
  )
  expect(named!.length).toBeGreaterThan(8)
  for (const name of named!) expect(names, name).toContain(name.slice(1, -1))
})
