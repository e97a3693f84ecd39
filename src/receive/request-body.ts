import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { RequestError } from './request-error.ts'

/** Larger bodies are refused, as they come and unpacked, bytes. Logplex sends about 100 KB. */
export const MAX_BODY = 8 * 1024 * 1024

const gunzip = promisify(zlib.gunzip)
export const BROKEN_OFF = 'the body ended too early'
const TOO_LARGE = `the body is larger than ${MAX_BODY} bytes`

/** Says whether a body is packed; throws RequestError for an encoding other than gzip. */
export function isGzip(contentEncoding: string | undefined): boolean {
  const encoding = contentEncoding?.trim().toLowerCase() ?? ''
  if (encoding === 'gzip' || encoding === 'x-gzip') return true
  if (encoding === '' || encoding === 'identity') return false
  throw new RequestError(415, 'the content encoding has to be gzip or none')
}

/** Reads a body whole; rejects with RequestError when it is too large or ends too early. */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const onBreak = () => reject(new RequestError(400, BROKEN_OFF))
    const refuse = () => {
      request.off('data', onData)
      reject(new RequestError(413, TOO_LARGE))
    }
    const onData = (chunk: Buffer) => {
      length += chunk.length
      if (length <= MAX_BODY) chunks.push(chunk)
      else refuse()
    }
    if (Number(request.headers['content-length'] ?? 0) > MAX_BODY) return refuse()
    if (request.destroyed) return onBreak()
    request.on('data', onData)
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
    request.on('error', onBreak)
    return undefined
  })
}

/** Unpacks a gzip body; rejects with RequestError when it is damaged or too large. */
export async function unpack(body: Buffer): Promise<Buffer> {
  if (body.length === 0) return body
  try {
    return await gunzip(body, { maxOutputLength: MAX_BODY })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new RequestError(413, `${TOO_LARGE} when unpacked`)
    throw new RequestError(400, "the body isn't good gzip")
  }
}
