import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import { RequestError } from './request-error.ts'

/** Larger bodies are refused, as they come and unpacked, bytes. Logplex sends about 100 KB. */
export const MAX_BODY = 8 * 1024 * 1024

const gunzip = promisify(zlib.gunzip)
const TOO_LARGE = `the body is larger than ${MAX_BODY} bytes`

/** Says whether a body is packed; throws RequestError for an encoding other than gzip. */
export function isGzip(contentEncoding: string | undefined): boolean {
  const encoding = contentEncoding?.trim().toLowerCase() ?? ''
  if (encoding === 'gzip' || encoding === 'x-gzip') return true
  if (encoding === '' || encoding === 'identity') return false
  throw new RequestError(415, 'the content encoding has to be gzip or none')
}

/** Reads a body whole; rejects with RequestError when it is too large or ends too early. */
export function readBody(stream: Readable, contentLength: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const onData = (chunk: Buffer) => {
      length += chunk.length
      if (length > MAX_BODY) refuse()
      else chunks.push(chunk)
    }
    const refuse = () => {
      stream.off('data', onData)
      reject(new RequestError(413, TOO_LARGE))
    }
    if (contentLength > MAX_BODY) {
      refuse()
      return
    }
    stream.on('data', onData)
    stream.once('end', () =>
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length)),
    )
    const onBreak = () => reject(new RequestError(400, 'the body ended too early'))
    if (stream.destroyed) onBreak()
    else stream.once('error', onBreak)
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
