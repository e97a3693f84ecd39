import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { DRAIN_PATHS, type DrainPath } from './aliases.ts'
import { type Caller, type Drain, type DrainHeaders, type DrainQuery, readCaller } from './drain.ts'
import { createErrorHandler } from './error-handler.ts'
import { MAX_BODY, readBody, unpack } from './request-body.ts'
import { reasonOf } from './refusal-reason.ts'
import { RequestError } from './request-error.ts'

const NO_ROOM = 'too much is being received: there was no room for it in time'
const EMPTY = { 'content-length': '0' }
const TOO_LARGE = 413

/**
 * `POST /logs`, the drain, and the paths of others' drains, for all requests that `plain-posts.ts` leaves to the framework. Everything
 * that a stranger can be refused for is looked at before the body is read. `?resolution=` is accepted
 * and changes nothing: windows have fixed widths. `isClosing` says whether connections are to be
 * closed after their answers.
 */
export function addDrainRoute(
  server: FastifyInstance,
  drain: Drain,
  isClosing: () => boolean,
): void {
  const readBytes = async (request: FastifyRequest, caller: Caller): Promise<Buffer> => {
    let isWhole = false
    try {
      const body = await readBody(request.raw)
      isWhole = true
      return caller.isPacked ? await unpack(body) : body
    } catch (error) {
      // One that broke off was not refused by us.
      if (isWhole || statusOf(error) === TOO_LARGE)
        drain.noteRefused(caller, reasonOf(statusOf(error)))
      throw error
    }
  }

  /** Logplex can't read a chunked answer and expects a length, of a 204 too. */
  const answer = (reply: FastifyReply, status: 204 | 503, path: DrainPath) => {
    reply.hijack()
    if (isClosing()) reply.raw.setHeader('connection', 'close')
    if (status === 503 || path.status === 204) reply.raw.writeHead(status, EMPTY).end()
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
        const fail = (error: Error) => {
          // What is left of the body would be taken for the next request.
          if (!request.raw.complete) reply.header('connection', 'close')
          done(error)
        }
        drain.room.enter(caller.app, roomFor(request, caller), (leave) => {
          if (leave === undefined) {
            drain.logRefusal(503, NO_ROOM, { path: path.url, app: caller.app })
            drain.noteRefused(caller, 'no_room')
            return answer(reply, 503, path)
          }
          if (request.raw.destroyed) leave()
          else reply.raw.once('close', leave)
          void readBytes(request, caller)
            .then(async (bytes) => drain.receive(caller, bytes))
            .then((status) => answer(reply, status, path))
            .catch(fail)
          return undefined
        })
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

function appOf(drain: Drain, headers: DrainHeaders, query: DrainQuery): string {
  try {
    return drain.appOf(headers, query)
  } catch (error) {
    drain.noteRefused(undefined, 'credentials')
    throw error
  }
}

/** A body without a length may be as large as any, and so may what a packed one holds. */
function roomFor(request: FastifyRequest, { isPacked }: Caller): number {
  const length = request.headers['content-length']
  const packed = length === undefined ? MAX_BODY : Math.min(Number(length), MAX_BODY)
  return isPacked ? packed + MAX_BODY : packed
}

function statusOf(error: unknown): number | undefined {
  return error instanceof RequestError ? error.statusCode : undefined
}

function unreachable(): never {
  throw new Error('a refused request reached its handler')
}
