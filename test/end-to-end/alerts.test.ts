import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runBuiltServer } from '../support/built-server.ts'

const DOC = readFileSync(join(import.meta.dirname, '../../docs/ALERTS.md'), 'utf8')
const bodies: string[] = []
const receiver = createServer((request, response) => {
  request.on('data', (part: Buffer) => bodies.push(part.toString()))
  request.on('end', () => response.writeHead(200).end('ok'))
})
let url = ''

beforeAll(async () => {
  receiver.listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/secret-path`
})
afterAll(() => {
  receiver.close()
})

describe('l2met alerts', () => {
  test('default prints what docs/ALERTS.md shows', async () => {
    const shown = /```alerts\n([^]*?)```/.exec(DOC)![1]
    expect(await runBuiltServer(['alerts', 'default'])).toEqual({
      code: 0,
      stdout: shown,
      stderr: '',
    })
  })

  test('test sends one message', async () => {
    const env = { ALERT_WEBHOOK: url, ALERT_WEBHOOK_PRIVATE: '1' }
    const { code, stdout } = await runBuiltServer(['alerts', 'test'], env)
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^Sent a test message to 127\.0\.0\.1:\d+\.\n$/),
    ])
    expect(bodies).toEqual([expect.stringContaining('this is a test')])
  })

  test('test says why nothing arrived, and never the path', async () => {
    const refused = await runBuiltServer(['alerts', 'test'], { ALERT_WEBHOOK: url })
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('ALERT_WEBHOOK_PRIVATE=1'),
    })
    expect(refused.stderr).not.toContain('secret-path')
    expect(await runBuiltServer(['alerts', 'test'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('ALERT_WEBHOOK is not set'),
    })
  })

  test('a server with an alert that can not be read exits with 2, and says where', async () => {
    const env = { PORT: '0', ALERTS: 'p95>500ms; error-rat>1%' }
    expect(await runBuiltServer([], env)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /ALERTS: 'error-rat>1%', at 1: no metric is called 'error-rat'; known are .*error-rate/,
      ),
    })
  })
})
