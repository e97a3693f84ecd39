import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { RequestError } from '../../receive/request-error.ts'
import { type PageFile, readPageFiles, toFile } from '../../report/page-assets.ts'
import { takesGzip } from './json-reply.ts'

/** Nothing but our own files; no text becomes code or markup. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

/** `GET /` and its files under `/page/`, from memory: a path that isn't a known name finds nothing. */
export async function addPageRoute(
  app: FastifyInstance,
  options: { readonly retentionMs: number },
): Promise<void> {
  const files = await readPageFiles()
  const text = files
    .get('index.html')!
    .text.replace(
      /data-retention-hours="\d+"/,
      `data-retention-hours="${options.retentionMs / 3_600_000}"`,
    )
  const index = toFile('index.html', Buffer.from(text))
  app.get('/', async (request, reply) => send(request, reply, index))
  app.get('/page/*', async (request, reply) => {
    const { '*': path } = request.params as { readonly '*': string }
    return send(request, reply, files.get(path))
  })
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  file: PageFile | undefined,
): FastifyReply {
  if (file === undefined) throw new RequestError(404, 'there is no such file; the page is at /')
  reply.header('content-security-policy', PAGE_POLICY)
  reply.header('x-content-type-options', 'nosniff')
  reply.header('referrer-policy', 'no-referrer')
  // Kept, but asked about each time: an upgrade of the server is an upgrade of the page.
  reply.header('cache-control', 'private, no-cache')
  reply.header('etag', file.etag)
  reply.header('vary', 'Accept-Encoding')
  if (request.headers['if-none-match']?.includes(file.etag)) return reply.code(304).send()
  reply.header('content-type', file.type)
  if (!takesGzip(request)) return reply.send(file.bytes)
  return reply.header('content-encoding', 'gzip').send(file.packed)
}
