import type { Socket } from 'node:net'
import { type Connections, hasWholeRequest } from './connections.ts'
import type { RefusalLog } from './refusal-log.ts'

interface Refusal {
  readonly status: string
  /** For the log: it may have been a drain. */
  readonly reason?: string
}

/** How long a sender has to read why it was refused, ms. */
const LINGER_MS = 1000
const NOT_HTTP: Refusal = { status: '400 Bad Request' }

/**
 * Answers requests that Node can't read or that arrive too slowly, and closes their connections.
 * Requests before them on the same connection are answered first.
 */
export function createClientErrorHandler(options: {
  readonly connections: Connections
  readonly logRefusal: RefusalLog
  readonly maxHeaderBytes: number
  readonly headersTimeoutMs: number
  readonly requestTimeoutMs: number
}): (error: NodeJS.ErrnoException, socket: Socket) => void {
  const { connections, logRefusal, maxHeaderBytes, headersTimeoutMs, requestTimeoutMs } = options
  const refusals = new Map<string, Refusal>([
    [
      'HPE_HEADER_OVERFLOW',
      {
        status: '431 Request Header Fields Too Large',
        reason: `its head is longer than ${maxHeaderBytes} bytes`,
      },
    ],
    [
      'ERR_HTTP_REQUEST_TIMEOUT',
      {
        status: '408 Request Timeout',
        reason: `it did not come whole within ${requestTimeoutMs / 1000} s, or its head within ${headersTimeoutMs / 1000} s`,
      },
    ],
  ])

  const refuse = (socket: Socket, code: string) => {
    const { status, reason } = refusals.get(code) ?? NOT_HTTP
    if (reason !== undefined) logRefusal(Number.parseInt(status, 10), reason, {})
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
    // Closing at once could take the answer away from a sender that is still sending.
    const linger = setTimeout(() => socket.destroy(), LINGER_MS).unref()
    socket.once('close', () => clearTimeout(linger))
  }

  return ({ code = '' }, socket) => {
    const connection = connections.of(socket)
    // The other end is gone, or has never finished a TLS handshake.
    if (connection === undefined || !socket.writable || !isOfHttp(code)) return socket.destroy()
    if (connection.onAnswered !== undefined) return undefined
    connection.onAnswered = ENDINGS.has(code)
      ? () => socket.destroySoon()
      : () => refuse(socket, code)
    if (!hasWholeRequest(connection)) connection.onAnswered()
    return undefined
  }
}

/** The sender said that it would send no more. */
const ENDINGS = new Set(['HPE_INVALID_EOF_STATE', 'HPE_CLOSED_CONNECTION'])

function isOfHttp(code: string): boolean {
  return code.startsWith('HPE_') || code === 'ERR_HTTP_REQUEST_TIMEOUT'
}
