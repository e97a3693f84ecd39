import { once } from 'node:events'
import { type Socket, connect, createServer } from 'node:net'

/** Stands between a client and a Redis, and misbehaves when it is told to. */
export interface FaultProxy {
  readonly port: number
  /** Lets the next bytes reach Redis, keeps what it answers to itself, and cuts all connections. */
  readonly swallowAndCut: () => Promise<void>
  /** How many answers were swallowed. */
  readonly swallowed: () => number
  readonly stop: () => Promise<void>
}

const CUT_AFTER_MS = 30

export async function startFaultProxy(to: number): Promise<FaultProxy> {
  const pairs = new Set<[Socket, Socket]>()
  let isSwallowing = false
  let swallowed = 0

  const server = createServer((client) => {
    const upstream = connect(to, '127.0.0.1')
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
    client.on('data', (chunk) => upstream.write(chunk))
    upstream.on('data', (chunk) => {
      if (isSwallowing) swallowed += 1
      else client.write(chunk)
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
    stop: async () => {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
