import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createFormat, takeBody } from '../../src/demo/format.ts'
import { createTraffic } from '../../src/demo/traffic.ts'
import { testApp } from '../support/app.ts'
import { noRedis, startRedis } from '../support/redis.ts'

type Target = ReturnType<typeof testApp>

const SECONDS = 100
const APPS = ['shop', 'blog']
/** How long commits took, and how full Redis is. */
const OWN = /^(# \w+ )?(l2met_commit_seconds|l2met_redis_)/

/** Bodies of some dozen lines of the modelled shop, of the last minutes. */
function trace(): Buffer[] {
  const start = Date.now() - SECONDS * 1000
  const next = createTraffic({ seed: 7, start, requestsPerSecond: 20, storySeconds: SECONDS })
  const format = createFormat()
  const bodies: Buffer[] = []
  for (let queue = []; ;) {
    const entry = next()
    if (entry.time > start + SECONDS * 1000) return bodies
    queue.push({ entry, frame: format.frame(entry) })
    if (queue.length < 40) continue
    bodies.push(takeBody(queue).bytes)
    queue = []
  }
}

async function start(env: Record<string, string>): Promise<Target> {
  const app = testApp(env)
  onTestFinished(async () => void (await app.stop()))
  await app.start()
  return app
}

async function post({ server }: Target, app: string, id: string, payload: Buffer) {
  const headers = { 'logplex-frame-id': id, 'content-type': 'application/logplex-1' }
  const url = `/logs?app=${app}`
  const { statusCode } = await server.inject({ method: 'POST', url, headers, payload })
  expect(statusCode).toBe(204)
}

async function read({ server }: Target, url: string, accept = 'text/plain'): Promise<string> {
  const { statusCode, body } = await server.inject({ url, headers: { accept } })
  expect(statusCode).toBe(200)
  return body
    .split('\n')
    .filter((line) => !OWN.test(line))
    .join('\n')
}

test.skipIf(noRedis !== undefined)(
  'the same bodies in memory, in Redis and on disk are the same bytes of /metrics',
  async () => {
    const redis = await startRedis()
    onTestFinished(redis.stop)
    const folder = mkdtempSync(join(tmpdir(), 'l2met-equal-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const memory = await start({})
    const shared = await start({ REDIS_URL: redis.url })
    const disk = await start({ DATA_DIR: folder })
    for (const [i, bytes] of trace().entries()) {
      const app = APPS[i % APPS.length]!
      const send = async (target: Target) => {
        await post(target, app, `id-${i}`, bytes)
        if (i % 10 === 0) await post(target, app, `id-${i}`, bytes)
      }
      await Promise.all([memory, shared, disk].map(send))
    }
    const equal = async (targets: readonly Target[]) => {
      for (const [url, accept] of [
        ['/metrics', 'text/plain'],
        ['/metrics', 'application/openmetrics-text; version=1.0.0'],
        ['/api/report?app=shop', 'application/json'],
        ['/api/report?app=blog', 'application/json'],
      ] as const) {
        // Gauges of the last minute move on between two scrapes now and then.
        await expect
          .poll(async () => {
            const texts = await Promise.all(targets.map(async (one) => read(one, url, accept)))
            return new Set(texts).size
          })
          .toBe(1)
      }
    }
    const text = await read(memory, '/metrics')
    expect(text).toMatch(/^l2met_bodies_total\{app="shop",result="duplicate"\} [1-9]/m)
    expect(text.split('\n').length).toBeGreaterThan(300)
    await equal([memory, shared, disk])
    await disk.stop()
    await equal([memory, shared, await start({ DATA_DIR: folder })])
  },
)
