import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import { userOf } from './credentials.ts'
import { createRefusalLog } from './refusal-log.ts'
import { RequestError } from './request-error.ts'

type ErrorHandler = (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply

const MAX_PATH = 64
/** Of a name on Heroku; what is longer may be a secret in the wrong place. */
const MAX_APP = 30

/**
 * The one place where errors become answers: what the sender did wrong is said to the sender, what
 * went wrong here is logged and not shown.
 */
export function createErrorHandler(options: {
  readonly log: FastifyBaseLogger
  readonly format: 'json' | 'text'
  /** Whether a request that is refused may be a loss that nobody sees at the sender's end. */
  readonly isLoss: (request: FastifyRequest) => boolean
}): ErrorHandler {
  const { log, format, isLoss } = options
  const logRefusal = createRefusalLog((details, message) => log.warn(details, message))

  return (error, request, reply) => {
    const { status, message } = answerTo(error)
    if (status === 500) log.error({ err: error, route: request.routeOptions.url }, 'request failed')
    else if (isLoss(request)) logRefusal(status, message, detailsOf(request))
    if (status === 401) reply.header('www-authenticate', 'Basic realm="l2met", charset="UTF-8"')
    reply.code(status)
    if (format === 'json') return reply.send({ error: message })
    return reply.type('text/plain; charset=utf-8').send(`${message}\n`)
  }
}

/** What was asked for, and the app that a drain says it is of, right or wrong. */
function detailsOf({ url, headers }: FastifyRequest) {
  const user = userOf(headers.authorization)
  return {
    path: url.split('?', 1)[0]!.slice(0, MAX_PATH),
    app: user !== undefined && user.length <= MAX_APP ? user : undefined,
  }
}

function answerTo(error: unknown): { readonly status: number; readonly message: string } {
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
  const isTheirs = error instanceof Error && status >= 400 && status < 500
  if (isTheirs || error instanceof RequestError) return { status, message: error.message }
  return { status: 500, message: 'something went wrong here' }
}
