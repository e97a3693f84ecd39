import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { DRAIN_PATHS, type DrainPath } from './aliases.ts'
import { type Connections, DRAIN_IDLE_MS } from './connections.ts'
import { type Caller, type Drain, type DrainQuery, readCaller } from './drain.ts'
import { createErrorHandler } from './error-handler.ts'
import { reasonOf } from './refusal-reason.ts'
import { BrokenOffError, useBody } from './request-body.ts'
import { RequestError } from './request-error.ts'

const EMPTY = { 'content-length': '0' }
const LATER = 503
/** Node would say how long it keeps those of strangers. */
const KEEP_ALIVE = new Map([
  ['connection', 'keep-alive'],
  ['keep-alive', `timeout=${DRAIN_IDLE_MS / 1000}`],
])

/**
 * `POST /logs`, the drain, and the paths of other drains. Everything that a stranger can be refused for is
 * checked before the body is read. `?resolution=` is accepted and has no effect: windows have fixed
 * widths. `isClosing` says whether connections are to be closed after their answers; those that drains
 * send on are proven.
 */
export function addDrainRoute(
  server: FastifyInstance,
  drain: Drain,
  options: { readonly connections: Pick<Connections, 'prove'>; readonly isClosing: () => boolean },
): void {
  const { connections, isClosing } = options

  const receive = async (
    request: FastifyRequest,
    caller: Caller,
    { url: path }: DrainPath,
  ): Promise<204 | 503> => {
    const { app, isPacked } = caller
    let isTaken = false
    try {
      return await useBody(
        request.raw,
        { limiter: drain.inFlight, app, isPacked },
        async (bytes) => {
          isTaken = true
          return drain.receive(caller, bytes)
        },
      )
    } catch (error) {
      if (isTaken || error instanceof BrokenOffError) throw error
      const status = statusOf(error)
      drain.noteRefused(caller, reasonOf(status))
      if (!(error instanceof RequestError) || status !== LATER) throw error
      drain.logRefusal(LATER, error.message, { path, app })
      return LATER
    }
  }

  /** Logplex can't read a chunked answer and expects a length, of a 204 too. */
  const answer = (reply: FastifyReply, status: 204 | 503, path: DrainPath) => {
    reply.hijack()
    if (isClosing() || !reply.request.raw.readableEnded) reply.raw.setHeader('connection', 'close')
    else if (reply.raw.shouldKeepAlive) reply.raw.setHeaders(KEEP_ALIVE)
    if (status !== LATER) connections.prove(reply.request.raw.socket)
    if (status === LATER || path.status === 204) reply.raw.writeHead(status, EMPTY).end()
    else reply.raw.writeHead(path.status, { 'content-length': path.text.length }).end(path.text)
  }

  void server.register(async (scope) => {
    // Logplex drops what is refused, and shows no answer to anyone.
    scope.setErrorHandler(
      createErrorHandler({ log: scope.log, format: 'text', isLoss: () => true }),
    )

    for (const path of DRAIN_PATHS) addPath(scope, path)
  })

  const addPath = (scope: FastifyInstance, path: DrainPath) => {
    scope.route({
      method: 'POST',
      url: path.url,
      onRequest: (request, reply, done) => {
        const caller = callerOf(drain, request)
        if (drain.isGuarded) connections.prove(request.raw.socket)
        receive(request, caller, path).then(
          (status) => answer(reply, status, path),
          (error: Error) => {
            // The rest of the body would be taken for the next request.
            if (!request.raw.readableEnded) reply.header('connection', 'close')
            done(error)
          },
        )
      },
      handler: unreachable,
    })
  }
}

function callerOf(drain: Drain, { headers, query }: FastifyRequest): Caller {
  const app = appOf(drain, headers, query as DrainQuery)
  try {
    return readCaller(drain, app, headers, query as DrainQuery)
  } catch (error) {
    const reason = statusOf(error) === 415 ? 'encoding' : 'query'
    drain.noteRefused({ app, prefix: '', sourcePrefix: '' }, reason)
    throw error
  }
}

function appOf(drain: Drain, headers: IncomingHttpHeaders, query: DrainQuery): string {
  try {
    return drain.appOf(headers, query)
  } catch (error) {
    drain.noteRefused(undefined, 'credentials')
    throw error
  }
}

function statusOf(error: unknown): number | undefined {
  return error instanceof RequestError ? error.statusCode : undefined
}

function unreachable(): never {
  throw new Error('a refused request reached its handler')
}
