import type { FastifyInstance } from 'fastify'
import { Registry, collectDefaultMetrics } from 'prom-client'

/** `GET /metrics/process`: memory, CPU, event loop and garbage collection of this process alone. */
export function addProcessMetrics(server: FastifyInstance): void {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })

  server.get('/metrics/process', async (_request, reply) => {
    reply.header('cache-control', 'no-store')
    return reply.type(registry.contentType).send(await registry.metrics())
  })
}
