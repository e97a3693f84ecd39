import { Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Connections } from './connections.ts'

/** How long clients with an open connection may still begin a request, ms. */
const LINGER_MS = 500
const CHECK_EVERY_MS = 20
const SWEEP_EVERY_MS = 100

/**
 * Makes `server.close()` gentle: it stops accepting at once, but answers what comes on open
 * connections for a moment, telling each client to close; then it closes what is idle, and after
 * `limitMs` what is left. Closing an idle connection at once would cut off a request on its way.
 * Returns whether it is closing, for answers that no hook sees.
 */
export function addGracefulShutdown(
  server: FastifyInstance,
  options: { readonly connections: Connections; readonly limitMs: number },
): () => boolean {
  const { connections, limitMs } = options
  const http = server.server
  let isClosing = false

  // Requests that began before the close; the framework does it for the later ones.
  server.addHook('onSend', (_request, reply, payload, done) => {
    if (isClosing && !reply.raw.headersSent) reply.header('connection', 'close')
    done(null, payload)
  })

  server.addHook('preClose', async () => {
    if (!http.listening) return
    isClosing = true
    // http.Server's own close() would drop idle connections.
    Server.prototype.close.call(http)
    const until = performance.now() + LINGER_MS
    while ((await connectionsOf(http)) > 0 && performance.now() < until) await sleep(CHECK_EVERY_MS)
    const sweep = setInterval(() => {
      http.closeIdleConnections()
      for (const socket of connections.handshakes) socket.destroy()
      // Node takes a connection that nothing came on for one that is busy with its first request.
      for (const { socket } of connections) if (socket.bytesRead === 0) socket.destroy()
    }, SWEEP_EVERY_MS)
    const cut = setTimeout(() => {
      for (const { socket } of connections) socket.destroy()
    }, limitMs - LINGER_MS)
    http.once('close', () => {
      clearInterval(sweep)
      clearTimeout(cut)
    })
  })
  return () => isClosing
}

function connectionsOf(http: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    http.getConnections((error, count) => {
      if (error === null) resolve(count)
      else reject(error)
    })
  })
}
