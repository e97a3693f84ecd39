import type { Server as HttpServer } from 'node:http'
import type { Socket } from 'node:net'
import { createBodyPool } from './body-pool.ts'
import type { Drain } from './drain.ts'
import { type PostConnection, openPostConnection } from './post-connection.ts'

/** The connections on which plain posts may come. */
export interface PlainPosts {
  /** From now on leaves all requests to the framework, and closes after what it still answers itself. */
  stop(): void
  /** Closes connections on which nothing is under way. */
  closeIdle(): void
}

const LOOK_EVERY_MS = 500

/**
 * Reads plain posts straight from their connections: `POST /logs` as Logplex and the router of Heroku
 * send it, with a head that comes in one piece and can be read in one way only. Node's objects and
 * streams for a request and its answer cost more than counting a hundred lines. All else that comes on
 * a connection, good or bad, too slow or to be refused for its head, is handed on to Node's own listener
 * with the connection, byte for byte: so there is one place that judges it.
 */
export function takePlainPosts(http: HttpServer, drain: Drain): PlainPosts {
  const event = 'setSecureContext' in http ? 'secureConnection' : 'connection'
  const [serve] = http.listeners(event)
  if (serve === undefined) throw new Error('this server serves no connections')
  const connections = new Set<PostConnection>()
  const pool = createBodyPool()
  let isStopped = false

  http.off(event, serve as () => void)
  http.on(event, (socket: Socket) => {
    const connection = openPostConnection(socket, {
      drain,
      pool,
      isStopped: () => isStopped,
      handOn: () => serve.call(http, socket),
      onGone: () => connections.delete(connection),
    })
    connections.add(connection)
  })
  const looking = setInterval(() => {
    const now = performance.now()
    for (const connection of connections) connection.look(now)
  }, LOOK_EVERY_MS).unref()
  http.once('close', () => clearInterval(looking))

  return {
    stop: () => {
      isStopped = true
    },
    closeIdle: () => {
      for (const connection of connections) connection.closeIdle()
    },
  }
}
