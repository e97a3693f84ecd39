import type { Socket } from 'node:net'
import { parse as parseQuery } from 'node:querystring'
import type { BodyPool } from './body-pool.ts'
import type { Leave } from './in-flight.ts'
import { type Caller, type Drain, readCaller } from './drain.ts'
import { KEEP_ALIVE_MS, MAX_HEADER_BYTES } from './http-server.ts'
import { type PostHead, readPostHead } from './post-head.ts'
import { BROKEN_OFF, MAX_BODY } from './request-body.ts'

/** A connection that plain posts may come on. */
export interface PostConnection {
  /** Does what its age asks for; `now` is of performance.now(). */
  look(now: number): void
  /** Closes it when nothing is under way. */
  closeIdle(): void
}

/** A request that has begun to come, or is being counted. */
interface Post {
  readonly caller: Caller
  readonly leave: Leave
  /** What came of it, with its head, and what is still to come. */
  readonly bytes: Buffer
  readonly isPooled: boolean
  /** Where its body is in that. */
  readonly start: number
  readonly end: number
  readonly isLast: boolean
}

/** What doesn't come whole within this time, or nothing on a new connection, is left to Node, ms. */
const PATIENCE_MS = 1000
const HEAD_END = Buffer.from('\r\n\r\n')
const NOTHING: Buffer = Buffer.alloc(0)
const STATUS_LINES = {
  204: 'HTTP/1.1 204 No Content',
  500: 'HTTP/1.1 500 Internal Server Error',
  503: 'HTTP/1.1 503 Service Unavailable',
} as const
const KEEP_ALIVE = `keep-alive\r\nKeep-Alive: timeout=${KEEP_ALIVE_MS / 1000}`

export function openPostConnection(
  socket: Socket,
  options: {
    readonly drain: Drain
    readonly pool: BodyPool
    readonly isStopped: () => boolean
    /** Gives the socket to Node's HTTP, with what came and was not answered. */
    readonly handOn: () => void
    /** Is told when the connection is closed or handed on. */
    readonly onGone: () => void
  },
): PostConnection {
  const { drain, pool, isStopped, handOn, onGone } = options
  let post: Post | undefined
  /** How much of it has come. */
  let size = 0
  let isCounting = false
  /** What came while a post was counted: later posts. */
  let rest: Buffer = NOTHING
  let since = performance.now()
  let isUsed = false
  /** Whether the sender will send no more: nothing can be put back then. */
  let isEnded = false
  /** Whether the last answer was given: what comes behind it is not for us. */
  let isOver = false

  const take = (chunk: Buffer) => {
    if (post === undefined) {
      since = performance.now()
      post = beginPost(chunk)
      if (post === undefined) return leaveToNode(chunk)
    }
    const used = Math.min(chunk.length, post.end - size)
    if (post.isPooled) chunk.copy(post.bytes, size, 0, used)
    size += used
    if (size < post.end) return
    if (used < chunk.length) rest = chunk.subarray(used)
    count(post)
  }

  /** Gives undefined for what is no plain post, or is one that has to wait or be refused. */
  const beginPost = (chunk: Buffer): Post | undefined => {
    if (isStopped() || socket.writableNeedDrain) return undefined
    const headEnd = chunk.indexOf(HEAD_END)
    if (headEnd < 0 || headEnd > MAX_HEADER_BYTES - HEAD_END.length) return undefined
    const head = readPostHead(chunk.toString('latin1', 0, headEnd + 2))
    if (head === undefined || head.length > MAX_BODY) return undefined
    const caller = callerOf(drain, head)
    if (caller === undefined || caller.isPacked || caller.isForeign) return undefined
    const leave = drain.room.enterNow(caller.app, head.length)
    if (leave === undefined) return undefined
    const start = headEnd + HEAD_END.length
    const end = start + head.length
    const isPooled = drain.waits || chunk.length < end
    const bytes = isPooled ? pool.take(end) : chunk
    return { caller, leave, bytes, isPooled, start, end, isLast: head.isLast }
  }

  const count = ({ caller, bytes, start, end }: Post) => {
    size = 0
    isCounting = true
    drain.receive(caller, bytes.subarray(start, end)).then(answer, fail)
  }

  const fail = (err: unknown) => {
    drain.log.error({ err, route: '/logs' }, 'request failed')
    answer(500)
  }

  const answer = (status: keyof typeof STATUS_LINES) => {
    const { isLast } = post!
    forget()
    isCounting = false
    isUsed = true
    since = performance.now()
    if (socket.destroyed) return
    const closes = isLast || isStopped() || (isEnded && rest.length === 0)
    const text = `${STATUS_LINES[status]}\r\ncontent-length: 0\r\nDate: ${httpDate()}\r\nConnection: ${closes ? 'close' : KEEP_ALIVE}\r\n\r\n`
    socket.write(text, 'latin1')
    if (closes) return close()
    if (rest.length === 0) return
    const next = rest
    rest = NOTHING
    if (socket.isPaused()) socket.resume()
    take(next)
  }

  /** Lets go of what the post took: nobody reads it any more. */
  const forget = () => {
    if (post === undefined) return
    post.leave()
    if (post.isPooled) pool.give(post.bytes)
    post = undefined
    size = 0
  }

  const close = () => {
    isOver = true
    socket.destroySoon()
  }

  const leaveToNode = (came: Buffer) => {
    if (isEnded) return close()
    forget()
    socket.off('data', onData).off('end', onEnd).off('error', ignore).off('close', onClose)
    onGone()
    // What is put back has to come before what comes next.
    socket.pause()
    if (came.length > 0) socket.unshift(came)
    handOn()
    socket.resume()
  }

  const onData = (chunk: Buffer) => {
    if (isOver) return
    if (!isCounting) return take(chunk)
    rest = Buffer.concat([rest, chunk])
    socket.pause()
  }
  const onEnd = () => {
    isEnded = true
    if (!isCounting) close()
  }
  const onClose = () => {
    onGone()
    if (post === undefined) return
    // What is being counted is still read.
    if (isCounting) return post.leave()
    drain.logRefusal(400, BROKEN_OFF, { path: '/logs', app: post.caller.app })
    forget()
  }
  socket.on('data', onData).on('end', onEnd).on('error', ignore).on('close', onClose)

  return {
    look: (now) => {
      if (isCounting) return
      const isOpen = size > 0 || !isUsed
      if (isOver && now - since > PATIENCE_MS) socket.destroy()
      else if (isOpen && now - since > PATIENCE_MS)
        leaveToNode(Buffer.from(post?.bytes.subarray(0, size) ?? NOTHING))
      else if (now - since > KEEP_ALIVE_MS) socket.destroy()
    },
    closeIdle: () => {
      if (isUsed && !isCounting && size === 0) socket.destroy()
    },
  }
}

/** A socket with an error is closed, which is heard of. */
function ignore(): void {}

function callerOf(drain: Drain, { headers, query }: PostHead): Caller | undefined {
  try {
    const parameters = query === '' ? {} : parseQuery(query)
    return readCaller(drain, drain.appOf(headers, parameters), headers, parameters)
  } catch {
    return undefined
  }
}

let dateOf = 0
let date = ''

/** The time as HTTP writes it, made once a second (RFC 9110, 5.6.7). */
function httpDate(): string {
  const second = Math.floor(Date.now() / 1000)
  if (second !== dateOf) {
    dateOf = second
    date = new Date(second * 1000).toUTCString()
  }
  return date
}
