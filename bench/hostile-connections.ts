import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type Socket, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { parseArgs } from 'node:util'
import { quantileOf } from './median.ts'
import { inTurn, postLoad } from './post-load.ts'
import { profileBodies } from './profiles.ts'
import { SERVER_FLAGS, type ServerProcess, startServer } from './server-process.ts'

/**
 * Opens hostile connections of each kind, again when the server closes them, while drains post at their
 * rate: acknowledgement p99 without and with them, refused posts, and the server's memory at most.
 */
const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '4096' },
    seconds: { type: 'string', default: '8' },
    only: { type: 'string', default: '' },
  },
})

const SERVE = join(import.meta.dirname, '../src/bin/serve.js')
const COUNT = Number(values.connections)
const DRAINS = 8
const RATE = 10
const BATCH = 64

const HEAD = 'POST /logs HTTP/1.1\r\nHost: h\r\n'
const GET = 'GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n'

interface Kind {
  readonly name: string
  /** Written at once. */
  readonly first: string
  /** Written every second after that. */
  readonly later?: string
  readonly reads?: boolean
  /** Without a TLS handshake where the server speaks TLS. */
  readonly isPlain?: boolean
}

const KINDS: readonly Kind[] = [
  { name: 'none', first: '' },
  { name: 'silent', first: '' },
  {
    name: 'half a handshake',
    first: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    isPlain: true,
  },
  { name: 'slow head', first: HEAD, later: 'X-Slow: 1\r\n' },
  { name: 'slow body', first: `${HEAD}Content-Length: 100000\r\n\r\n`, later: 'x' },
  { name: 'chunked drip', first: `${HEAD}Transfer-Encoding: chunked\r\n\r\n`, later: '1\r\nx\r\n' },
  { name: 'never reads', first: 'GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n', reads: false },
  { name: 'idle after a health check', first: GET },
  { name: 'pipelined flood', first: GET.repeat(200), later: GET.repeat(200) },
]

const folder = mkdtempSync(join(tmpdir(), 'l2met-bench-'))
const start = Date.now() - 30_000
const bodies = [...profileBodies('small', { lines: 10_000, start, requestsPerSecond: 500 }, 50)]

console.log('| connections | posts | refused | p99 ms | worst ms | RSS MB |')
console.log('|---|---:|---:|---:|---:|---:|')
for (const tls of [false, true]) {
  for (const kind of KINDS) {
    if (!kind.name.includes(values.only) && kind.name !== 'none') continue
    await measure(kind, tls)
  }
}
rmSync(folder, { recursive: true })
process.exit(0)

async function measure(kind: Kind, tls: boolean): Promise<void> {
  const server = await startServer([...SERVER_FLAGS, SERVE], tls ? certificate() : {})
  const hostile = attack(server, kind, tls)
  await hostile.isOpen
  let refused = 0
  const load = await postLoad({
    port: server.port,
    nextBody: inTurn(bodies),
    connections: DRAINS,
    seconds: Number(values.seconds),
    tls,
    warmPosts: 50,
    rate: RATE,
  }).catch((error: unknown) => {
    refused += 1
    console.error(error)
    return undefined
  })
  const { latencies = [NaN] } = load ?? {}
  const { most } = server.memory()
  hostile.end()
  await server.stop()
  const name = `${tls ? 'TLS, ' : ''}${kind.name}`
  const worst = Math.max(...latencies)
  console.log(
    `| ${name} | ${load?.posts ?? 0} | ${refused} | ${quantileOf(latencies, 0.99).toFixed(1)} | ${worst.toFixed(1)} | ${most.toFixed(0)} |`,
  )
}

/** Keeps COUNT connections of a kind open: one that was closed is opened again within a second. */
function attack({ port }: ServerProcess, kind: Kind, tls: boolean) {
  const sockets = new Set<Socket>()
  const over = new AbortController()
  if (kind.name === 'none') over.abort()
  const openOne = async () => {
    const to = { port, host: '127.0.0.1' }
    const speaksTls = tls && kind.isPlain !== true
    const socket = speaksTls ? connectTls({ ...to, rejectUnauthorized: false }) : connect(to)
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
    if (kind.reads === false) socket.pause()
    else socket.resume()
    await Promise.race([
      once(socket, speaksTls ? 'secureConnect' : 'connect'),
      once(socket, 'close'),
    ])
    socket.write(kind.first)
  }
  const fill = async () => {
    while (sockets.size < COUNT && !over.signal.aborted) {
      const count = Math.min(BATCH, COUNT - sockets.size)
      await Promise.all(Array.from({ length: count }, openOne)).catch(() => {})
      await sleep(5)
    }
  }
  // The server may close some while others are opened: once round is enough.
  const isOpen = Promise.race([fill(), sleep(6000)])
  const again = setInterval(() => {
    if (kind.later !== undefined) for (const socket of sockets) socket.write(kind.later)
    void fill()
  }, 1000)
  return {
    isOpen,
    end: () => {
      over.abort()
      clearInterval(again)
      for (const socket of sockets) socket.destroy()
    },
  }
}

function certificate(): Record<string, string> {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=localhost', '-days', '2', '-nodes', '-newkey', 'rsa:2048']
  execFileSync('openssl', ['req', '-x509', ...subject, '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  })
  return { TLS_KEY_FILE: key, TLS_CERT_FILE: cert }
}
