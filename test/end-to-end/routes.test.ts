import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { type BuiltServer, runBuiltServer, startBuiltServer } from '../support/built-server.ts'
import { body, syslog } from '../support/count.ts'
import { noRedis, startRedis } from '../support/redis.ts'
import { samplesOf } from '../../src/server/verbs/doctor/probe.ts'
import { routerLine } from '../support/scrape.ts'

const servers: BuiltServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})

async function start(env: Record<string, string> = {}): Promise<BuiltServer> {
  const server = await startBuiltServer(env)
  servers.push(server)
  return server
}

async function post(server: BuiltServer, paths: readonly string[]) {
  const lines = paths.map((path) => syslog('heroku', 'router', routerLine({ path }), Date.now()))
  const headers = { 'content-type': 'application/logplex-1' }
  const url = `${server.origin}/logs?app=shop`
  const { status } = await fetch(url, { method: 'POST', headers, body: body(...lines) })
  expect(status).toBe(204)
}

async function routesOf(server: BuiltServer): Promise<string[]> {
  const { code, stdout, stderr } = await runBuiltServer([
    'routes',
    'shop',
    '--json',
    '--url',
    server.origin,
  ])
  expect([code, stderr]).toEqual([0, ''])
  const { learned } = JSON.parse(stdout) as { learned: { route: string }[] }
  return learned.map(({ route }) => route)
}

const slugs = (before: string) =>
  Array.from(
    { length: 40 },
    (_, i) => `${before}on-${String.fromCharCode(97 + (i % 26), 97 + (i >> 4))}-x`,
  )

test('l2met routes shows what was learned', async () => {
  const server = await start()
  await post(server, ['/', '/about'])
  const args = ['routes', 'shop', '--url', server.origin]
  expect(await runBuiltServer(args)).toEqual({
    code: 0,
    stdout:
      'Nothing is learned of the routes of shop: no part of its paths takes many different words.\n',
    stderr: '',
  })
  await post(server, slugs('/blog/'))
  const { stdout } = await runBuiltServer(args)
  expect(stdout.split('\n')).toEqual([
    expect.stringMatching(/^route +words +since$/),
    expect.stringMatching(/^\/blog\/:slug +slugs +20\d\d-.*Z$/),
    '',
    'pin     ROUTES_SHOP=/blog/:slug',
    'forbid  ROUTES_SHOP=!/blog/:slug',
    '',
  ])
  expect(await runBuiltServer(['routes', 'blog', '--url', server.origin])).toMatchObject({
    code: 1,
  })
  expect(await runBuiltServer(['routes'])).toMatchObject({ code: 2 })
})

test.skipIf(noRedis !== undefined)('two servers and a restart have the same routes', async () => {
  const redis = await startRedis()
  try {
    const env = { REDIS_URL: redis.url }
    const [one, two] = [await start(env), await start(env)]
    await post(two, ['/'])
    await post(one, slugs('/blog/'))
    expect(await routesOf(one)).toEqual(['/blog/:slug'])
    while ((await routesOf(two)).length === 0) await sleep(100)
    await post(two, ['/blog/never-seen-before'])
    await one.stop()
    const again = await start(env)
    await post(again, ['/blog/never-seen-either'])
    const text = await (await fetch(`${again.origin}/metrics`)).text()
    expect(text).not.toMatch(/never-seen/)
    const counted = samplesOf(text, 'heroku_route_requests_total')
    expect(counted.reduce((sum, { value }) => sum + value, 0)).toBe(43)
  } finally {
    await redis.stop()
  }
})
