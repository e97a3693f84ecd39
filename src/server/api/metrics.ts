import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { constants, createGzip } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import type { Collector } from '../../export/prometheus/collect.ts'
import type { MetricFamily } from '../../export/prometheus/family.ts'
import { chooseFormat, renderBody } from '../../export/prometheus/negotiate.ts'
import type { Reader } from '../../receive/credentials.ts'
import { takesGzip } from './json-reply.ts'

/** Prometheus waits 10 s for a scrape; it has to hear in time that the store is silent. */
const STORE_WAIT_MS = 5000

/**
 * `GET /metrics` in the format that Accept asks for; 503 when the store can't be read: a gap is harmless,
 * a wrong number isn't.
 */
export function addMetricsRoute(
  server: FastifyInstance,
  options: {
    /** Collects the apps that a reader may see. */
    readonly collectorOf: (reader: Reader) => Collector
    /** Commits what this process has yet to count. */
    readonly flush: () => Promise<void>
  },
): void {
  const { collectorOf, flush } = options
  const readFamilies = async (reader: Reader) => {
    await flush()
    return (await collectorOf(reader).collect()).families
  }

  server.get('/metrics', async (request, reply) => {
    const format = chooseFormat(request.headers.accept)
    const families = await withinTime(readFamilies(request.reader))
    const blocks = await renderBody(format, families)
    reply.header('content-type', format.contentType)
    reply.header('cache-control', 'no-store')
    reply.header('vary', 'Accept, Accept-Encoding')
    const body = Readable.from(blocks)
    if (!takesGzip(request)) {
      reply.header('content-length', lengthOf(blocks))
      return reply.send(body)
    }
    reply.header('content-encoding', 'gzip')
    return reply.send(await buffer(body.pipe(createGzip({ level: constants.Z_BEST_SPEED }))))
  })
}

function lengthOf(blocks: readonly Buffer[]): number {
  return blocks.reduce((sum, { length }) => sum + length, 0)
}

async function withinTime(families: Promise<MetricFamily[]>): Promise<MetricFamily[]> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`the store hasn't answered for ${STORE_WAIT_MS} ms`)),
      STORE_WAIT_MS,
    )
  })
  try {
    return await Promise.race([families, timeout])
  } finally {
    clearTimeout(timer)
  }
}
