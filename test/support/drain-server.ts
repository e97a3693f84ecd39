import { pino } from 'pino'
import type { FastifyInstance } from 'fastify'
import { type Connections, createConnections } from '../../src/receive/connections.ts'
import { createDrainAuth } from '../../src/receive/credentials.ts'
import { addDrainRoute } from '../../src/receive/drain-route.ts'
import { type DrainBody, type TakeBody, createDrain } from '../../src/receive/drain.ts'
import { addGracefulShutdown } from '../../src/receive/graceful-shutdown.ts'
import { type TlsFiles, createHttpServer } from '../../src/receive/http-server.ts'
import type { LogEntry } from './app.ts'
import { type RawConnection, connectRaw } from './raw-http.ts'

/** A server with the drain and `GET /here`, whose bodies go to `take`. */
export interface DrainServer {
  readonly address: string
  readonly server: FastifyInstance
  readonly connections: Connections
  /** The bodies that `take` was given. */
  readonly taken: DrainBody[]
  readonly logged: LogEntry[]
  /** Ends the waiting of bodies that `holdBodies` holds. */
  readonly held: (() => void)[]
  take: TakeBody
  connect(): Promise<RawConnection>
  /** The payloads of `taken`, as text. */
  payloads(): string[]
  stop(): Promise<void>
}

const COUNTED = { lines: 1, malformed: 0, late: 0, skew: 0 }

export async function startDrainServer(
  options: { readonly secrets?: readonly string[]; readonly tls?: TlsFiles } = {},
): Promise<DrainServer> {
  const logged: LogEntry[] = []
  const log = pino<string>(
    { level: 'warn' },
    { write: (line: string) => logged.push(JSON.parse(line)) },
  )
  const connections = createConnections()
  const server = createHttpServer({ log, tls: options.tls, connections, isPublic: false })
  const drain = createDrain({
    auth: createDrainAuth(options.secrets ?? []),
    isGuarded: (options.secrets ?? []).length > 0,
    take: async (body) => {
      started.taken.push(body)
      return started.take(body)
    },
    refuse: () => {},
    log,
  })
  const isClosing = addGracefulShutdown(server, { connections, limitMs: 3_600_000 })
  addDrainRoute(server, drain, { connections, isClosing })
  server.get('/here', async () => 'here')
  const address = await server.listen({ port: 0, host: '127.0.0.1' })
  const clients: RawConnection[] = []
  const started: DrainServer = {
    address,
    server,
    connections,
    taken: [],
    logged,
    held: [],
    take: async () => COUNTED,
    connect: async () => {
      const client = await connectRaw(address)
      clients.push(client)
      return client
    },
    payloads: () => started.taken.map(({ bytes }) => Buffer.from(bytes).toString('latin1')),
    stop: async () => {
      for (const { socket } of clients) socket.destroy()
      started.take = async () => COUNTED
      for (const release of started.held.splice(0)) release()
      await server.close()
    },
  }
  return started
}

export interface HeldBodies {
  /** Lets the one that has waited longest be counted. */
  readonly release: () => void
  readonly waiting: () => number
}

/** Lets every body wait until it is released. */
export function holdBodies(server: DrainServer): HeldBodies {
  const { held } = server
  server.take = async () => {
    await new Promise<void>((resolve) => held.push(resolve))
    return COUNTED
  }
  return { release: () => held.shift()!(), waiting: () => held.length }
}

/** `POST /logs` with a length. */
export function postRequest(payload: string | Buffer, ...headers: string[]): Buffer {
  const body = Buffer.from(payload as string, 'latin1')
  const head = ['POST /logs HTTP/1.1', 'Host: h', `Content-Length: ${body.length}`, ...headers]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), body])
}
