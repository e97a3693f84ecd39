import type { FastifyInstance } from 'fastify'
import { Registry, collectDefaultMetrics } from 'prom-client'
import { askFleet } from '../fleet.ts'
import { SELF_CONTENT_TYPE, type SelfMetrics, joinSnapshots } from '../self-metrics.ts'

/**
 * `GET /metrics/process`: the state of each process of this machine, under its number, then memory, CPU,
 * event loop and garbage collection of the process that answers. Needs no store.
 */
export function addProcessMetrics(
  server: FastifyInstance,
  options: { readonly self: SelfMetrics },
): void {
  const { self } = options
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })

  server.get('/metrics/process', async (_request, reply) => {
    const [fleet, own] = await Promise.all([askFleet(self), registry.metrics()])
    reply.header('cache-control', 'no-store')
    return reply.type(SELF_CONTENT_TYPE).send(`${await joinSnapshots(fleet)}\n${own}`)
  })
}
