import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { afterEach, describe, expect, test } from 'vitest'
import { createDrainAuth, drainToken } from '../../src/receive/credentials.ts'
import { addDrainRoute } from '../../src/receive/drain-route.ts'
import { type TakeBody, createDrain } from '../../src/receive/drain.ts'
import { addGracefulShutdown } from '../../src/receive/graceful-shutdown.ts'
import { type TlsFiles, createHttpServer } from '../../src/receive/http-server.ts'
import { takePlainPosts } from '../../src/receive/plain-posts.ts'
import { basic } from '../support/app.ts'
import { makeCertificate, openssl } from '../support/certificate.ts'
import { type RawConnection, connectRaw } from '../support/raw-http.ts'

const SECRET = 'the-secret-of-these-tests'
const AUTHORIZATION = `Authorization: ${basic('shop', drainToken(SECRET, 'shop'))}`
const RESULT = { lines: 1, malformed: 0, late: 0, skew: 0 }

interface Receiver {
  readonly address: string
  readonly server: FastifyInstance
  /** What was counted: app, prefix, id and body. */
  readonly taken: string[]
  /** How many requests Node's own HTTP has read. */
  byNode: number
  take: TakeBody
}

const opened: { server: FastifyInstance; connections: RawConnection[] }[] = []

afterEach(async () => {
  for (const { server, connections } of opened.splice(0)) {
    for (const { socket } of connections) socket.destroy()
    await server.close()
  }
})

async function receiver(
  secrets: string[],
  options: { isPlain?: boolean; waits?: boolean; tls?: TlsFiles } = {},
): Promise<Receiver> {
  const { isPlain = true, waits = false, tls } = options
  const log = pino({ level: 'silent' })
  const server = createHttpServer({ log, tls, isPublic: false })
  const drain = createDrain({
    auth: createDrainAuth(secrets),
    take: async (body) => {
      const { app, prefix, sourcePrefix, id, bytes } = body
      found.taken.push(
        JSON.stringify([app, prefix, sourcePrefix, id, Buffer.from(bytes).toString('latin1')]),
      )
      return found.take(body)
    },
    refuse: () => {},
    waits,
    log,
  })
  const none = { stop: () => {}, closeIdle: () => {} }
  const posts = isPlain ? takePlainPosts(server.server, drain) : none
  addDrainRoute(server, drain, addGracefulShutdown(server, { posts, limitMs: 3_600_000 }))
  server.server.on('request', () => (found.byNode += 1))
  server.get('/here', async () => 'here')
  const address = await server.listen({ port: 0, host: '127.0.0.1' })
  const found: Receiver = { address, server, taken: [], byNode: 0, take: async () => RESULT }
  opened.push({ server, connections: [] })
  return found
}

async function connect({ address, server }: Receiver): Promise<RawConnection> {
  const connection = await connectRaw(address)
  opened.find((one) => one.server === server)!.connections.push(connection)
  return connection
}

function post(payload: string, ...headers: string[]): Buffer {
  return Buffer.from(
    ['POST /logs HTTP/1.1', 'Host: h', `Content-Length: ${payload.length}`, ...headers]
      .join('\r\n')
      .concat('\r\n\r\n', payload),
    'latin1',
  )
}

/** Sends a request in pieces and resolves with one whole answer, or with what came until the end. */
async function exchange(connection: RawConnection, pieces: readonly Buffer[]): Promise<string> {
  for (const piece of pieces) {
    connection.write(piece)
    await sleep(1)
  }
  const come = async (pattern: RegExp) => {
    return connection.until(pattern).catch(async () => connection.closed())
  }
  const start = await come(HEAD)
  const head = HEAD.exec(start)?.[0]
  if (head === undefined) return start
  const length = /content-length: (\d+)/i.exec(head)?.[1] ?? 0
  const rest = /transfer-encoding: chunked/i.test(head) ? '[^]*?0\r\n\r\n' : `[^]{${length}}`
  const whole = new RegExp(`^[^]{${head.length}}${rest}`)
  const came = await come(whole)
  // What was sent behind a request, its payload being shorter, may have been answered already.
  const [answer] = whole.exec(came) ?? [came]
  connection.clear(answer.length)
  return answer.replace(/Date: [^\r]*/i, 'Date')
}

/** That of the first answer. */
const HEAD = /^HTTP\/1\.1 [^]*?\r\n\r\n/

describe('a plain post', () => {
  test.each([
    ['as Logplex sends it', ['Content-Type: application/logplex-1', 'Logplex-Frame-Id: 09C5']],
    ['as it comes through a proxy', ['X-Forwarded-For: 192.0.2.1', 'Connection: close']],
  ])('is read without Node’s HTTP: %s', async (_, headers) => {
    const to = await receiver([SECRET])
    const connection = await connect(to)
    const answer = await exchange(connection, [post('a body', AUTHORIZATION, ...headers)])
    expect(answer).toMatch(/^HTTP\/1\.1 204 No Content\r\n/)
    expect(to.taken).toHaveLength(1)
    expect(to.byNode).toBe(0)
    if (headers.includes('Connection: close')) expect(await connection.closed()).toBe('')
  })

  test.skipIf(openssl === undefined)('and over TLS, and what is none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'l2met-plain-'))
    const { cert, key } = makeCertificate(folder, 'plain')
    const to = await receiver([], { tls: { cert: readFileSync(cert), key: readFileSync(key) } })
    rmSync(folder, { recursive: true })
    const connection = await connect(to)
    for (let i = 0; i < 3; i += 1) {
      const long = 'x'.repeat(100_000)
      expect(await exchange(connection, [post(long)])).toMatch(/^HTTP\/1\.1 204 /)
    }
    expect([to.taken.length, to.byNode]).toEqual([3, 0])
    const get = Buffer.from('GET /here HTTP/1.1\r\nHost: h\r\n\r\n')
    expect(await exchange(connection, [get])).toMatch(/here$/)
    expect(to.byNode).toBe(1)
  })

  test('that has to be unpacked, refused or looked at closely is left to Node', async () => {
    const to = await receiver([SECRET])
    const packed = gzipSync('a body').toString('latin1')
    const cases: [Buffer, number][] = [
      [post(packed, AUTHORIZATION, 'Content-Encoding: gzip'), 204],
      [post('x', 'Authorization: Basic d3Jvbmc6d3Jvbmc='), 401],
      [post('x', AUTHORIZATION, 'Content-Type: text/html'), 204],
      [post('x', AUTHORIZATION, AUTHORIZATION), 204],
      [post('x', AUTHORIZATION, 'Transfer-Encoding: chunked'), 400],
      [Buffer.from('GET /here HTTP/1.1\r\nHost: h\r\n\r\n'), 200],
    ]
    for (const [request, status] of cases) {
      const answer = await exchange(await connect(to), [request])
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    }
    // What is no HTTP is no request.
    expect(to.byNode).toBe(cases.length - 1)
    expect(to.taken).toHaveLength(3)
  })

  test('is answered in its turn among others that came at once', async () => {
    const to = await receiver([])
    to.take = async () => {
      await sleep(5)
      return RESULT
    }
    const connection = await connect(to)
    const get = Buffer.from('GET /here HTTP/1.1\r\nHost: h\r\n\r\n')
    const last = post('5', 'Connection: close')
    connection.write(Buffer.concat([post('1'), post('2'), post('3'), get, post('4'), last]))
    const statuses = (await connection.closed()).match(/(?<=HTTP\/1\.1 )\d+/g)
    expect(statuses).toEqual(['204', '204', '204', '200', '204', '204'])
    expect(to.taken.map((text) => JSON.parse(text)[4])).toEqual(['1', '2', '3', '4', '5'])
  })

  test('is answered when its sender will send no more, and what it had sent before that, too', async () => {
    const to = await receiver([])
    to.take = async () => {
      await sleep(50)
      return RESULT
    }
    const connection = await connect(to)
    connection.write(post('1'))
    await expect.poll(() => to.taken.length).toBe(1)
    connection.socket.end(Buffer.concat([post('2'), post('3').subarray(0, -1)]))
    // The third never came whole.
    expect((await connection.closed()).match(/HTTP\/1\.1 204/g)).toHaveLength(2)
    expect(to.taken).toHaveLength(2)
  })

  test('behind the last answer is not counted: nobody would hear of it', async () => {
    const to = await receiver([])
    let answer: (() => void) | undefined
    to.take = () => new Promise((resolve) => (answer = () => resolve(RESULT)))
    const connection = await connect(to)
    connection.write(post('1', 'Connection: close'))
    await expect.poll(() => answer).toBeDefined()
    answer!()
    connection.write(post('2'))
    expect((await connection.closed()).match(/HTTP\/1\.1 204/g)).toHaveLength(1)
    expect(to.taken).toHaveLength(1)
  })

  test('that breaks off leaves the server as it was', async () => {
    const to = await receiver([])
    const half = post('0123456789').subarray(0, -5)
    for (const isReset of [true, false]) {
      const connection = await connect(to)
      connection.write(half)
      await sleep(20)
      if (isReset) connection.socket.resetAndDestroy()
      else connection.socket.end()
      expect(await connection.closed()).toBe('')
    }
    await sleep(1600)
    expect(await exchange(await connect(to), [post('whole')])).toMatch(/ 204 /)
    expect(to.taken).toHaveLength(1)
  })

  test('is acknowledged when it was counted, though what follows it is no request', async () => {
    const to = await receiver([])
    const connection = await connect(to)
    connection.write(Buffer.concat([post('a body'), Buffer.from('no request\r\n\r\n')]))
    const came = await connection.closed()
    expect(came.match(/(?<=HTTP\/1\.1 )\d+/g)).toEqual(['204', '400'])
    expect(to.taken).toHaveLength(1)
  })

  test('that waits for the store stays as it came, whoever goes and whatever else comes', async () => {
    const to = await receiver([], { waits: true })
    const [held, goOn] = [[] as string[], [] as (() => void)[]]
    to.take = async ({ bytes }) => {
      await new Promise<void>((resolve) => goOn.push(resolve))
      held.push(Buffer.from(bytes).toString('latin1'))
      return RESULT
    }
    const bodies = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => letter.repeat(3000))
    for (const body of bodies) {
      const connection = await connect(to)
      connection.write(post(body))
      const nth = bodies.indexOf(body) + 1
      await expect.poll(() => goOn.length).toBe(nth)
      // Every other sender goes away before its answer, and what is answered gives its memory to others.
      if (nth % 2 === 0) {
        connection.socket.resetAndDestroy()
        await sleep(20)
      }
      if (nth === 3) {
        goOn[0]!()
        await expect.poll(() => held.length).toBe(1)
      }
    }
    for (const end of goOn) end()
    await expect.poll(() => held.length).toBe(6)
    expect(held.toSorted()).toEqual(bodies)
    expect(to.taken.map((text) => JSON.parse(text)[4])).toEqual(bodies)
  })

  test('that comes slowly is left to Node, and counted once', async () => {
    const to = await receiver([])
    const connection = await connect(to)
    const request = post('0123456789')
    expect(await exchange(connection, [post('first')])).toMatch(/ 204 /)
    connection.write(request.subarray(0, -5))
    await expect.poll(() => to.byNode).toBe(1)
    expect(await exchange(connection, [request.subarray(-5)])).toMatch(/ 204 /)
    expect(to.taken.map((text) => JSON.parse(text)[4])).toEqual(['first', '0123456789'])
  })

  test('that can’t be counted gets its status, and the connection stays good', async () => {
    const to = await receiver([])
    const connection = await connect(to)
    to.take = async () => 'refused'
    expect(await exchange(connection, [post('x')])).toMatch(/^HTTP\/1\.1 503 [^]*length: 0\r\n/)
    to.take = async () => Promise.reject(new Error('a fault of ours'))
    expect(await exchange(connection, [post('x')])).toMatch(/^HTTP\/1\.1 500 [^]*length: 0\r\n/)
    to.take = async () => RESULT
    expect(await exchange(connection, [post('x')])).toMatch(/^HTTP\/1\.1 204 /)
    expect(to.byNode).toBe(0)
  })

  test('that is being counted when the server stops is answered, and who is idle is let go', async () => {
    const to = await receiver([])
    let answer: (() => void) | undefined
    const [idle, busy] = [await connect(to), await connect(to)]
    await exchange(idle, [post('x')])
    to.take = () => new Promise((resolve) => (answer = () => resolve(RESULT)))
    busy.write(post('y'))
    await expect.poll(() => answer).toBeDefined()
    const closed = to.server.close()
    await idle.closed()
    answer!()
    expect(await busy.closed()).toMatch(/^HTTP\/1\.1 204 [^]*Connection: close\r\n\r\n$/)
    await closed
  })

  test('that came too late for this process is answered by Node, which closes', async () => {
    const to = await receiver([])
    const connection = await connect(to)
    await exchange(connection, [post('x')])
    const closed = to.server.close()
    expect(await exchange(connection, [post('y')])).toMatch(/ 204 [^]*connection: close/i)
    await closed
    expect([to.taken.length, to.byNode]).toEqual([2, 1])
  })
})

const target = fc.oneof(
  { weight: 3, arbitrary: fc.constant('POST /logs HTTP/1.1') },
  fc.constantFrom(
    'POST /logs?prefix=eu HTTP/1.1',
    'POST /logs?prefix=a%2Fb&source-prefix=a+b HTTP/1.1',
    'POST /logs?prefix=%zz HTTP/1.1',
    'POST /logs?prefix=a&prefix=b HTTP/1.1',
    'POST /logs?app=shop&=&&x#y HTTP/1.1',
    'POST /logs?app=other HTTP/1.1',
    'POST /logs? HTTP/1.1',
    'POST /logs/ HTTP/1.1',
    'POST /%6cogs HTTP/1.1',
    'POST http://h/logs HTTP/1.1',
    'POST  /logs HTTP/1.1',
    'post /logs HTTP/1.1',
    'POST /logs HTTP/1.0',
    'POST /logs',
    'PUT /logs HTTP/1.1',
    'GET /here HTTP/1.1',
  ),
)
const header = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'Content-Type: application/logplex-1',
      'Logplex-Msg-Count: 5',
      'X-Forwarded-For: 192.0.2.1',
      'Via: 1.1 router',
    ),
  },
  fc.constantFrom(
    'Logplex-Frame-Id: 09C5',
    'logplex-frame-id:\t09C5 \t',
    'Logplex-Frame-Id: \xa0',
    'Logplex-Frame-Id:',
    'User-Agent: log-shuttle/1',
    'X-Request-Id: R1',
    'Content-Type: text/html; charset=x',
    'Content-Type : text/html',
    'Content-Encoding: identity',
    'Content-Encoding: br',
    'Connection: close',
    'Connection: Keep-Alive',
    'Connection: keep-alive, x',
    'Connection: upgrade\r\nUpgrade: h2c',
    'Transfer-Encoding: identity',
    'Content-Length: 3',
    'content-length: 0x3',
    'Host: h',
    'Authorization: Basic Og==',
    'X: a\r\n b',
    'X: \x01',
    'X: \xff',
    'X\x80: a',
    '__proto__: x',
    'X:y:z',
    ': x',
    'X',
    '',
  ),
)
const mostly = fc.nat(9).map((n) => n > 0)
const request = fc.record({
  target,
  // A body, and what is no request behind it, are the one case in which Node doesn't tell what it took.
  headers: fc
    .array(header, { maxLength: 3 })
    .filter((all) => !all.includes('Content-Length: 3') || !all.includes('')),
  isKnown: mostly,
  hasHost: mostly,
  payload: fc.string({ minLength: 1, maxLength: 20, unit: 'binary-ascii' }),
  cuts: fc.oneof(fc.constant<number[]>([]), fc.array(fc.nat(250), { maxLength: 2 })),
})

test('plain or not, requests get the answers that Node gives, and the same is counted', async () => {
  const plain = await receiver([SECRET])
  const waiting = await receiver([SECRET], { waits: true })
  const node = await receiver([SECRET], { isPlain: false })
  const all = [plain, waiting, node]
  const requests = fc.array(request, { minLength: 1, maxLength: 3 })
  const runs = fc.asyncProperty(requests, async (sent) => {
    const connections = await Promise.all(all.map(connect))
    for (const { target: first, headers, isKnown, hasHost, payload, cuts } of sent) {
      const lines = [first, ...(hasHost ? ['Host: h'] : []), ...(isKnown ? [AUTHORIZATION] : [])]
      lines.push(...headers, `Content-Length: ${payload.length}`)
      const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n${payload}`, 'latin1')
      const ends = [...cuts.filter((cut) => cut < bytes.length), bytes.length]
      ends.sort((a, b) => a - b)
      const pieces = ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))
      const answers = await Promise.all(connections.map(async (one) => exchange(one, pieces)))
      expect(answers).toEqual(answers.map(() => answers[0]))
      expect(plain.taken).toEqual(node.taken)
      expect(waiting.taken).toEqual(node.taken)
      if (!/connection: close/i.test(answers[0]!) && answers[0] !== '') continue
      const left = await Promise.all(connections.map(async (one) => one.closed()))
      expect(left).toEqual(left.map(() => left[0]))
      break
    }
    for (const { socket } of connections) socket.destroy()
    for (const { taken } of all) taken.length = 0
  })
  await fc.assert(runs, { numRuns: 250 })
  expect(plain.byNode).toBeGreaterThan(30)
  expect(node.byNode - plain.byNode).toBeGreaterThan(30)
})
