import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type ReadToken, type Reader, createReadAuth } from '../../receive/credentials.ts'
import { RequestError } from '../../receive/request-error.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on all routes that need a token to read. */
    reader: Reader
  }
}

/** Routes that show a reader of some apps only these, or nothing of any app. */
const OPEN = new Set(['/', '/page/*', '/welcome', '/api/apps', '/metrics'])

/**
 * Lets nobody read without a token. A token of some apps reads `/api/` of these: `app` has to be one of
 * them, and needs not be given when there is one.
 */
export function addReadAuth(server: FastifyInstance, tokens: readonly ReadToken[]): void {
  const readerOf = createReadAuth(tokens)
  server.decorateRequest('reader')
  server.addHook('onRequest', async (request) => {
    request.reader = readerOf(request.headers.authorization)
    if (request.reader.apps !== undefined) limitTo(request.reader.apps, request)
  })
}

function limitTo(apps: ReadonlySet<string>, request: FastifyRequest): void {
  const route = request.routeOptions.url ?? ''
  if (OPEN.has(route)) return
  const query = request.query as Record<string, unknown>
  const [first] = apps
  if (apps.size === 1 && (query['app'] === undefined || query['app'] === '')) query['app'] = first
  const { app } = query
  if (route.startsWith('/api/') && typeof app === 'string' && apps.has(app)) return
  throw new RequestError(
    403,
    `this token reads ${[...apps].join(' and ')} only, under /api/ with app=`,
  )
}
