import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One name for several servers, as Heroku's router is: each request goes to the next of them. */
export interface Yielder {
  /** Like `127.0.0.1:41234`. */
  readonly address: string
  /** Who answers from now on; those that refuse a connection are passed over. */
  use(origins: readonly string[]): void
  /** How many requests each has answered. */
  readonly answered: Map<string, number>
  readonly stop: () => Promise<void>
}

export async function startTurns(): Promise<Yielder> {
  let origins: readonly string[] = []
  let turn = 0
  const answered = new Map<string, number>()

  const forward = (incoming: IncomingMessage, outgoing: ServerResponse, body: Buffer) => {
    const tries = [...origins]
    const next = () => {
      const origin = tries.shift()
      if (origin === undefined) return outgoing.writeHead(503).end()
      const { method, headers, url } = incoming
      const asked = request(new URL(url!, origin), { method, headers }, (answer) => {
        answered.set(origin, (answered.get(origin) ?? 0) + 1)
        outgoing.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(outgoing)
      })
      asked.on('error', next)
      asked.end(body)
      return asked
    }
    turn += 1
    for (let i = turn % Math.max(tries.length, 1); i > 0; i -= 1) tries.push(tries.shift()!)
    next()
  }

  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => forward(incoming, outgoing, Buffer.concat(chunks)))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    use: (now) => {
      origins = now
    },
    answered,
    stop: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
