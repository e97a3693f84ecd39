import { expect, onTestFinished, test } from 'vitest'
import { startBuiltServer } from '../support/built-server.ts'
import { routerBody } from '../support/app.ts'
import { startOtlpReceiver } from '../support/otlp-receiver.ts'

test('a server that ends pushes what it counted to OTLP_ENDPOINT', async () => {
  const receiver = await startOtlpReceiver()
  onTestFinished(receiver.stop)
  const server = await startBuiltServer({
    OTLP_ENDPOINT: `http://someone:hunter2@127.0.0.1:${receiver.port}/otlp`,
  })
  const answer = await fetch(`${server.origin}/logs?app=shop`, {
    method: 'POST',
    body: routerBody(3),
    headers: { 'content-type': 'application/logplex-1' },
  })
  expect(answer.status).toBe(204)
  expect(await server.stop()).toBe(0)
  const [request] = receiver.requests
  expect(request?.path).toBe('/otlp/v1/metrics')
  expect(request?.headers.authorization).toBe(`Basic ${btoa('someone:hunter2')}`)
  const requests = 'heroku_router_requests_total{app=shop,dyno=web.1,status=200}'
  expect(request?.points.get(requests)?.asDouble).toBe(3)
  expect(server.said()).not.toContain('hunter2')
})
