import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import type { Report } from '../../src/report/report-object.ts'
import { routerBody } from '../support/app.ts'
import { type BuiltServer, runBuiltServer, startBuiltServer } from '../support/built-server.ts'

const servers: BuiltServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()))
})

async function start(env: Record<string, string> = {}): Promise<BuiltServer> {
  const server = await startBuiltServer(env)
  servers.push(server)
  return server
}

describe('the command line', () => {
  test('tells what there is', async () => {
    for (const args of [['--help'], ['-h'], ['serve', '--help'], ['drain-url', '--help']]) {
      const { code, stdout, stderr } = await runBuiltServer(args)
      expect([code, stderr], args.join(' ')).toEqual([0, ''])
      expect(stdout).toContain('Usage: l2met')
    }
    expect(await runBuiltServer(['--version'])).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      stderr: '',
    })
  })

  test.each([
    [['frob']],
    [['--frob']],
    [['serve', 'now']],
    [['serve', '--now']],
    [['drain-url']],
    [['drain-url', 'a', 'b']],
    [['drain-url', 'a/b']],
    [['drain-url', 'a', '--host', 'https://h.example.com/']],
    [['drain-url', 'a', '--host', '']],
  ])('refuses %j with its usage', async (args) => {
    const { code, stdout, stderr } = await runBuiltServer(args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^l2met: [^\n]+\n\nl2met [^]*Usage: l2met/)
  })

  test('prints the drain URL of an app, made with the first secret', async () => {
    const env = { DRAIN_SECRETS: 'the-first-secret-1,the-second-secret' }
    const { code, stdout, stderr } = await runBuiltServer(
      ['drain-url', 'my-app', '--host', 'h.example.com'],
      env,
    )
    // As printf drain:my-app | openssl dgst -sha256 -hmac the-first-secret-1 -binary | base64 says.
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toBe(
      'https://my-app:ys5AklBcB0wFfO8LcjYVC9LDARST7o1y8ZLjcn0oVd4@h.example.com/logs\n',
    )
    const hostless = await runBuiltServer(['drain-url', 'my-app'], env)
    expect([hostless.code, hostless.stdout]).toEqual([0, stdout.replace('h.example.com', 'HOST')])
    expect(hostless.stderr).toContain('--host')
    const { code: refused, stderr: reason } = await runBuiltServer(['drain-url', 'my-app'])
    expect(refused).toBe(1)
    expect(reason).toContain('DRAIN_SECRETS')
  })

  test('tells every fault of the environment in one message', async () => {
    const { code, stdout, stderr } = await runBuiltServer([], {
      PORT: 'x',
      DYNO: 'web.1',
      HOLD_MS: '-1',
    })
    expect([code, stdout]).toEqual([1, ''])
    for (const name of ['PORT', 'DRAIN_SECRETS', 'METRICS_TOKEN', 'HOLD_MS'])
      expect(stderr).toContain(`\n  ${name}: `)
  })

  test('says in one line that the port is taken', async () => {
    const { origin } = await start()
    const { port } = new URL(origin)
    const { code, stdout, stderr } = await runBuiltServer([], { PORT: port })
    expect([code, stderr]).toEqual([1, ''])
    expect(stdout.trim().split('\n')).toEqual([expect.stringContaining(`port ${port} is taken`)])
  })
})

/** Posts bodies one after the other on one connection until the server refuses it. */
async function postUntilRefused(
  origin: string,
  app: string,
  acknowledged: { lines: number },
): Promise<string> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const payload = routerBody(20)
  const post = () =>
    new Promise<string>((resolve) => {
      const posting = request(
        `${origin}/logs?app=${app}`,
        {
          method: 'POST',
          agent,
          headers: { 'content-type': 'application/logplex-1', 'content-length': payload.length },
        },
        (answer) => {
          answer.resume()
          answer.once('end', () => resolve(String(answer.statusCode)))
        },
      )
      posting.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
      posting.end(payload)
    })
  for (;;) {
    const result = await post()
    if (result !== '204') {
      agent.destroy()
      return result
    }
    acknowledged.lines += 20
  }
}

describe('signals', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s under load: every request is answered, then the program ends',
    async (signal) => {
      const server = await start()
      const acknowledged = { lines: 0 }
      const senders = Array.from({ length: 20 }, (_, i) =>
        postUntilRefused(server.origin, `app-${i % 4}`, acknowledged),
      )
      while (acknowledged.lines < 4000) await sleep(5)
      server.signal(signal)
      // A sender may find the door closed, but no answer broken off.
      expect(new Set(await Promise.all(senders))).toEqual(new Set(['ECONNREFUSED']))
      expect(await server.exited).toBe(0)
      expect(server.said()).toContain(`${signal}: stopping`)
      expect(server.said()).toContain('in-memory metrics were discarded')
    },
  )

  test('what was acknowledged is counted', async () => {
    const server = await start()
    const payload = routerBody(100)
    const statuses = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const url = `${server.origin}/logs?app=a`
        return (await fetch(url, { method: 'POST', body: payload })).status
      }),
    )
    expect(new Set(statuses)).toEqual(new Set([204]))
    const report = (await (await fetch(`${server.origin}/api/report`)).json()) as Report
    expect(report.requests.count).toBe(5000)
  })
})
