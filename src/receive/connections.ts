import { IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** A connection that HTTP is spoken on. */
export interface Connection {
  readonly socket: Socket
  readonly openedAt: number
  /** Requests whose answers have not been written yet, in their order. */
  readonly unanswered: IncomingMessage[]
  /** Set when the connection ends with its last whole request: called once that is answered. */
  onAnswered: (() => void) | undefined
  /** Whether a drain sends on it. */
  isProven: boolean
}

/** The open connections of a server. */
export interface Connections extends Iterable<Connection> {
  /** For the options of the server: its requests and answers report themselves. */
  readonly messageClasses: {
    readonly IncomingMessage: typeof IncomingMessage
    readonly ServerResponse: typeof ServerResponse
  }
  /** Starts to follow the connections of `server`. */
  follow(server: Server): void
  of(socket: Socket): Connection | undefined
  /** Keeps the connection of a drain, which may be idle for long, when others make way. */
  prove(socket: Socket): void
  /** Connections that wait for the rest of a TLS handshake. */
  readonly handshakes: Iterable<Socket>
}

/** More requests without an answer than this close the connection. Logplex has one. */
const MAX_PIPELINED = 16
/** Logplex keeps an idle connection for 255 s, and one that we close costs it a try, ms. */
export const DRAIN_IDLE_MS = 310_000
/** So many connections that no drain sends on, and TLS handshakes; then the oldest idle one makes way. */
const MAX_UNPROVEN = 1024
const MAX_HANDSHAKES = 1536
/** A sender has sent the start of its request by then, ms. */
const BEGIN_MS = 1000

export function createConnections(): Connections {
  const bySocket = new Map<Socket, Connection>()
  const handshakes = new Map<string, Socket>()
  /** Oldest first. */
  const unproven = new Set<Connection>()

  /** False for one request too many. */
  const begin = (message: IncomingMessage): boolean => {
    const connection = bySocket.get(message.socket)
    if (connection === undefined) return true
    connection.unanswered.push(message)
    if (connection.unanswered.length <= MAX_PIPELINED) return true
    message.socket.destroy()
    return false
  }

  const end = (message: IncomingMessage) => {
    const connection = bySocket.get(message.socket)
    if (connection === undefined) return
    const i = connection.unanswered.indexOf(message)
    if (i >= 0) connection.unanswered.splice(i, 1)
    if (!hasWholeRequest(connection)) connection.onAnswered?.()
    // Node has just set its own limit, that of strangers.
    if (connection.isProven && connection.unanswered.length === 0)
      connection.socket.setTimeout(DRAIN_IDLE_MS)
  }

  /** Closes the oldest that is idle, else the oldest whose request has not come whole, else the oldest. */
  const makeRoom = () => {
    if (unproven.size < MAX_UNPROVEN) return
    const now = performance.now()
    const isIdle = ({ unanswered, openedAt }: Connection) =>
      unanswered.length === 0 && now - openedAt >= BEGIN_MS
    const [oldest] = unproven
    const first =
      firstOf(unproven, isIdle) ??
      firstOf(unproven, (connection) => !hasWholeRequest(connection)) ??
      oldest
    first?.socket.destroy()
  }

  const open = (socket: Socket) => {
    makeRoom()
    const connection: Connection = {
      socket,
      openedAt: performance.now(),
      unanswered: [],
      onAnswered: undefined,
      isProven: false,
    }
    bySocket.set(socket, connection)
    unproven.add(connection)
    socket.once('close', () => {
      bySocket.delete(socket)
      unproven.delete(connection)
      // Node does so for the requests that it still knows.
      for (const message of connection.unanswered) message.destroy()
    })
  }

  return {
    messageClasses: {
      IncomingMessage: incomingMessageClass(begin),
      ServerResponse: serverResponseClass(end),
    },
    follow: (server) => {
      if (!('setSecureContext' in server)) {
        server.on('connection', open)
        return
      }
      server.on('connection', (socket: Socket) => {
        const address = addressOf(socket)
        handshakes.set(address, socket)
        if (handshakes.size > MAX_HANDSHAKES) handshakes.values().next().value?.destroy()
        socket.once('close', () => handshakes.delete(address))
      })
      server.on('secureConnection', (socket: Socket) => {
        handshakes.delete(addressOf(socket))
        open(socket)
      })
    },
    of: (socket) => bySocket.get(socket),
    prove: (socket) => {
      const connection = bySocket.get(socket)
      if (connection === undefined) return
      connection.isProven = true
      unproven.delete(connection)
    },
    handshakes: { [Symbol.iterator]: () => handshakes.values() },
    [Symbol.iterator]: () => bySocket.values(),
  }
}

/** Whether a request that has come whole waits for its answer. */
export function hasWholeRequest({ unanswered }: Connection): boolean {
  return unanswered.some(({ complete }) => complete)
}

function firstOf<T>(all: Iterable<T>, matches: (one: T) => boolean): T | undefined {
  for (const one of all) if (matches(one)) return one
  return undefined
}

function addressOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`
}

/**
 * Node parses all requests of a piece of 64 KB at once, up to 2,500, which takes 11 ms. A request that
 * asks for another protocol ends that, so the first one that is too many looks like one.
 */
function incomingMessageClass(
  begin: (message: IncomingMessage) => boolean,
): typeof IncomingMessage {
  return class extends IncomingMessage {
    private readonly isExcess: boolean
    // Node's constructor sets it before ours has run.
    declare private asksForUpgrade: boolean

    constructor(socket: Socket) {
      super(socket)
      this.isExcess = !begin(this)
    }

    get upgrade(): boolean {
      return this.isExcess || this.asksForUpgrade
    }

    set upgrade(value: boolean) {
      this.asksForUpgrade = value
    }
  }
}

function serverResponseClass(end: (message: IncomingMessage) => void): typeof ServerResponse {
  return class extends ServerResponse {
    constructor(...args: ConstructorParameters<typeof ServerResponse>) {
      super(...args)
      this.once('close', () => end(this.req))
    }
  } as typeof ServerResponse
}
