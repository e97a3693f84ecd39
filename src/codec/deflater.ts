import { buffer } from 'node:stream/consumers'
import { createDeflateRaw } from 'node:zlib'

/** Deflates bytes piece by piece, on another thread. */
export interface Deflater {
  write(piece: Buffer): Promise<void>
  /** Resolves with all of it. */
  end(): Promise<Buffer>
}

export function createDeflater(): Deflater {
  const stream = createDeflateRaw()
  const deflated = buffer(stream)
  // Who writes is told of a failure.
  deflated.catch(() => {})
  return {
    write: (piece) =>
      new Promise((resolve, reject) => {
        stream.write(piece, (error) => (error ? reject(error) : resolve()))
      }),
    end: () => {
      stream.end()
      return deflated
    },
  }
}
