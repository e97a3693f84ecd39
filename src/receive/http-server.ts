import type { Server } from 'node:http'
import createFastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify'
import { createClientErrorHandler } from './client-error.ts'
import type { Connections } from './connections.ts'
import { createErrorHandler } from './error-handler.ts'
import { createRefusalLog } from './refusal-log.ts'
import { RequestError } from './request-error.ts'

/** A certificate and its key, PEM. */
export interface TlsFiles {
  readonly cert: Buffer
  readonly key: Buffer
}

/** A request has to arrive whole within this time, its headers sooner, ms. */
const REQUEST_TIMEOUT_MS = 10_000
const HEADERS_TIMEOUT_MS = 5000
const CHECK_EVERY_MS = 1000
/** Of an idle connection; connections.ts keeps those of drains for longer, ms. */
const KEEP_ALIVE_MS = 5000
/** A connection on which nothing moves, not even an answer, ms. Live streams send something each 20 s. */
const SILENT_MS = 30_000
const TLS_HANDSHAKE_MS = 10_000
const MAX_HEADER_BYTES = 8192
const MAX_HEADERS = 64
const MAX_CONNECTIONS = 4096
/** Node 20 would stop reading behind 16 KiB of a body that nobody has asked for yet, with two system calls. */
const READ_AHEAD_BYTES = 64 * 1024

/** The HTTP or HTTPS server with its limits, without routes. */
export function createHttpServer(options: {
  readonly log: FastifyBaseLogger
  readonly tls: TlsFiles | undefined
  readonly connections: Connections
  /** Whether browsers shall remember that this host speaks HTTPS. */
  readonly isPublic: boolean
}): FastifyInstance {
  const { log, tls, connections, isPublic } = options
  const headers = isPublic ? { ...SAFE_HEADERS, ...ONLY_HTTPS } : SAFE_HEADERS
  const answerError = createErrorHandler({ log, format: 'json', isLoss: isPost })
  const limits = {
    ...connections.messageClasses,
    headersTimeout: HEADERS_TIMEOUT_MS,
    connectionsCheckingInterval: CHECK_EVERY_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    highWaterMark: READ_AHEAD_BYTES,
  }
  const common = {
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    // A logger of its own for each request would cost more than what a drain's request writes to it.
    childLoggerFactory: () => log,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionTimeout: SILENT_MS,
    forceCloseConnections: 'idle' as const,
    // A 503 costs Logplex one of three tries; who has a connection is served until it closes.
    return503OnClosing: false,
    exposeHeadRoutes: true,
    routerOptions: { ignoreTrailingSlash: true },
    clientErrorHandler: createClientErrorHandler({
      connections,
      logRefusal: createRefusalLog((details, message) => log.warn(details, message)),
      maxHeaderBytes: MAX_HEADER_BYTES,
      headersTimeoutMs: HEADERS_TIMEOUT_MS,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
    }),
    // A path that can't be decoded is refused before any hook runs.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
      answerError(error, request, reply.headers(headers)),
  }
  const server =
    tls === undefined
      ? createFastify({ ...common, http: limits })
      : (createFastify({
          ...common,
          https: { ...limits, ...tls, minVersion: 'TLSv1.2', handshakeTimeout: TLS_HANDSHAKE_MS },
        }) as unknown as FastifyInstance)
  const http: HalfOpenServer = server.server
  http.maxHeadersCount = MAX_HEADERS
  http.maxConnections = MAX_CONNECTIONS
  // A sender that ends its half of the connection behind a request still gets its answer.
  http.httpAllowHalfOpen = true
  connections.follow(http)
  server.removeAllContentTypeParsers()
  server.setErrorHandler(answerError)
  server.setNotFoundHandler((request, reply) => {
    const url = request.url.split('?', 1)[0]!.replace(/(?<=.)\/$/, '')
    const allowed = METHODS.filter((method) => server.hasRoute({ method, url }))
    if (allowed.length === 0)
      throw new RequestError(404, 'there is nothing here; the drain is POST /logs')
    reply.header('allow', allowed.join(', '))
    throw new RequestError(405, `this takes ${allowed.join(' and ')}; the drain is POST /logs`)
  })
  server.addHook('onRequest', (_request, reply, done) => {
    reply.headers(headers)
    done()
  })
  return server
}

/** Known to Node 20 to 24, but not to its types. */
interface HalfOpenServer extends Server {
  httpAllowHalfOpen?: boolean
}

/** What is posted where there is no drain may be a drain with a wrong URL. */
function isPost({ method }: FastifyRequest): boolean {
  return method === 'POST'
}

/** Those that a route here may take. */
const METHODS = ['GET', 'HEAD', 'POST'] as const

const SAFE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'x-frame-options': 'DENY',
}
// Browsers take it from HTTPS answers only.
const ONLY_HTTPS = { 'strict-transport-security': 'max-age=31536000' }
