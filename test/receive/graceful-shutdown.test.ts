import { pino } from 'pino'
import { expect, test } from 'vitest'
import { createConnections } from '../../src/receive/connections.ts'
import { addGracefulShutdown } from '../../src/receive/graceful-shutdown.ts'
import { createHttpServer } from '../../src/receive/http-server.ts'
import { connectRaw } from '../support/raw-http.ts'

test('connections that nothing came on hold nobody up, and one with a request does', async () => {
  const log = pino({ level: 'silent' })
  const connections = createConnections()
  const server = createHttpServer({ log, tls: undefined, connections, isPublic: false })
  // Nothing is cut off while this test runs.
  addGracefulShutdown(server, { connections, limitMs: 3_600_000 })
  let answer: (() => void) | undefined
  server.get('/slow', async () => {
    await new Promise<void>((resolve) => (answer = resolve))
    return 'done'
  })
  const address = await server.listen({ port: 0, host: '127.0.0.1' })
  const [unused, busy] = [await connectRaw(address), await connectRaw(address)]
  busy.write('GET /slow HTTP/1.1\r\nHost: h\r\n\r\n')
  await expect.poll(() => answer).toBeDefined()
  const closed = server.close()
  expect(await unused.closed()).toBe('')
  answer!()
  expect(await busy.closed()).toMatch(/ 200 OK\r\n[^]*done$/)
  await closed
})
