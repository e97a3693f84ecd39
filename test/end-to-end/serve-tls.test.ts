import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type TLSSocket, connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SECRETS, basic, routerBody } from '../support/app.ts'
import { type BuiltServer, startBuiltServer } from '../support/built-server.ts'
import { makeCertificate, openssl } from '../support/certificate.ts'
import { drainToken } from '../../src/receive/credentials.ts'

describe.skipIf(openssl === undefined)('HTTPS without a proxy', () => {
  const folder = mkdtempSync(join(tmpdir(), 'l2met-tls-'))
  const certFile = join(folder, 'cert.pem')
  const keyFile = join(folder, 'key.pem')
  let server: BuiltServer

  const certify = (name: string) => {
    const { cert, key } = makeCertificate(folder, name)
    copyFileSync(cert, certFile)
    copyFileSync(key, keyFile)
  }

  beforeAll(async () => {
    certify('first')
    server = await startBuiltServer({ ...SECRETS, TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile })
  })
  afterAll(async () => {
    await server.stop()
    rmSync(folder, { recursive: true })
  })

  const portOf = () => Number(new URL(server.origin).port)

  const send = (method: string, path: string, authorization: string, payload?: Buffer) =>
    new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const sending = request(
        {
          host: 'localhost',
          port: portOf(),
          method,
          path,
          ca: readFileSync(certFile),
          headers: { authorization },
        },
        (answer) => {
          let body = ''
          answer.on('data', (chunk: Buffer) => (body += chunk.toString()))
          answer.once('end', () => resolve({ status: answer.statusCode, body }))
        },
      )
      sending.once('error', reject)
      sending.end(payload)
    })

  const handshake = (options: object) =>
    new Promise<TLSSocket>((resolve, reject) => {
      const socket = connect(
        { host: 'localhost', port: portOf(), rejectUnauthorized: false, ...options },
        () => resolve(socket),
      )
      socket.once('error', reject)
    })

  const commonName = async () => {
    const socket = await handshake({})
    const { subject } = socket.getPeerCertificate()
    socket.destroy()
    return subject.CN
  }

  test('takes a drain with its token and shows the report', async () => {
    expect(server.origin).toMatch(/^https:/)
    const authorization = basic('a', drainToken('new-secret-of-tests', 'a'))
    expect((await send('POST', '/logs', authorization, routerBody(3))).status).toBe(204)
    expect((await send('POST', '/logs', basic('a', 'x'), routerBody(3))).status).toBe(401)
    const report = await send('GET', '/api/report', 'Bearer the-token-of-tests')
    expect(JSON.parse(report.body)).toMatchObject({ app: 'a', requests: { count: 3 } })
  })

  test('speaks TLS 1.2 and 1.3 only', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await handshake({ minVersion: version, maxVersion: version })
      expect(socket.getProtocol()).toBe(version)
      socket.destroy()
    }
    await expect(
      handshake({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }),
    ).rejects.toThrow(/alert|protocol/i)
  })

  test('takes a new certificate on SIGHUP, and keeps the old one when the new is bad', async () => {
    expect(await commonName()).toBe('first')
    certify('second')
    server.signal('SIGHUP')
    while ((await commonName()) !== 'second') await sleep(10)
    copyFileSync(keyFile, certFile)
    server.signal('SIGHUP')
    while (!server.said().includes('Could not reload the certificate')) await sleep(10)
    expect(await commonName()).toBe('second')
  })
})
