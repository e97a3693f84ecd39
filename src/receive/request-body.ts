import type { IncomingMessage } from 'node:http'
import { createGunzip } from 'node:zlib'
import type { InFlightLimiter } from './in-flight-limiter.ts'
import type { Body } from './in-flight-order.ts'
import { RequestError } from './request-error.ts'

/** Larger bodies are refused, packed or unpacked, bytes. Logplex sends about 100 KB. */
export const MAX_BODY = 8 * 1024 * 1024
const TOO_LARGE = `the body is larger than ${MAX_BODY} bytes`
const UNPACKED_PIECE = 64 * 1024

/** The sender broke off: the body was not refused by us. */
export class BrokenOffError extends RequestError {
  override name = 'BrokenOffError'

  constructor() {
    super(400, 'the body ended too early')
  }
}

/** Says whether a body is packed; throws RequestError for an encoding other than gzip. */
export function isGzip(contentEncoding: string | undefined): boolean {
  const encoding = contentEncoding?.trim().toLowerCase() ?? ''
  if (encoding === 'gzip' || encoding === 'x-gzip') return true
  if (encoding === '' || encoding === 'identity') return false
  throw new RequestError(415, 'the content encoding has to be gzip or none')
}

/**
 * Reads the body of a request, unpacks it and hands it to `use`. Its bytes are held in the limiter until
 * `use` has settled, also when the sender hangs up earlier. Rejects with RequestError when the body is
 * too large, ends too early, is no good gzip, or finds no room in time (503).
 */
export async function useBody<T>(
  request: IncomingMessage,
  options: {
    readonly limiter: InFlightLimiter
    readonly app: string
    readonly isPacked: boolean
  },
  use: (bytes: Buffer) => Promise<T>,
): Promise<T> {
  const { limiter, app, isPacked } = options
  const { body, whole } = startReading(request, limiter, app)
  try {
    const bytes = await whole
    const unpacked = isPacked ? await unpackBody(bytes, limiter, body) : bytes
    limiter.complete(body)
    return await use(unpacked)
  } finally {
    limiter.release(body)
  }
}

/** Reads no faster than the limiter has room: while it has none, the sender's packets stay unread. */
function startReading(
  request: IncomingMessage,
  limiter: InFlightLimiter,
  app: string,
): { readonly body: Body; readonly whole: Promise<Buffer> } {
  const declared = lengthOf(request)
  let body!: Body
  const whole = new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const end = () => {
      request.off('data', onData).off('end', onEnd).off('close', onClose)
    }
    const fail = (error: RequestError) => {
      end()
      request.pause()
      reject(error)
    }
    const onData = (chunk: Buffer) => {
      length += chunk.length
      if (length > MAX_BODY) return fail(new RequestError(413, TOO_LARGE))
      chunks.push(chunk)
      if (!limiter.add(body, chunk.length)) request.pause()
      return undefined
    }
    const onEnd = () => {
      end()
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length))
    }
    const onClose = () => fail(new BrokenOffError())
    // All in one literal: of objects whose functions are set later V8 lets many grow old.
    body = limiter.acquire(app, declared, {
      resume: () => request.resume(),
      refuse: (reason) => fail(new RequestError(503, reason)),
    })
    // A sender that hangs up is an error of the stream; `close` follows.
    request.on('error', ignore)
    if (declared !== undefined && declared > MAX_BODY) fail(new RequestError(413, TOO_LARGE))
    else if (request.destroyed) fail(new BrokenOffError())
    else {
      if (!limiter.add(body, 0)) request.pause()
      request.on('data', onData).on('end', onEnd).on('close', onClose)
    }
  })
  return { body, whole }
}

function lengthOf({ headers }: IncomingMessage): number | undefined {
  const length = headers['content-length']
  return length === undefined ? undefined : Number(length)
}

function ignore(): void {}

/**
 * Unpacks a gzip body no faster than the limiter has room. Rejects with RequestError when it is damaged
 * or too large.
 */
export async function unpackBody(
  packed: Buffer,
  limiter: InFlightLimiter,
  body: Body,
): Promise<Buffer> {
  if (packed.length === 0) return packed
  const gunzip = createGunzip({ chunkSize: UNPACKED_PIECE })
  const chunks: Buffer[] = []
  let length = 0
  let resume = ignore
  limiter.arrived(body, {
    resume: () => resume(),
    refuse: (reason) => {
      gunzip.destroy(new RequestError(503, reason))
      resume()
    },
  })
  gunzip.end(packed)
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > MAX_BODY) throw new RequestError(413, `${TOO_LARGE} when unpacked`)
      chunks.push(chunk)
      const resumed = new Promise<void>((resolve) => (resume = resolve))
      if (!limiter.add(body, chunk.length) && !gunzip.destroyed) await resumed
    }
  } catch (error) {
    if (error instanceof RequestError) throw error
    throw new RequestError(400, "the body isn't good gzip")
  }
  limiter.remove(body, packed.length)
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length)
}
