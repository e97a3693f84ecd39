import fastify from 'fastify'
import { Redis } from 'ioredis'
import { countNaively, createNaiveTotals } from './naive-line.ts'

// A drain as most are written: the body as a string, split on newlines, a regular expression a line.
// With REDIS_URL each answer waits for a PING, where one that keeps its windows there would write.
const { PORT, REDIS_URL } = process.env
const redis = REDIS_URL === undefined ? undefined : new Redis(REDIS_URL)
const totals = createNaiveTotals()
const server = fastify({ bodyLimit: 8 * 2 ** 20 })
server.addContentTypeParser('*', { parseAs: 'string' }, (_, body, done) => done(null, body))
server.post('/logs', async (request, reply) => {
  for (const line of (request.body as string).split('\n')) countNaively(totals, line)
  await redis?.ping()
  return reply.code(204).send()
})
await server.listen({ port: Number(PORT), host: '127.0.0.1' })
