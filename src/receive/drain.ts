import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyBaseLogger } from 'fastify'
import { type InFlightLimiter, createInFlightLimiter } from './in-flight-limiter.ts'
import type { DrainAuth } from './credentials.ts'
import { type Lateness, createLateLog } from './late-log.ts'
import { type RefusalLog, createRefusalLog } from './refusal-log.ts'
import { TAGS_FORM, parseTags, tagsText } from './drain-tags.ts'
import type { RefusalReason } from './refusal-reason.ts'
import { isGzip } from './request-body.ts'
import { RequestError } from './request-error.ts'

/** Where a body comes from. */
export interface DrainSource {
  readonly app: string
  /** Drain options `prefix` and `source-prefix`. */
  readonly prefix: string
  readonly sourcePrefix: string
  /** Labels of the app's own metrics, like `env:prod,team:web`, in the form of `tagsText`. */
  readonly tags?: string
}

/** One body of a drain, unpacked. */
export interface DrainBody extends DrainSource {
  /** The sender's id of this body, the same when it tries again; undefined when it has none. */
  readonly id: string | undefined
  /** How many frames the sender says the body has; undefined when it doesn't say. */
  readonly frames?: number | undefined
  readonly bytes: Uint8Array
}

export interface DrainResult extends Lateness {
  readonly malformed: number
}

/** Counts a body. What it resolves is acknowledged; `refused` tells the sender to try again. */
export type TakeBody = (body: DrainBody) => Promise<DrainResult | 'refused'>

/** What is known of a request before its body is read. */
export interface Caller extends Omit<DrainBody, 'bytes'> {
  readonly isPacked: boolean
  /** Whether the content type names something that is no log. */
  readonly isForeign: boolean
}

/** Query parameters; of one that is given twice an array. */
export type DrainQuery = {
  readonly [name in 'app' | 'prefix' | 'source-prefix' | 'tags']?: unknown
}

/** Everything about a drain but HTTP. */
export interface Drain {
  /** The app that a request may write to. Throws RequestError. */
  appOf(headers: IncomingHttpHeaders, query: DrainQuery): string
  /** Whether a drain needs credentials: without them, anyone is one. */
  readonly isGuarded: boolean
  readonly inFlight: InFlightLimiter
  /** Counts a body; gives the status of its answer. Rejects with RequestError. */
  receive(caller: Caller, bytes: Uint8Array): Promise<204 | 503>
  /** Counts a request that is refused before its body is taken; without a source it is a stranger's. */
  noteRefused(source: DrainSource | undefined, reason: RefusalReason): void
  /** Tags that the settings name for an app; empty for none. */
  readonly tagsOf: (app: string) => string
  readonly logRefusal: RefusalLog
  readonly log: FastifyBaseLogger
}

const LOG_TYPES = new Set([
  '',
  'application/logplex-1',
  'application/x-logplex-1',
  // What curl says when it isn't told: it knows nothing of the body.
  'application/x-www-form-urlencoded',
])
const OWN_LOGS =
  'these are the logs of this l2met itself: each request of its own drain makes another line. Remove that drain'
/** Logplex waits 5 s for an answer. */
const IN_FLIGHT = { limit: 2 ** 24, waitMs: 4000, slowRate: 2 ** 16, maxUnread: 2 ** 24 }
const NAME_PREFIX = /^[A-Za-z0-9_.:/-]{0,64}$/
const FRAME_ID = /^[\x21-\x7e]{1,128}$/
/** No body of 8 MiB holds more frames. */
const FRAME_COUNT = /^\d{1,7}$/

export function createDrain(options: {
  readonly auth: DrainAuth
  readonly isGuarded: boolean
  readonly take: TakeBody
  readonly refuse: (source: DrainSource | undefined, reason: RefusalReason) => void
  /** The Heroku app of this server, whose lines would make others without end. */
  readonly ownApp?: string | undefined
  readonly tagsOf?: (app: string) => string
  readonly log: FastifyBaseLogger
}): Drain {
  const { auth, isGuarded, take, refuse, ownApp, tagsOf = () => '', log } = options
  const warn = (details: object, message: string) => log.warn(details, message)
  const noteLateness = createLateLog(warn)
  const logRefusal = createRefusalLog(warn)

  return {
    appOf: (headers, query) => {
      const app = auth({
        authorization: headerOf(headers, 'authorization'),
        app: textOf(query, 'app'),
        drainToken: headerOf(headers, 'logplex-drain-token'),
      })
      if (app !== ownApp) return app
      throw new RequestError(403, OWN_LOGS)
    },
    tagsOf,
    isGuarded,
    inFlight: createInFlightLimiter(IN_FLIGHT),
    receive: async ({ app, id, frames, prefix, sourcePrefix, tags, isForeign }, bytes) => {
      const source = { app, prefix, sourcePrefix, ...(tags === undefined ? {} : { tags }) }
      const result = await take({ ...source, id, frames, bytes })
      if (result === 'refused') {
        logRefusal(503, 'it could be neither stored nor held', { path: '/logs', app })
        return 503
      }
      noteLateness(app, result)
      if (isForeign && result.lines > 0 && result.malformed === result.lines) {
        refuse(source, 'not_logs')
        throw new RequestError(
          415,
          'no line of this body could be read: it has to be application/logplex-1',
        )
      }
      return 204
    },
    noteRefused: refuse,
    logRefusal,
    log,
  }
}

/** Says what a request of `app` brings, by all but its body. Throws RequestError when that is nothing good. */
export function readCaller(
  { tagsOf }: Pick<Drain, 'tagsOf'>,
  app: string,
  headers: IncomingHttpHeaders,
  query: DrainQuery,
): Caller {
  const type = headerOf(headers, 'content-type')?.split(';', 1)[0]!.trim().toLowerCase() ?? ''
  return {
    app,
    id: frameId(headers),
    frames: frameCount(headers),
    prefix: namePrefix(query, 'prefix'),
    sourcePrefix: namePrefix(query, 'source-prefix'),
    tags: readTags(query, tagsOf(app)),
    isPacked: isGzip(headerOf(headers, 'content-encoding')),
    isForeign: !LOG_TYPES.has(type),
  }
}

/** log-shuttle posts without a frame id, but its request id stays the same when it tries again. */
function frameId(headers: IncomingHttpHeaders): string | undefined {
  const isShuttle = headerOf(headers, 'user-agent')?.startsWith('log-shuttle/') ?? false
  const id =
    headerOf(headers, 'logplex-frame-id') ??
    (isShuttle ? headerOf(headers, 'x-request-id') : undefined)
  return id !== undefined && FRAME_ID.test(id) ? id : undefined
}

/** Logplex counts its own L10 too, log-shuttle its L12 and L13. */
function frameCount(headers: IncomingHttpHeaders): number | undefined {
  const text = headerOf(headers, 'logplex-msg-count')
  return text !== undefined && FRAME_COUNT.test(text) ? Number(text) : undefined
}

type DrainHeader =
  | 'authorization'
  | 'content-encoding'
  | 'content-type'
  | 'logplex-drain-token'
  | 'logplex-frame-id'
  | 'logplex-msg-count'
  | 'user-agent'
  | 'x-request-id'

/** Of a header that was sent twice Node gives the first, or nothing. */
function headerOf(headers: IncomingHttpHeaders, name: DrainHeader): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : undefined
}

/** `?tags=` of the drain adds to the tags of the settings, and wins over them. */
function readTags(query: DrainQuery, ofApp: string): string {
  const text = textOf(query, 'tags')
  if (text === undefined || text === '') return ofApp
  const tags = parseTags(ofApp === '' ? text : `${ofApp},${text}`)
  if (tags !== undefined) return tagsText(tags)
  throw new RequestError(400, TAGS_FORM)
}

function namePrefix(query: DrainQuery, name: keyof DrainQuery): string {
  const text = textOf(query, name) ?? ''
  if (NAME_PREFIX.test(text)) return text
  throw new RequestError(400, `${name} has at most 64 of the characters A-Z a-z 0-9 _ . : / -`)
}

function textOf(query: DrainQuery, name: keyof DrainQuery): string | undefined {
  const value = query[name]
  if (value === undefined || typeof value === 'string') return value
  throw new RequestError(400, `${name} is given more than once`)
}
