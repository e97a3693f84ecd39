import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type Socket, connect } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** What sending in a closed loop took, each connection with one request in flight, as Logplex does. */
export interface Load {
  readonly posts: number
  readonly seconds: number
  /** Milliseconds from request to answer. */
  readonly latencies: number[]
}

/** Posts bodies over `connections` kept-alive connections, in turn, until `seconds` have passed. */
export async function postLoad(options: {
  readonly port: number
  readonly bodies: readonly Buffer[]
  readonly connections: number
  readonly seconds: number
  readonly authorization?: string
  readonly tls?: boolean
  /** Seconds on the same connections before what is measured; then `onWarm` is called. */
  readonly warmSeconds?: number
  readonly onWarm?: () => void
}): Promise<Load> {
  // Ids are new in each load: bodies of an earlier one must not be taken for duplicates.
  const prefix = randomBytes(8).toString('hex')
  const latencies: number[] = []
  const from = performance.now() + (options.warmSeconds ?? 0) * 1000
  const end = from + options.seconds * 1000
  let isWarm = false
  let next = 0
  const run = async (connection: number) => {
    const socket = await open(options.port, options.tls ?? false)
    while (performance.now() < end) {
      const body = options.bodies[next++ % options.bodies.length]!
      const sent = performance.now()
      const id = `${prefix}-${connection}-${next}`
      await exchange(socket, headOf(body, id, options.authorization), body)
      if (sent < from) continue
      if (!isWarm) options.onWarm?.()
      isWarm = true
      latencies.push(performance.now() - sent)
    }
    socket.destroy()
  }
  await Promise.all(Array.from({ length: options.connections }, (_, i) => run(i)))
  return { posts: latencies.length, seconds: (performance.now() - from) / 1000, latencies }
}

async function open(port: number, tls: boolean): Promise<Socket> {
  if (!tls) {
    const socket = connect(port, '127.0.0.1').setNoDelay()
    await once(socket, 'connect')
    return socket
  }
  // The certificate of a bench is its own.
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }).setNoDelay()
  await once(socket, 'secureConnect')
  return socket
}

function headOf(body: Buffer, id: string, authorization: string | undefined): string {
  const auth = authorization === undefined ? '' : `Authorization: ${authorization}\r\n`
  return `POST /logs HTTP/1.1\r\nHost: localhost\r\n${auth}Content-Type: application/logplex-1\r\nLogplex-Frame-Id: ${id}\r\nContent-Length: ${body.length}\r\n\r\n`
}

function exchange(socket: Socket, head: string, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const onData = (data: Buffer) => {
      socket.off('close', onClose)
      const line = data.toString('latin1', 0, 15)
      if (line.startsWith('HTTP/1.1 204')) resolve()
      else reject(new Error(`the server answered ${line}`))
    }
    const onClose = () => reject(new Error('the server closed the connection'))
    socket.once('data', onData)
    socket.once('close', onClose)
    socket.cork()
    socket.write(head)
    socket.write(body)
    socket.uncork()
  })
}
