import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { samplesOf } from '../../src/server/verbs/doctor/probe.ts'
import { drainToken } from '../../src/receive/credentials.ts'
import { basic, routerBody, routerLine } from '../support/app.ts'
import { type BuiltServer, runBuiltServer, startBuiltServer } from '../support/built-server.ts'
import { makeCertificate, openssl } from '../support/certificate.ts'
import { body, syslog } from '../support/count.ts'
import { noRedis, startRedis } from '../support/redis.ts'

const SECRET = 'the-secret-of-drains'
const TOKEN = 'the-token-of-metrics'
const secrets = { DRAIN_SECRETS: SECRET, METRICS_TOKEN: TOKEN }
const servers: BuiltServer[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})

interface Finding {
  readonly check: string
  readonly status: string
  readonly text: string
  readonly todo?: string
}

async function start(env: Record<string, string> = {}): Promise<BuiltServer> {
  const server = await startBuiltServer({ ...secrets, ...env })
  servers.push(server)
  return server
}

async function post(server: BuiltServer, app: string, bytes: Buffer, extra = {}) {
  const headers = {
    authorization: basic(app, drainToken(SECRET, app)),
    'content-type': 'application/logplex-1',
    ...extra,
  }
  const { status } = await fetch(`${server.origin}/logs`, { method: 'POST', headers, body: bytes })
  expect(status).toBe(204)
}

async function doctor(url: string, env: Record<string, string> = { METRICS_TOKEN: TOKEN }) {
  const { code, stdout } = await runBuiltServer(['doctor', url, '--json'], env)
  const { findings, ok } = JSON.parse(stdout) as { findings: Finding[]; ok: boolean }
  expect(ok).toBe(code === 0)
  // Whatever isn't well says what to do.
  for (const { status, todo } of findings) expect(todo === undefined).toBe(status === 'ok')
  return { code, findings, of: (check: string) => findings.filter((one) => one.check === check) }
}

describe('l2met doctor', () => {
  test('finds nothing wrong with a server that counts', async () => {
    const server = await start()
    await post(server, 'shop', routerBody(3))
    const { code, findings } = await doctor(server.origin)
    expect(findings.filter(({ status }) => status !== 'ok')).toEqual([])
    const checks = [
      'reachable',
      'tls',
      'ready',
      'token',
      'version',
      'clock',
      'last line',
      'coverage',
    ]
    expect(findings.map(({ check }) => check)).toEqual(checks)
    expect(code).toBe(0)
    const { stdout } = await runBuiltServer(['doctor', server.origin], { METRICS_TOKEN: TOKEN })
    expect(stdout).toMatch(/^ok {4}reachable {2}http/)
    expect(stdout).toMatch(/\n8 ok, 0 to look at, 0 wrong\n$/)
  })

  test('says that nothing answers, or something else', async () => {
    const other = createServer((_request, response) => response.end('<html>'))
    other.listen(0, '127.0.0.1')
    await once(other, 'listening')
    const origin = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
    expect((await doctor(origin)).of('reachable')[0]!.text).toContain("is not l2met's")
    other.close()
    const { code, findings } = await doctor(origin)
    expect(findings).toMatchObject([{ check: 'reachable', status: 'fail' }])
    expect(findings[0]!.text).toContain('ECONNREFUSED')
    expect(code).toBe(1)
  })

  test('tells a missing token from a wrong one', async () => {
    const server = await start()
    expect((await doctor(server.origin, {})).of('token')[0]!.text).toContain('is not set here')
    const { of, code } = await doctor(server.origin, { METRICS_TOKEN: 'another' })
    expect(of('token')[0]!.text).toBe('METRICS_TOKEN is not a token of this server')
    expect(code).toBe(1)
  })

  test('sees that no line has come, and which app lost most of them to what', async () => {
    const server = await start({ METRICS_TOKENS: 'shop:the-token-of-the-shop' })
    expect((await doctor(server.origin)).of('last line')).toMatchObject([{ status: 'fail' }])
    const late = routerLine(200, Date.now() - 3_600_000)
    await post(server, 'shop', body(routerLine(), late, late))
    await post(server, 'blog', body(syslog('app', 'web.1', 'count#a=1', Date.now())))
    const { of, code } = await doctor(server.origin)
    expect(of('coverage').map(({ text }) => text)).toEqual([
      'shop: 33.3 % of its lines are counted, 2 are late',
    ])
    expect(code).toBe(0)
    await post(server, 'blog', body(routerLine()), { 'logplex-msg-count': '7' })
    const { of: now } = await doctor(server.origin)
    expect(now('coverage')[0]).toMatchObject({
      text: 'blog: 25.0 % of its lines are counted, 6 are missing',
    })
    expect(now('bodies')).toMatchObject([
      { text: 'blog: 1 body held another number of lines than announced, 6 lines missing' },
    ])
    const scoped = await doctor(server.origin, { METRICS_TOKEN: 'the-token-of-the-shop' })
    expect(scoped.of('last line')).toMatchObject([{ text: '1 app within the last five minutes' }])
  })

  test.skipIf(openssl === undefined)('checks the certificate as Logplex does', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'l2met-doctor-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const { cert, key } = makeCertificate(folder, 'own')
    const server = await start({ TLS_CERT_FILE: cert, TLS_KEY_FILE: key })
    expect(await doctor(server.origin)).toMatchObject({
      code: 1,
      findings: [{ check: 'tls', status: 'fail' }],
    })
    const { findings } = await doctor(server.origin.replace('https', 'http'))
    expect(findings).toMatchObject([{ check: 'reachable', status: 'fail' }])
  })
})

describe.skipIf(noRedis !== undefined)('l2met doctor with Redis', () => {
  test('sees a Redis that evicts or is full, and one that is away', async () => {
    const redis = await startRedis(['--maxmemory', '3mb', '--maxmemory-policy', 'allkeys-lru'])
    const env = { METRICS_TOKEN: TOKEN, REDIS_URL: redis.url }
    const server = await start()
    await post(server, 'shop', routerBody())
    const evicting = await doctor(server.origin, env)
    expect(evicting.of('redis').map(({ status, text }) => `${status} ${text}`)).toEqual([
      expect.stringMatching(/^ok .* of 3\.0 MB used$/),
      'fail it evicts keys when it is full (allkeys-lru), which falsifies the metrics',
    ])
    expect(evicting.code).toBe(1)
    await redis.stop()
    const away = await doctor(server.origin, {
      ...env,
      REDIS_URL: redis.url.replace('//', '//user:hidden-password@'),
    })
    expect(away.of('redis')).toMatchObject([
      { status: 'fail', text: expect.stringContaining('can not be used') },
    ])
    expect(JSON.stringify(away.findings)).not.toContain('hidden-password')
  })

  test('repeats why a server is not ready', async () => {
    const redis = await startRedis()
    const server = await start({ REDIS_URL: redis.url })
    await post(server, 'shop', routerBody())
    await redis.stop()
    await expect.poll(async () => (await doctor(server.origin)).of('ready')[0]?.status).toBe('fail')
    const { of, code } = await doctor(server.origin)
    expect(of('ready')[0]!.text).toContain('Redis')
    expect(code).toBe(1)
  })
})

test('samples are found by their name, whatever stands in their labels', () => {
  const text =
    '# HELP a_total x\na_total{app="x} y",b="\\"a_total{"} 3\na_total_x{app="z"} 4\na_total 5\n'
  expect(samplesOf(text, 'a_total').map(({ labels, value }) => [[...labels], value])).toEqual([
    [
      [
        ['app', 'x} y'],
        ['b', '\\"a_total{'],
      ],
      3,
    ],
    [[], 5],
  ])
})
