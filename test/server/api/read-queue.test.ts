import createFastify from 'fastify'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { type ReadQueueOptions, addReadQueue } from '../../../src/server/api/read-queue.ts'
import { connectRaw } from '../../support/raw-http.ts'

const servers: { close(): Promise<unknown> }[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

/** A server whose scrapes end when they are let go. */
async function start(options: ReadQueueOptions, body = 'done') {
  const server = createFastify({ forceCloseConnections: true })
  addReadQueue(server, options)
  const held: (() => void)[] = []
  server.get('/metrics', async () => {
    await new Promise<void>((resolve) => held.push(resolve))
    return body
  })
  server.get('/api/alerts', async () => 'light')
  servers.push(server)
  const address = await server.listen({ port: 0, host: '127.0.0.1' })
  const get = async (path = '/metrics') => {
    const response = await fetch(address + path)
    return { status: response.status, text: await response.text(), headers: response.headers }
  }
  const letAllGo = async (count: number) => {
    for (let i = 0; i < count; i += 1) {
      await expect.poll(() => held.length).toBeGreaterThan(0)
      held.shift()!()
    }
  }
  return { address, get, held, letAllGo }
}

describe('scrapes and queries', () => {
  test('run a few at once, and the others wait in their order', async () => {
    const { get, held, letAllGo } = await start({ maxRunning: 2 })
    const all = Array.from({ length: 8 }, async () => get())
    await expect.poll(() => held.length).toBe(2)
    expect((await get('/api/alerts')).text).toBe('light')
    expect(held).toHaveLength(2)
    await letAllGo(8)
    expect((await Promise.all(all)).map(({ status }) => status)).toEqual(Array(8).fill(200))
  })

  test('are refused with 503 when too many wait, or one waits too long', async () => {
    const { get, held, letAllGo } = await start({ maxRunning: 1, maxWaiting: 1, waitMs: 100 })
    const first = get()
    await expect.poll(() => held.length).toBe(1)
    const refused = await Promise.all([get(), get(), get()])
    for (const { status, text, headers } of refused) {
      expect(status).toBe(503)
      expect(text).toContain('ask again')
      expect(headers.get('retry-after')).toBe('1')
    }
    await letAllGo(1)
    expect((await first).status).toBe(200)
    const last = get()
    await letAllGo(1)
    expect((await last).status).toBe(200)
  })

  test('the next one runs when a reader is gone', async () => {
    const { address, get, held, letAllGo } = await start({ maxRunning: 1 })
    const [running, waiting] = [await connectRaw(address), await connectRaw(address)]
    running.write('GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n')
    await expect.poll(() => held.length).toBe(1)
    waiting.write('GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n')
    await sleep(50)
    waiting.socket.destroy()
    await sleep(50)
    running.socket.destroy()
    const next = get()
    await letAllGo(2)
    expect((await next).status).toBe(200)
  })

  test('an answer that nobody reads is cut off', async () => {
    const { address, get, letAllGo } = await start({ maxRunning: 1, readMs: 2000 }, 'x'.repeat(3e7))
    const reader = await connectRaw(address)
    reader.socket.pause()
    reader.write('GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n')
    await letAllGo(1)
    const next = get()
    await letAllGo(1)
    expect((await next).text).toHaveLength(3e7)
  })
})
