import { afterAll, beforeAll, expect, test } from 'vitest'
import { drainToken } from '../../src/receive/credentials.ts'
import { basic } from '../support/app.ts'
import { type DrainServer, startDrainServer } from '../support/drain-server.ts'
import { ANSWER } from '../support/raw-http.ts'

const SECRET = 'the-secret-of-these-tests'
const AUTHORIZATION = `Authorization: ${basic('shop', drainToken(SECRET, 'shop'))}`

let server: DrainServer
beforeAll(async () => {
  server = await startDrainServer({ secrets: [SECRET] })
})
afterAll(async () => server.stop())

interface Case {
  /** The request line, where it isn't `POST /logs HTTP/1.1`. */
  readonly line?: string
  /** Besides Host, Authorization and Content-Length. */
  readonly header?: string
  readonly status: number
  /** What the drain took of it; without it nothing. */
  readonly takes?: { readonly id?: string; readonly prefix?: string }
}

const LINES: Case[] = [
  { line: 'POST /logs? HTTP/1.1', status: 204, takes: {} },
  { line: 'POST /logs/ HTTP/1.1', status: 204, takes: {} },
  { line: 'POST /%6cogs HTTP/1.1', status: 204, takes: {} },
  { line: 'POST /logs?prefix=eu HTTP/1.1', status: 204, takes: { prefix: 'eu' } },
  { line: 'POST /logs?prefix=a%2Fb HTTP/1.1', status: 204, takes: { prefix: 'a/b' } },
  { line: 'POST /logs?app=shop&=&&x#y HTTP/1.1', status: 204, takes: {} },
  { line: 'POST /logs?app=other HTTP/1.1', status: 403 },
  { line: 'POST /logs?prefix=%zz HTTP/1.1', status: 400 },
  { line: 'POST /logs?prefix=a&prefix=b HTTP/1.1', status: 400 },
  { line: 'POST http://h/logs HTTP/1.1', status: 204, takes: {} },
  { line: 'POST  /logs HTTP/1.1', status: 204, takes: {} },
  { line: 'post /logs HTTP/1.1', status: 400 },
  { line: 'POST /logs', status: 204, takes: {} },
  { line: 'PUT /logs HTTP/1.1', status: 405 },
  { line: 'POST /logs HTTP/1.0', status: 204, takes: {} },
]

const HEADERS: Case[] = [
  { header: 'logplex-frame-id:\t09C5 \t', status: 204, takes: { id: '09C5' } },
  { header: 'Logplex-Frame-Id: \xa0', status: 204, takes: {} },
  { header: 'Logplex-Frame-Id:', status: 204, takes: {} },
  { header: 'Content-Encoding: identity', status: 204, takes: {} },
  { header: 'Content-Encoding: br', status: 415 },
  { header: 'Content-Type: text/html; charset=x', status: 204, takes: {} },
  { header: 'Connection: Keep-Alive', status: 204, takes: {} },
  { header: 'Connection: close', status: 204, takes: {} },
  { header: 'Connection: upgrade\r\nUpgrade: h2c', status: 204, takes: {} },
  { header: '__proto__: x', status: 204, takes: {} },
  { header: 'X:y:z', status: 204, takes: {} },
  { header: 'X: \xff', status: 204, takes: {} },
  { header: 'Authorization: Basic Og==', status: 204, takes: {} },
  { header: 'Host: h', status: 204, takes: {} },
  { header: 'Content-Type : text/html', status: 400 },
  { header: 'Transfer-Encoding: identity', status: 400 },
  { header: 'Transfer-Encoding: chunked', status: 400 },
  { header: 'Content-Length: 3', status: 400 },
  { header: 'content-length: 0x3', status: 400 },
  { header: 'X: a\r\n b', status: 400 },
  { header: 'X: \x01', status: 400 },
  { header: 'X\x80: a', status: 400 },
  { header: ': x', status: 400 },
  { header: 'X', status: 400 },
]

test.each([...LINES, ...HEADERS])(
  '$line $header: $status',
  async ({ line = 'POST /logs HTTP/1.1', header, status, takes }) => {
    server.taken.length = 0
    const client = await server.connect()
    const head = [line, 'Host: h', AUTHORIZATION, ...(header === undefined ? [] : [header])]
    client.write(Buffer.from([...head, 'Content-Length: 5', '', 'lines'].join('\r\n'), 'latin1'))
    expect(await client.until(ANSWER)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    const expected = { app: 'shop', id: undefined, prefix: '', ...takes }
    expect(server.taken).toMatchObject(takes === undefined ? [] : [expected])
    // Of what could not be read nothing more is read.
    if (status === 400 && server.taken.length === 0 && !/prefix/.test(line)) await client.closed()
    client.socket.destroy()
  },
)

test('a request without a host is refused', async () => {
  const client = await server.connect()
  client.write(`POST /logs HTTP/1.1\r\n${AUTHORIZATION}\r\nContent-Length: 1\r\n\r\nx`)
  expect(await client.closed()).toMatch(/^HTTP\/1\.1 400 /)
})
