import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type Socket, connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'

/** What sending took, each connection with at most one request in flight, as Logplex does. */
export interface Load {
  readonly posts: number
  readonly seconds: number
  /** Milliseconds from request to answer; where a rate is given, from when it was due. */
  readonly latencies: number[]
}

export interface LoadOptions {
  readonly port: number
  readonly nextBody: () => { readonly app: string; readonly bytes: Buffer }
  readonly connections: number
  readonly seconds: number
  /** The value of the header, for an app. */
  readonly authorization?: (app: string) => string
  readonly tls?: boolean
  /** Posts on the same connections, as fast as they go, before what is measured. */
  readonly warmPosts: number
  readonly onWarm?: () => void
  /** Posts a second on each connection, spread evenly; without it each posts when it has its answer. */
  readonly rate?: number | undefined
}

/** Posts bodies over kept-alive connections until `seconds` have passed. */
export async function postLoad(options: LoadOptions): Promise<Load> {
  const { connections, nextBody, rate } = options
  // Ids are new in each load: bodies of an earlier one must not be taken for duplicates.
  const prefix = randomBytes(8).toString('hex')
  let next = 0
  const post = async (socket: Socket) => {
    const { app, bytes } = nextBody()
    const head = headOf(bytes, `${prefix}-${next++}`, options.authorization?.(app))
    await exchange(socket, head, bytes)
  }
  const sockets: Socket[] = []
  for (let i = 0; i < connections; i += 1) sockets.push(await open(options.port, options.tls))
  await Promise.all(
    sockets.map(async (socket) => {
      while (next < options.warmPosts) await post(socket)
    }),
  )
  options.onWarm?.()
  const latencies: number[] = []
  const from = performance.now()
  const end = from + options.seconds * 1000
  await Promise.all(
    sockets.map(async (socket, i) => {
      const first = rate === undefined ? 0 : from + (1000 / rate) * (i / connections)
      for (let sent = 0; performance.now() < end; sent += 1) {
        const due = rate === undefined ? performance.now() : first + (1000 / rate) * sent
        if (due >= end) break
        const early = due - performance.now()
        if (early > 0) await sleep(early)
        // A request that had to wait for the one before counts from when it was due.
        const start = early > 0 ? performance.now() : due
        await post(socket)
        latencies.push(performance.now() - start)
      }
    }),
  )
  const seconds = (performance.now() - from) / 1000
  for (const socket of sockets) socket.destroy()
  return { posts: latencies.length, seconds, latencies }
}

/** Gives bodies one after the other, again and again. */
export function inTurn<T>(bodies: readonly T[]): () => T {
  let next = 0
  return () => bodies[next++ % bodies.length]!
}

async function open(port: number, tls = false): Promise<Socket> {
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
