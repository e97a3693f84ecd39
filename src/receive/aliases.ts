import { timingSafeEqual } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { userOf } from './credentials.ts'
import { createErrorHandler } from './error-handler.ts'
import { sealFernet } from './fernet.ts'
import type { FernetKey } from './old-drains.ts'
import type { InFlightLimiter } from './in-flight-limiter.ts'
import { useBody } from './request-body.ts'
import { RequestError } from './request-error.ts'

/** A path of a drain, and how a body that is counted is answered there. */
export interface DrainPath {
  readonly url: string
  readonly status: 200 | 204
  readonly text: string
}

/** Old drains come here by a new host name alone: their path and answer stay. One receiver serves all. */
export const DRAIN_PATHS: readonly DrainPath[] = [
  /** l2met, log-shuttle */
  { url: '/logs', status: 204, text: '' },
  /** lumbermill */
  { url: '/drain', status: 204, text: '' },
  /** the shims for Datadog */
  { url: '/', status: 200, text: 'OK' },
  /** Vector */
  { url: '/events', status: 200, text: '' },
  /** Grafana Alloy, Promtail */
  { url: '/heroku/api/v1/drain', status: 204, text: '' },
]

/** Whoever watched an old drain asks these. */
const ALIVE_PATHS = ['/healthy', '/status']

const MAX_SIGNED = 512
/** No app has such a name. */
const SIGNER = '/sign'

/** The other paths of old drains: their health checks, and `POST /sign` of l2met. */
export function addAliasRoutes(
  server: FastifyInstance,
  options: {
    readonly keys: readonly FernetKey[]
    readonly inFlight: InFlightLimiter
    readonly storeFault: () => string | undefined
  },
): void {
  const { keys, inFlight, storeFault } = options
  for (const url of ALIVE_PATHS)
    server.get(url, async (_request, reply) => reply.type('text/plain').send('OK'))
  server.get('/health', async (_request, reply) => {
    const fault = storeFault()
    reply.code(fault === undefined ? 200 : 503)
    return reply.type('text/plain').send(fault === undefined ? 'OK' : fault)
  })
  if (keys.length > 0) void server.register(async (scope) => addSignRoutes(scope, keys, inFlight))
}

/** Makes the user of an l2met drain URL, for those who know one of `SECRETS`. */
function addSignRoutes(
  scope: FastifyInstance,
  keys: readonly FernetKey[],
  limiter: InFlightLimiter,
): void {
  scope.setErrorHandler(createErrorHandler({ log: scope.log, format: 'text', isLoss: () => false }))
  scope.get('/sign', async () => {
    throw new RequestError(400, 'POST the text to sign, with one of SECRETS as user')
  })
  scope.post('/sign', {
    onRequest: (request, reply, done) => {
      const { headers, raw } = request
      const user = userOf(headers.authorization)
      if (user === undefined)
        return done(new RequestError(400, 'one of SECRETS has to be the user'))
      if (!keys.some(({ text }) => isSame(text, user)))
        return done(new RequestError(401, 'the user is none of SECRETS'))
      useBody(raw, { limiter, app: SIGNER, isPacked: false }, async (body) => {
        const text = body.toString('utf8').trim()
        if (text === '' || text.length > MAX_SIGNED)
          throw new RequestError(400, `the text to sign has 1 to ${MAX_SIGNED} characters`)
        return reply.type('text/plain').send(sealFernet(keys[0]!.key, text))
      }).catch(done)
      return undefined
    },
    handler: () => undefined,
  })
}

function isSame(a: string, b: string): boolean {
  const [first, second] = [Buffer.from(a), Buffer.from(b)]
  return first.length === second.length && timingSafeEqual(first, second)
}
