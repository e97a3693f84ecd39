import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { createBodyRoom } from './body-room.ts'
import type { DrainAuth } from './credentials.ts'
import { createErrorHandler } from './error-handler.ts'
import { type Lateness, createLateLog } from './late-log.ts'
import { MAX_BODY, isGzip, readBody, unpack } from './request-body.ts'
import { createRefusalLog } from './refusal-log.ts'
import { RequestError } from './request-error.ts'

/** Where a body comes from. */
export interface DrainSource {
  readonly app: string
  /** Drain options `prefix` and `source-prefix`. */
  readonly prefix: string
  readonly sourcePrefix: string
}

/** One body of a drain, unpacked. */
export interface DrainBody extends DrainSource {
  /** The sender's id of this body, the same when it tries again; undefined when it has none. */
  readonly id: string | undefined
  readonly bytes: Uint8Array
}

export interface DrainResult extends Lateness {
  readonly malformed: number
}

/** Counts a body. What it resolves is acknowledged; `refused` tells the sender to try again. */
export type TakeBody = (body: DrainBody) => Promise<DrainResult | 'refused'>

/** What is known of a request before its body is read. */
interface Caller extends Omit<DrainBody, 'bytes'> {
  readonly isPacked: boolean
  /** Whether the content type names something that is no log. */
  readonly isForeign: boolean
}

const LOG_TYPES = new Set([
  '',
  'application/logplex-1',
  'application/x-logplex-1',
  // What curl says when it isn't told: it knows nothing of the body.
  'application/x-www-form-urlencoded',
])
/** Bodies in work at one time, bytes, and how long one may wait for the others: Logplex waits 5 s. */
const ROOM = { limit: 64 * 1024 * 1024, appLimit: 2 * MAX_BODY, waitMs: 4000 }
const NO_ROOM = 'too much is being received: there was no room for it in time'
const EMPTY = { 'content-length': '0' }
const TOO_LARGE = 413
const NAME_PREFIX = /^[A-Za-z0-9_.:/-]{0,64}$/
const FRAME_ID = /^[\x21-\x7e]{1,128}$/

/**
 * `POST /logs`, the drain. Everything that a stranger can be refused for is looked at before the
 * body is read. `?resolution=` is accepted and changes nothing: windows have fixed widths.
 */
export function addDrainRoute(
  server: FastifyInstance,
  options: {
    readonly auth: DrainAuth
    readonly take: TakeBody
    /** Is told of a body of a known app that is refused before it is taken. */
    readonly refuse: (source: DrainSource) => Promise<void>
    /** Whether connections are to be closed after their answers. */
    readonly isClosing: () => boolean
  },
): void {
  const { auth, take, refuse, isClosing } = options
  const room = createBodyRoom(ROOM)
  const warn = (details: object, message: string) => server.log.warn(details, message)
  const noteLateness = createLateLog(warn)
  const logRefusal = createRefusalLog(warn)

  /** Reads and counts a body; gives the status of the answer. */
  const receive = async (request: IncomingMessage, caller: Caller): Promise<204 | 503> => {
    const { app, id, prefix, sourcePrefix, isForeign } = caller
    const bytes = await readBytes(request, caller)
    const result = await take({ app, id, prefix, sourcePrefix, bytes })
    if (result === 'refused') {
      logRefusal(503, 'it could be neither stored nor held', { path: '/logs', app })
      return 503
    }
    noteLateness(app, result)
    if (isForeign && result.lines > 0 && result.malformed === result.lines)
      throw new RequestError(
        415,
        'no line of this body could be read: it has to be application/logplex-1',
      )
    return 204
  }

  const readBytes = async (request: IncomingMessage, caller: Caller): Promise<Buffer> => {
    let isWhole = false
    try {
      const body = await readBody(request)
      isWhole = true
      return caller.isPacked ? await unpack(body) : body
    } catch (error) {
      // One that broke off was not refused by us.
      if (isWhole || statusOf(error) === TOO_LARGE) noteRefused(caller)
      throw error
    }
  }

  const noteRefused = ({ app, prefix, sourcePrefix }: DrainSource) => {
    refuse({ app, prefix, sourcePrefix }).catch((err: unknown) =>
      server.log.error({ err }, 'a refused body could not be counted'),
    )
  }

  /** Says what a request of an app with good credentials is; throws RequestError when that is nothing good. */
  const callerOf = (request: FastifyRequest): Caller => {
    const query = request.query as Record<string, unknown>
    const app = auth(request.headers.authorization, textOf(query, 'app'))
    try {
      return readCaller(request, app)
    } catch (error) {
      noteRefused({ app, prefix: '', sourcePrefix: '' })
      throw error
    }
  }

  /** Answers without a body. Logplex can't read a chunked answer and expects a length, of a 204 too. */
  const answer = (reply: FastifyReply, status: 204 | 503) => {
    reply.hijack()
    if (isClosing()) reply.raw.setHeader('connection', 'close')
    reply.raw.writeHead(status, EMPTY).end()
  }

  void server.register(async (scope) => {
    // Logplex drops what is refused, and shows no answer to anyone.
    scope.setErrorHandler(
      createErrorHandler({ log: scope.log, format: 'text', isLoss: () => true }),
    )

    // The framework finds the route and answers what is refused. What it would do for a body and an
    // answer beyond that costs as much as counting 50 lines, so bodies are read and acknowledged here.
    scope.route({
      method: 'POST',
      url: '/logs',
      onRequest: (request, reply, done) => {
        const caller = callerOf(request)
        const fail = (error: Error) => {
          // What is left of the body would be taken for the next request.
          if (!request.raw.complete) reply.header('connection', 'close')
          done(error)
        }
        room.enter(caller.app, roomFor(request, caller), (leave) => {
          if (leave === undefined) {
            logRefusal(503, NO_ROOM, { path: '/logs', app: caller.app })
            noteRefused(caller)
            return answer(reply, 503)
          }
          if (request.raw.destroyed) leave()
          else reply.raw.once('close', leave)
          void receive(request.raw, caller)
            .then((status) => answer(reply, status))
            .catch(fail)
          return undefined
        })
      },
      handler: unreachable,
    })
  })
}

/** A body without a length may be as large as any, and so may what a packed one holds. */
function roomFor(request: FastifyRequest, { isPacked }: Caller): number {
  const length = request.headers['content-length']
  const packed = length === undefined ? MAX_BODY : Math.min(Number(length), MAX_BODY)
  return isPacked ? packed + MAX_BODY : packed
}

function readCaller(request: FastifyRequest, app: string): Caller {
  const { headers } = request
  const query = request.query as Record<string, unknown>
  const type = headers['content-type']?.split(';', 1)[0]!.trim().toLowerCase() ?? ''
  return {
    app,
    id: frameId(request),
    prefix: namePrefix(query, 'prefix'),
    sourcePrefix: namePrefix(query, 'source-prefix'),
    isPacked: isGzip(headers['content-encoding']),
    isForeign: !LOG_TYPES.has(type),
  }
}

/** log-shuttle posts without a frame id, but its request id stays the same when it tries again. */
function frameId({ headers }: FastifyRequest): string | undefined {
  const isShuttle = headers['user-agent']?.startsWith('log-shuttle/') ?? false
  const id = headers['logplex-frame-id'] ?? (isShuttle ? headers['x-request-id'] : undefined)
  return typeof id === 'string' && FRAME_ID.test(id) ? id : undefined
}

function namePrefix(query: Record<string, unknown>, name: string): string {
  const text = textOf(query, name) ?? ''
  if (NAME_PREFIX.test(text)) return text
  throw new RequestError(400, `${name} has at most 64 of the characters A-Z a-z 0-9 _ . : / -`)
}

function textOf(query: Record<string, unknown>, name: string): string | undefined {
  const value = query[name]
  if (value === undefined || typeof value === 'string') return value
  throw new RequestError(400, `${name} is given more than once`)
}

function statusOf(error: unknown): number | undefined {
  return error instanceof RequestError ? error.statusCode : undefined
}

function unreachable(): never {
  throw new Error('a refused request reached its handler')
}
