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

/** Reads a body whole; calls `done` with a RequestError when it is too large or ends too early. */
export function readBody(
  stream: Readable,
  contentLength: number,
  done: (error: Error | null, body?: Buffer) => void,
): void {
  const chunks: Buffer[] = []
  let length = 0
  let isDone = false
  const finish = (error: Error | null, body?: Buffer) => {
    if (isDone) return
    isDone = true
    done(error, body)
  }
  const onData = (chunk: Buffer) => {
    length += chunk.length
    if (length <= MAX_BODY) chunks.push(chunk)
    else {
      stream.off('data', onData)
      finish(new RequestError(413, TOO_LARGE))
    }
  }
  const onBreak = () => finish(new RequestError(400, 'the body ended too early'))
  if (contentLength > MAX_BODY) return finish(new RequestError(413, TOO_LARGE))
  if (stream.destroyed) return onBreak()
  stream.on('data', onData)
  stream.on('end', () =>
    finish(null, chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, length)),
  )
  stream.on('error', onBreak)
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
