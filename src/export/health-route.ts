import type { FastifyInstance } from 'fastify'

/** HEAD too: uptime monitors ask with it. */
const METHODS = ['GET', 'HEAD']

/**
 * `/healthz`: 200 while the process is alive. `/readyz`: 503 with the reasons why it shouldn't be
 * asked now. Both are open, so they tell no detail.
 */
export function addHealthRoutes(
  server: FastifyInstance,
  options: { readonly reasons: () => readonly string[] },
): void {
  server.route({
    method: METHODS,
    url: '/healthz',
    handler: async (_request, reply) => {
      return reply.header('cache-control', 'no-store').send({ status: 'ok' })
    },
  })
  server.route({
    method: METHODS,
    url: '/readyz',
    handler: async (_request, reply) => {
      const reasons = options.reasons()
      reply.header('cache-control', 'no-store')
      if (reasons.length === 0) return reply.send({ status: 'ready' })
      return reply.code(503).send({ status: 'not ready', reasons })
    },
  })
}
