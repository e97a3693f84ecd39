import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { DIST, runBuiltServer, startBuiltServer } from '../support/built-server.ts'
import { freePort } from '../support/redis.ts'

const PATIENCE = { timeout: 60_000, interval: 50 }
const children: ChildProcess[] = []

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

/** A server whose log goes to `stdout`, once it answers. */
async function startWith(stdout: number | 'pipe') {
  const port = await freePort()
  const child = spawn(process.execPath, [join(DIST, 'bin/serve.js')], {
    env: { PATH: process.env['PATH'] ?? '', PORT: `${port}` },
    stdio: ['ignore', stdout, 'inherit'],
  })
  children.push(child)
  const statusOf = async (path: string, init: RequestInit = {}) => {
    const url = `http://127.0.0.1:${port}${path}`
    return (await fetch(url, { ...init, signal: AbortSignal.timeout(5000) })).status
  }
  await vi.waitUntil(async () => (await statusOf('/healthz').catch(() => 0)) === 200, PATIENCE)
  return { child, statusOf }
}

// The library that writes the log would try again for ever, and hold up everything else meanwhile.
describe('a log that can not be written', () => {
  test('to a disk that is full holds up neither the drain nor the end', async () => {
    if (!existsSync('/dev/full')) return
    const { child, statusOf } = await startWith(openSync('/dev/full', 'w'))
    // Each of these is told in the log.
    for (let i = 0; i < 3; i += 1) expect(await statusOf(`/${i}`, { method: 'POST' })).toBe(404)
    expect(await statusOf('/healthz')).toBe(200)
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  test('because its reader is gone doesn’t keep a server that is told to stop', async () => {
    const { child } = await startWith('pipe')
    child.stdout!.destroy()
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  test('because its reader is stuck holds up nothing: more than a megabyte is lost', async () => {
    const script = `
      const { createLogOutput } = await import(${JSON.stringify(join(DIST, 'server/log.js'))})
      const output = createLogOutput()
      for (let i = 0; i < 400; i += 1) output.write('x'.repeat(10_000))
      await output.end(100)
      process.exit(process.stdout.writableLength < 1.1 * 2 ** 20 ? 0 : 1)`
    const args = ['--input-type=module', '--eval', script]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    child.stdout.pause()
    expect(await once(child, 'exit')).toEqual([0, null])
  })
})

describe('the log', () => {
  test('shows no secret, token or password, whatever goes wrong', async () => {
    const secrets = {
      DRAIN_SECRETS: 'drain-secret-one,drain-secret-two',
      METRICS_TOKEN: 'metrics-token-one',
      METRICS_TOKENS: 'shop:metrics-token-two',
      REDIS_URL: 'redis://user:redis%20password@127.0.0.1:1',
      OTLP_ENDPOINT: 'http://user:otlp-password@127.0.0.1:1/otlp?key=otlp-query',
    }
    const server = await startBuiltServer({ ...secrets, LOG_LEVEL: 'trace' })
    const texts = ['drain-secret-one', 'metrics-token-one', 'metrics-token-two', 'otlp-password']
    for (const text of texts) {
      const paths = ['/logs', `/logs?app=${text}`, `/${text}`, `/logs?prefix=${text}&prefix=a`]
      const headers = [
        { authorization: `Basic ${Buffer.from(`${text}:`).toString('base64')}` },
        { authorization: `Basic ${Buffer.from(`shop:${text}`).toString('base64')}` },
        { authorization: `Bearer ${text}`, 'user-agent': text, 'logplex-drain-token': text },
      ]
      for (const path of paths)
        for (const header of headers)
          await fetch(`${server.origin}${path}`, { method: 'POST', headers: header, body: text })
      await fetch(`${server.origin}/metrics`, { headers: { authorization: `Bearer ${text}` } })
    }
    await server.stop()
    const said = server.said()
    expect(said).toContain('request refused')
    expect(said).toContain('[redacted]')
    expect(said).toContain('Redis')
    for (const text of [
      ...texts,
      'drain-secret-two',
      'redis password',
      'redis%20password',
      'otlp-query',
    ])
      expect(said, text).not.toContain(text)
    expect(said).not.toContain('user:')
  })

  test('nor does an error in the configuration', async () => {
    const { code, stdout, stderr } = await runBuiltServer([], {
      NODE_ENV: 'production',
      DRAIN_SECRETS: 'short-one',
      METRICS_TOKENS: 'no-app-here, shop:short-two',
      REDIS_URL: 'redis://user:pass%zz-word@h',
      OTLP_ENDPOINT: 'ftp://user:pass-word@h',
    })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    for (const name of ['DRAIN_SECRETS', 'METRICS_TOKENS', 'REDIS_URL', 'OTLP_ENDPOINT'])
      expect(stderr).toContain(`${name}:`)
    for (const text of ['short-one', 'short-two', 'no-app-here', 'zz-word', 'pass-word'])
      expect(stderr).not.toContain(text)
  })
})
