import { once } from 'node:events'
import { type Socket, connect } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** A connection on which a test writes what it likes and reads what came, byte for byte. */
export interface RawConnection {
  readonly socket: Socket
  write(text: string | Buffer): void
  /** Resolves with all that came so far once it matches. Rejects when the connection ends before. */
  until(pattern: RegExp): Promise<string>
  /** Resolves with all that came when the server has closed. */
  closed(): Promise<string>
  /** Forgets what came, or only so many characters of its beginning. */
  clear(characters?: number): void
}

export async function connectRaw(address: string): Promise<RawConnection> {
  const { port, protocol } = new URL(address)
  const to = { port: Number(port), host: '127.0.0.1' }
  const isTls = protocol === 'https:'
  const socket = isTls ? connectTls({ ...to, rejectUnauthorized: false }) : connect(to)
  let text = ''
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    text += chunk
    socket.emit('more')
  })
  await once(socket, isTls ? 'secureConnect' : 'connect')
  // Resets end a connection too; `close` follows.
  socket.on('error', () => {})
  return {
    socket,
    write: (data) => socket.write(data),
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const end = () => socket.off('more', look).off('close', onClose)
        const look = () => {
          if (!pattern.test(text)) return
          end()
          resolve(text)
        }
        const onClose = () => {
          end()
          reject(new Error(`closed after ${JSON.stringify(text)}`))
        }
        socket.on('more', look)
        socket.once('close', onClose)
        look()
        if (socket.closed) onClose()
      }),
    closed: () =>
      new Promise((resolve) => {
        if (socket.closed) resolve(text)
        else socket.once('close', () => resolve(text))
      }),
    clear: (characters = text.length) => {
      text = text.slice(characters)
    },
  }
}

/** A body for the app `a` as a drain posts it. */
export function drainRequest(payload: Buffer, ...headers: string[]): Buffer {
  const head = [
    'POST /logs?app=a HTTP/1.1',
    'Host: localhost',
    'Content-Type: application/logplex-1',
    `Content-Length: ${payload.length}`,
    ...headers,
  ]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), payload])
}

/** The head of an answer, with or without what follows. */
export const ANSWER = /^HTTP\/1\.1 [^]*\r\n\r\n/
