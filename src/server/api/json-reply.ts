import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'

const compress = promisify(gzip)
/** Below this the packed answer is hardly smaller. */
const WORTH_PACKING = 1400

/** Answers with JSON that nobody keeps, packed where the client takes it and it is worth it. */
export async function sendJson(
  request: FastifyRequest,
  reply: FastifyReply,
  body: unknown,
): Promise<FastifyReply> {
  const text = JSON.stringify(body)
  reply.header('content-type', 'application/json; charset=utf-8')
  reply.header('cache-control', 'no-store')
  reply.header('vary', 'Accept-Encoding')
  if (text.length < WORTH_PACKING || !takesGzip(request)) return reply.send(text)
  reply.header('content-encoding', 'gzip')
  return reply.send(await compress(text, { level: constants.Z_BEST_SPEED }))
}

/** Whether Accept-Encoding names gzip, and not with `q=0`. */
export function takesGzip(request: FastifyRequest): boolean {
  return /(?:^|[\s,])gzip(?!\s*;\s*q=0(?:\.0*)?(?:[\s,]|$))/.test(
    request.headers['accept-encoding'] ?? '',
  )
}
