import fastify from 'fastify'
import { countNaively, createNaiveTotals } from './naive-line.ts'

// A drain as most are written: the body as a string, split on newlines, a regular expression a line.
const totals = createNaiveTotals()
const server = fastify({ bodyLimit: 8 * 2 ** 20 })
server.addContentTypeParser('*', { parseAs: 'string' }, (_, body, done) => done(null, body))
server.post('/logs', async (request, reply) => {
  for (const line of (request.body as string).split('\n')) countNaively(totals, line)
  return reply.code(204).send()
})
await server.listen({ port: Number(process.env['PORT']), host: '127.0.0.1' })
