import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Report } from '../../src/report/report-object.ts'
import { routerBody } from '../support/app.ts'
import { type BuiltServer, runBuiltServer, startBuiltServer } from '../support/built-server.ts'
import { type RedisServer, freePort, noRedis, startRedis } from '../support/redis.ts'

describe.skipIf(noRedis !== undefined)('several processes on one Redis', () => {
  let redis: RedisServer
  let server: BuiltServer
  beforeAll(async () => {
    redis = await startRedis()
    const port = `${await freePort()}`
    server = await startBuiltServer({ REDIS_URL: redis.url, WEB_CONCURRENCY: '2', PORT: port })
  })
  afterAll(async () => {
    await server.stop()
    await redis.stop()
  })

  const pids = () => {
    const found = server.said().matchAll(/"pid":(\d+)[^\n]*listens on/g)
    return [...found].map(([, pid]) => Number(pid))
  }

  test('count together', async () => {
    while (pids().length < 2) await sleep(10)
    const payload = routerBody(10)
    const statuses = await Promise.all(
      Array.from({ length: 40 }, async () => {
        const headers = { connection: 'close' }
        return (
          await fetch(`${server.origin}/logs?app=a`, { method: 'POST', body: payload, headers })
        ).status
      }),
    )
    expect(new Set(statuses)).toEqual(new Set([204]))
    const report = (await (await fetch(`${server.origin}/api/report?app=a`)).json()) as Report
    expect(report.requests.count).toBe(400)
  })

  test('one that dies is replaced', async () => {
    const [first] = pids()
    process.kill(first!, 'SIGKILL')
    while (pids().length < 3) await sleep(20)
    expect(server.said()).toContain('"how":"SIGKILL"')
    expect((await fetch(`${server.origin}/readyz`)).status).toBe(200)
  })

  test('are replaced at once when all die, and each is on /metrics/process, whichever answers', async () => {
    const before = pids()
    for (const pid of before.slice(-2)) process.kill(pid, 'SIGKILL')
    while (pids().length < before.length + 2) await sleep(20)
    expect(server.said()).not.toMatch(/"waitMs":[1-9]/)
    const answer = await fetch(`${server.origin}/metrics/process`)
    const text = await answer.text()
    for (const name of ['1', '2']) {
      expect(text).toContain(`\nl2met_process_up{process="${name}"} 1\n`)
      expect(text).toContain(`\nl2met_store_up{process="${name}"} 1\n`)
      expect(text).toContain(`\nl2met_spill_lines{process="${name}"} 0\n`)
      expect(text).toMatch(
        new RegExp(`\nl2met_clock_offset_seconds{process="${name}"} -?[0-9.e-]+\n`),
      )
      expect(text).toMatch(new RegExp(`\nl2met_commit_seconds_count{process="${name}"} \\d+\n`))
      expect(text).toMatch(
        new RegExp(`\nl2met_process_resident_memory_bytes{process="${name}"} \\d+\n`),
      )
    }
    const restarts = [...text.matchAll(/^l2met_process_restarts_total\{.*\} (\d+)$/gm)]
    expect(restarts.reduce((sum, [, n]) => sum + Number(n), 0)).toBe(3)
  })

  test('all end on SIGTERM', async () => {
    expect(await server.stop()).toBe(0)
    for (const pid of [...pids(), server.pid]) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
    expect(server.said().match(/all acknowledged lines are stored/g)).toHaveLength(2)
  })

  test('a start that fails ends them all', async () => {
    const taken = await startBuiltServer()
    const env = { REDIS_URL: redis.url, WEB_CONCURRENCY: '2', PORT: new URL(taken.origin).port }
    const { code, stdout } = await runBuiltServer([], env)
    await taken.stop()
    expect(code).toBe(1)
    expect(stdout).toContain('is taken')
  })
})
