import { gunzipSync } from 'node:zlib'
import createFastify from 'fastify'
import { describe, expect, test } from 'vitest'
import { addMetricsRoute } from '../../src/server/api/metrics.ts'
import { createCollector } from '../../src/export/prometheus/collect.ts'
import { OPENMETRICS, PROTOBUF, TEXT, chooseFormat } from '../../src/export/prometheus/negotiate.ts'
import { toReadFault } from '../../src/receive/read-log.ts'
import { RequestError } from '../../src/receive/request-error.ts'
import type { Store } from '../../src/store/store.ts'
import { decodeFamilies } from '../support/metrics-proto.ts'
import { type Target, createTarget, samplesOf } from '../support/scrape.ts'

const TEXT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'
const OPENMETRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
const PROTOBUF_TYPE =
  'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'

/** As Prometheus sends it: 2.42 with native histograms, 2.42 without, 3.x. */
const PROMETHEUS = {
  native:
    'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
  plain:
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
  three:
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1',
}

test.each([
  [undefined, TEXT],
  ['', TEXT],
  ['*/*', TEXT],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', TEXT],
  ['image/png', TEXT],
  ['text/plain;q=0', TEXT],
  ['text/*', TEXT],
  [PROMETHEUS.native, PROTOBUF],
  [PROMETHEUS.plain, OPENMETRICS],
  [PROMETHEUS.three, OPENMETRICS],
  ['application/openmetrics-text', OPENMETRICS],
  ['application/openmetrics-text; version="1.0.0"; charset=utf-8', OPENMETRICS],
  ['Application/OpenMetrics-Text;Version=1.0.0;Q=1', OPENMETRICS],
  ['application/openmetrics-text;version=0.0.1', TEXT],
  ['application/openmetrics-text;version=2.0.0,text/plain;version=0.0.4;q=0.1', TEXT],
  ['application/openmetrics-text;q=0.4,text/plain;q=0.5', TEXT],
  ['application/openmetrics-text;q=0.5,text/plain;q=0.5', OPENMETRICS],
  ['text/plain;q=0.5,application/openmetrics-text;q=0.5', TEXT],
  ['application/openmetrics-text;q=nonsense,text/plain;q=0.1', TEXT],
  ['application/vnd.google.protobuf;proto=other.Message;encoding=delimited', TEXT],
  ['application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text', TEXT],
  [';;,,q=1;=', TEXT],
])('Accept: %s', (accept, format) => {
  expect(chooseFormat(accept)).toBe(format)
})

describe('GET /metrics', () => {
  test('in three formats, each with its exact type', async () => {
    const target = createTarget()
    await target.send('shop', 'web.1', 'count#mail.sent=3')
    const get = serve(target)
    const text = await get()
    expect(text.statusCode).toBe(200)
    expect(text.headers).toMatchObject({
      'content-type': TEXT_TYPE,
      vary: 'Accept, Accept-Encoding',
    })
    expect(text.headers['content-length']).toBe(String(text.rawPayload.length))
    expect(samplesOf(text.body).get('app_mail_sent_total{app="shop"}')).toBe(3)
    const openMetrics = await get({ accept: PROMETHEUS.plain })
    expect(openMetrics.headers['content-type']).toBe(OPENMETRICS_TYPE)
    expect(openMetrics.body.endsWith('\n# EOF\n')).toBe(true)
    expect(samplesOf(openMetrics.body)).toEqual(samplesOf(text.body))
    const protobuf = await get({ accept: PROMETHEUS.native })
    expect(protobuf.headers['content-type']).toBe(PROTOBUF_TYPE)
    const mail = decodeFamilies(protobuf.rawPayload).find(
      ({ name }) => name === 'app_mail_sent_total',
    )
    expect(mail?.metric[0]?.counter?.value).toBe(3)
  })

  test('packed where the client takes gzip', async () => {
    const get = serve(createTarget())
    const plain = await get()
    expect(plain.headers['content-encoding']).toBeUndefined()
    const packed = await get({ 'accept-encoding': 'gzip' })
    expect(packed.headers['content-encoding']).toBe('gzip')
    expect(gunzipSync(packed.rawPayload).toString()).toBe(plain.body)
    const refused = await get({ 'accept-encoding': 'gzip;q=0, identity' })
    expect(refused.headers['content-encoding']).toBeUndefined()
  })

  test('answers 503 without the store', async () => {
    const target = createTarget()
    await target.send('shop', 'web.1', 'count#mail.sent=3')
    const gone = { ...target.store, totals: async () => Promise.reject(new Error('gone')) }
    const get = serve(target, gone)
    for (const accept of ['text/plain', PROMETHEUS.plain]) {
      const answer = await get({ accept })
      expect(answer.statusCode).toBe(503)
      expect(answer.body).not.toContain('mail')
    }
  })

  test('does not wait for ever for the store', async () => {
    const target = createTarget()
    const silent = { ...target.store, totals: () => new Promise<never>(() => {}) }
    const answer = await serve(target, silent)()
    expect(answer.statusCode).toBe(503)
  })
})

function serve(target: Target, store: Store = target.store) {
  const server = createFastify()
  const collector = createCollector({ store, version: '1.2.3' })
  server.setErrorHandler(async (error, _request, reply) => {
    return reply.code(toReadFault(error) instanceof RequestError ? 503 : 500).send('')
  })
  addMetricsRoute(server, { collectorOf: () => collector, flush: async () => {} })
  return async (headers: Record<string, string> = {}) => server.inject({ url: '/metrics', headers })
}
