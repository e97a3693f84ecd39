import type { FastifyInstance } from 'fastify'

/**
 * `/healthz`: 200 while the process is alive. `/readyz`: 503 with the reasons why it shouldn't be
 * asked now. Both are open, so they tell no detail.
 */
export function addHealthRoutes(
  server: FastifyInstance,
  options: { readonly reasons: () => readonly string[] },
): void {
  server.get('/healthz', async (_request, reply) => {
    return reply.header('cache-control', 'no-store').send({ status: 'ok' })
  })
  server.get('/readyz', async (_request, reply) => {
    const reasons = options.reasons()
    reply.header('cache-control', 'no-store')
    if (reasons.length === 0) return reply.send({ status: 'ready' })
    return reply.code(503).send({ status: 'not ready', reasons })
  })
}
