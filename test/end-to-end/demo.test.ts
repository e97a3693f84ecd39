import { spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test as base } from 'vitest'
import { type BuiltServer, DIST, startBuiltServer } from '../support/built-server.ts'

const test = base.extend<{ startServer: typeof startBuiltServer }>({
  // oxlint-disable-next-line no-empty-pattern
  startServer: async ({}, use) => {
    const servers: BuiltServer[] = []
    await use(async (env) => {
      const server = await startBuiltServer(env)
      servers.push(server)
      return server
    })
    for (const server of servers) await server.stop()
  },
})

async function runDemo(args: readonly string[], env: Record<string, string> = {}) {
  const demo = spawn(process.execPath, [join(DIST, 'bin/demo.js'), ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  demo.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  demo.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const [code] = (await once(demo, 'close')) as [number | null]
  return { code, stdout, stderr }
}

// Nearly all that they do is wait.
describe.concurrent('the demo', () => {
  test('/metrics counts what it says it sent', async ({ startServer }) => {
    const server = await startServer()
    const url = `${server.origin}/logs`
    const first = await runDemo(['--seconds', '6', '--rate', '150', url])
    expect(first.stdout).toContain('numbers are the same')
    expect(first).toMatchObject({ code: 0, stderr: '' })
    for (const part of ['errors H10', 'crashes', 'releases', 'count#mail.sent', 'R14 web.3']) {
      expect(first.stdout).toContain(part)
    }
    expect(first.stdout).not.toContain('differs')
  })

  test('knows the drain of a server, and compares nothing when nothing arrived', async ({
    startServer,
  }) => {
    const server = await startServer()
    const args = ['--seconds', '1', '--rate', '50']
    const whole = await runDemo([...args, server.origin])
    expect(whole.stdout).toContain(`into ${server.origin}/logs?app=shop`)
    expect(whole.stdout).toContain('numbers are the same')
    expect(whole.code).toBe(0)
    const astray = await runDemo([...args, `${server.origin}/nowhere`])
    expect(astray.stdout).toContain('the last failure: HTTP 404')
    expect(astray.stdout).toContain('Nothing arrived, so there is nothing to compare.')
    expect(astray.stdout).not.toContain('the same')
    expect(astray.code).toBe(1)
  })

  test('goes by the increase, and can write with a token', async ({ startServer }) => {
    const secret = 'a secret that is long enough'
    const token = createHmac('sha256', secret).update('drain:till').digest('base64url')
    const env = { METRICS_TOKEN: 'another long secret' }
    const server = await startServer({ DRAIN_SECRETS: secret, ...env })
    const url = `${server.origin.replace('://', `://till:${token}@`)}/logs`
    const args = ['--seconds', '1', '--rate', '50', url]
    expect(await runDemo(args, env)).toMatchObject({ code: 0 })
    const again = await runDemo(args, env)
    expect(again.code).toBe(0)
    expect(again.stdout).toContain('numbers are the same')
    expect(again.stdout).not.toContain(token)

    const blind = await runDemo(args)
    expect(blind.code).toBe(0)
    expect(blind.stdout).toContain('Not compared with /metrics')

    const forged = await runDemo([...args.slice(0, -1), url.replace(token, 'x')], env)
    expect(forged.code).toBe(1)
    expect(forged.stdout).toContain('the last failure: HTTP 401')
  })

  test('says what differs', async () => {
    const liar = http.createServer((request, response) => {
      request.resume()
      if (request.method === 'POST') response.writeHead(204, { 'Content-Length': 0 }).end()
      else response.end('l2met_lines_total{app="shop",result="counted"} 5\n')
    })
    await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve))
    const { port } = liar.address() as AddressInfo
    const { code, stdout } = await runDemo(['--seconds', '1', `http://127.0.0.1:${port}/logs`])
    liar.closeAllConnections()
    liar.close()
    expect(code).toBe(1)
    expect(stdout).toMatch(/^lines .* differs$/m)
    expect(stdout).toMatch(/\d+ of \d+ numbers differ/)
  })

  test('says how to start a server when there is none', async () => {
    const gone = await startBuiltServer()
    await gone.stop()
    const { code, stderr } = await runDemo([`${gone.origin}/logs`])
    expect(code).toBe(1)
    expect(stderr).toContain(`No server answers at ${gone.origin}`)
    expect(stderr).toContain('npm start')
  })

  test.each([
    [['--seconds', '0'], '--seconds takes a whole number from 1 to 3600, not "0"'],
    [['ftp://127.0.0.1/'], 'has to begin with http:// or https://'],
    [['a', 'b'], 'One URL, not 2'],
    [['--bogus'], 'bogus'],
  ])('refuses %j', async (args, text) => {
    const { code, stderr } = await runDemo(args)
    expect(code).toBe(2)
    expect(stderr).toContain(text)
  })

  test('has help', async () => {
    const { code, stdout } = await runDemo(['--help'])
    expect(code).toBe(0)
    expect(stdout).toContain('--seconds')
  })
})
