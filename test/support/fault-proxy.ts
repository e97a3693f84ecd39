import { once } from 'node:events'
import { type Socket, connect, createServer } from 'node:net'

/** Passes connections on to a server, and misbehaves on request. */
export interface FaultProxy {
  readonly port: number
  /** Lets the next bytes reach the server, keeps its answers back, and cuts all connections. */
  readonly swallowAndCut: () => Promise<void>
  /** How many answers were swallowed. */
  readonly swallowed: () => number
  readonly cut: () => void
  /** From now on bytes arrive this much later, ms, in both directions. */
  readonly setDelay: (ms: number) => void
  /** From now on bytes arrive in pieces of this size; 0 passes them as they are. */
  readonly setSlice: (bytes: number) => void
  readonly stop: () => Promise<void>
}

const CUT_AFTER_MS = 30

export async function startFaultProxy(to: number): Promise<FaultProxy> {
  const pairs = new Set<[Socket, Socket]>()
  let isSwallowing = false
  let swallowed = 0
  let delay = 0
  let slice = 0

  const pass = (target: Socket, chunk: Buffer) => {
    const write = () => {
      if (target.destroyed) return
      const size = slice > 0 ? slice : chunk.length
      for (let at = 0; at < chunk.length; at += size) target.write(chunk.subarray(at, at + size))
    }
    if (delay > 0) setTimeout(write, delay)
    else write()
  }

  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect(to, '127.0.0.1')
    upstream.setNoDelay(true)
    const pair: [Socket, Socket] = [client, upstream]
    pairs.add(pair)
    const end = () => {
      pairs.delete(pair)
      client.destroy()
      upstream.destroy()
    }
    for (const socket of pair) {
      socket.on('error', end)
      socket.on('close', end)
    }
    client.on('data', (chunk: Buffer) => pass(upstream, chunk))
    upstream.on('data', (chunk: Buffer) => {
      if (isSwallowing) swallowed += 1
      else pass(client, chunk)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  const cut = () => {
    for (const sockets of pairs) for (const socket of sockets) socket.destroy()
  }
  return {
    port: (server.address() as { port: number }).port,
    swallowAndCut: async () => {
      isSwallowing = true
      await new Promise((resolve) => setTimeout(resolve, CUT_AFTER_MS))
      cut()
      isSwallowing = false
    },
    swallowed: () => swallowed,
    cut,
    setDelay: (ms) => (delay = ms),
    setSlice: (bytes) => (slice = bytes),
    stop: async () => {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
