import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { sumOf } from '../../src/demo/entry.ts'
import { createLogplex } from '../../src/demo/logplex.ts'
import { createTraffic } from '../../src/demo/traffic.ts'

interface Received {
  readonly headers: http.IncomingHttpHeaders
  readonly url: string
  readonly body: Buffer
}

const servers: http.Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

/** A server that answers what `answer` says; undefined closes the connection without an answer. */
async function startServer(answer: (n: number) => number | undefined) {
  const received: Received[] = []
  const flight = { now: 0, most: 0 }
  const server = http.createServer((request, response) => {
    flight.now += 1
    flight.most = Math.max(flight.most, flight.now)
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const { headers, url = '' } = request
      received.push({ headers, url, body: Buffer.concat(parts) })
      const status = answer(received.length)
      setImmediate(() => {
        flight.now -= 1
        if (status === undefined) request.socket.destroy()
        else response.writeHead(status, { 'Content-Length': 0 }).end()
      })
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { received, flight, url: new URL(`http://127.0.0.1:${port}/logs`) }
}

function pushLines(logplex: ReturnType<typeof createLogplex>, count: number): void {
  const next = createTraffic({
    seed: 1,
    start: Date.now(),
    requestsPerSecond: 50,
    storySeconds: 60,
  })
  for (let i = 0; i < count; i += 1) logplex.push(next())
}

describe('the sender', () => {
  test('sends what Logplex sends', async () => {
    const { received, url, flight } = await startServer(() => 204)
    url.username = 'shop'
    url.password = 'a%20token'
    const logplex = createLogplex(url, 1)
    pushLines(logplex, 500)
    const delivery = await logplex.finish(5000)
    expect(delivery).toMatchObject({ lines: 500, droppedLines: 0, retries: 0 })
    expect(delivery.frames).toBe(received.length)
    expect(sumOf(delivery.totals, 'line')).toBe(500)
    expect(flight.most).toBe(1)
    const messages = received.map(({ headers }) => Number(headers['logplex-msg-count']))
    expect(messages.reduce((a, b) => a + b)).toBe(500)
    for (const { headers, body } of received) {
      expect(headers).toMatchObject({
        'content-type': 'application/logplex-1',
        'content-length': String(body.length),
        'logplex-drain-token': expect.stringMatching(/^d\./),
        'logplex-frame-id': expect.stringMatching(/^[0-9A-F]{32}$/),
        authorization: `Basic ${Buffer.from('shop:a token').toString('base64')}`,
      })
    }
    expect(new Set(received.map(({ headers }) => headers['logplex-frame-id'])).size).toBe(
      received.length,
    )
  })

  test('tries three times under one id, then drops the frame', async () => {
    const { received, url } = await startServer(() => 503)
    const logplex = createLogplex(url, 1)
    pushLines(logplex, 1)
    expect(await logplex.finish(5000)).toMatchObject({
      lines: 0,
      droppedLines: 1,
      retries: 2,
      fault: 'HTTP 503',
    })
    expect(received).toHaveLength(3)
    expect(new Set(received.map(({ headers }) => headers['logplex-frame-id'])).size).toBe(1)
  })

  test('a closed connection is worth another try', async () => {
    const { received, url } = await startServer((n) => (n === 1 ? undefined : 200))
    const logplex = createLogplex(url, 1)
    pushLines(logplex, 1)
    expect(await logplex.finish(5000)).toMatchObject({ lines: 1, droppedLines: 0, retries: 1 })
    expect(received).toHaveLength(2)
  })

  test('a 4xx is final, but for 429', async () => {
    const refusing = await startServer(() => 401)
    const logplex = createLogplex(refusing.url, 1)
    pushLines(logplex, 1)
    expect(await logplex.finish(5000)).toMatchObject({ droppedLines: 1, fault: 'HTTP 401' })
    expect(refusing.received).toHaveLength(1)

    const busy = await startServer((n) => (n < 3 ? 429 : 204))
    const patient = createLogplex(busy.url, 1)
    pushLines(patient, 1)
    expect(await patient.finish(5000)).toMatchObject({ lines: 1, retries: 2 })
  })

  test('nobody listening costs no try', async () => {
    const { url } = await startServer(() => 204)
    const server = servers[0]!
    await new Promise((resolve) => server.close(resolve))
    const logplex = createLogplex(url, 1)
    pushLines(logplex, 1)
    await sleep(100)
    await new Promise<void>((resolve) => server.listen(Number(url.port), '127.0.0.1', resolve))
    expect(await logplex.finish(10_000)).toMatchObject({ lines: 1, droppedLines: 0, retries: 0 })
  })

  test('a full buffer loses its oldest lines', async () => {
    const { url } = await startServer(() => 204)
    const logplex = createLogplex(url, 1)
    pushLines(logplex, 2000)
    const delivery = await logplex.finish(10_000)
    expect(delivery.droppedLines).toBeGreaterThan(0)
    expect(delivery.lines + delivery.droppedLines).toBe(2000)
    expect(sumOf(delivery.totals, 'line')).toBe(delivery.lines)
  })
})
