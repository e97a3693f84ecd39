import type { Socket } from 'node:net'
import createFastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify'
import { createErrorHandler } from './error-handler.ts'
import { type RefusalLog, createRefusalLog } from './refusal-log.ts'
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
/** Logplex keeps an idle connection for 255 s, and one that we close costs it a try. */
export const KEEP_ALIVE_MS = 310_000
const TLS_HANDSHAKE_MS = 10_000
export const MAX_HEADER_BYTES = 8192
export const MAX_HEADERS = 64
const MAX_CONNECTIONS = 4096

/** The HTTP or HTTPS server with its limits, without routes. */
export function createHttpServer(options: {
  readonly log: FastifyBaseLogger
  readonly tls: TlsFiles | undefined
  /** Whether browsers shall remember that this host speaks HTTPS. */
  readonly isPublic: boolean
}): FastifyInstance {
  const { log, tls, isPublic } = options
  const headers = isPublic ? { ...SAFE_HEADERS, ...ONLY_HTTPS } : SAFE_HEADERS
  const answerError = createErrorHandler({ log, format: 'json', isLoss: isPost })
  const logRefusal = createRefusalLog((details, message) => log.warn(details, message))
  const limits = {
    headersTimeout: HEADERS_TIMEOUT_MS,
    connectionsCheckingInterval: CHECK_EVERY_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
  }
  const common = {
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    // A logger of its own for each request would cost more than what a drain's request writes to it.
    childLoggerFactory: () => log,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle' as const,
    // A 503 costs Logplex one of three tries; who has a connection is served until it closes.
    return503OnClosing: false,
    exposeHeadRoutes: true,
    routerOptions: { ignoreTrailingSlash: true },
    clientErrorHandler: (error: NodeJS.ErrnoException, socket: Socket) =>
      answerClientError(error, socket, logRefusal),
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
  server.server.maxHeadersCount = MAX_HEADERS
  server.server.maxConnections = MAX_CONNECTIONS
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

interface ClientError {
  readonly status: number
  readonly text: string
  /** For the log: it may have been a drain. */
  readonly reason?: string
}

const CLIENT_ERRORS = new Map<string | undefined, ClientError>([
  [
    'HPE_HEADER_OVERFLOW',
    {
      status: 431,
      text: 'Request Header Fields Too Large',
      reason: `its head is longer than ${MAX_HEADER_BYTES} bytes`,
    },
  ],
  [
    'ERR_HTTP_REQUEST_TIMEOUT',
    {
      status: 408,
      text: 'Request Timeout',
      reason: `it did not come whole within ${REQUEST_TIMEOUT_MS / 1000} s, or its head within ${HEADERS_TIMEOUT_MS / 1000} s`,
    },
  ],
])
const NOT_HTTP: ClientError = { status: 400, text: 'Bad Request' }

/** Answers what isn't HTTP, comes too slowly or has too long a head, and closes. */
function answerClientError(
  error: NodeJS.ErrnoException,
  socket: Socket,
  logRefusal: RefusalLog,
): void {
  const { status, text, reason } = CLIENT_ERRORS.get(error.code) ?? NOT_HTTP
  if (reason !== undefined) logRefusal(status, reason, {})
  if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy()
  else socket.end(`HTTP/1.1 ${status} ${text}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
