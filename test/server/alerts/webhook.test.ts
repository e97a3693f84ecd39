import { once } from 'node:events'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createWebhook, isPrivate } from '../../../src/server/alerts/webhook.ts'

async function receiver(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const bodies: string[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      bodies.push(Buffer.concat(parts).toString())
      answer(request, response)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, bodies }
}

describe('the webhook', () => {
  test('posts JSON', async () => {
    const { url, bodies } = await receiver((_, response) => response.writeHead(204).end())
    await createWebhook(url, true).post({ text: 'héllo' })
    expect(bodies).toEqual(['{"text":"héllo"}'])
  })

  test.each([
    [200, undefined],
    [302, { isTemporary: false, message: expect.stringContaining('redirects are not followed') }],
    [400, { isTemporary: false }],
    [404, { isTemporary: false }],
    [429, { isTemporary: true }],
    [500, { isTemporary: true, message: 'the webhook answered 500' }],
    [503, { isTemporary: true }],
  ])('an answer of %i', async (status, fault) => {
    const { url, bodies } = await receiver((_, response) =>
      response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end('<html>x'),
    )
    const sent = createWebhook(url, true).post({ text: 'x' })
    if (fault === undefined) await sent
    else await expect(sent).rejects.toMatchObject(fault)
    expect(bodies).toHaveLength(1)
  })

  test('a receiver that is not there may be back later', async () => {
    await expect(createWebhook('http://127.0.0.1:9/', true).post({})).rejects.toMatchObject({
      isTemporary: true,
    })
  })

  test('private addresses are refused, and nothing reaches them', async () => {
    const { url, bodies } = await receiver((_, response) => response.writeHead(204).end())
    for (const target of [
      url,
      url.replace('127.0.0.1', 'localhost'),
      url.replace('127.0.0.1', '2130706433'),
    ])
      await expect(createWebhook(target, false).post({})).rejects.toMatchObject({
        isTemporary: false,
        message: expect.stringContaining('ALERT_WEBHOOK_PRIVATE=1'),
      })
    expect(bodies).toEqual([])
  })

  test.each([
    ['10.1.2.3', true],
    ['127.0.0.53', true],
    ['169.254.169.254', true],
    ['172.31.0.1', true],
    ['172.32.0.1', false],
    ['192.168.1.1', true],
    ['100.64.0.1', true],
    ['0.0.0.0', true],
    ['::1', true],
    ['::', true],
    ['fd00::1', true],
    ['fe80::1', true],
    ['::ffff:10.0.0.1', true],
    ['2001:db8::1', false],
    ['198.51.100.1', false],
  ])('%s: %s', (address, expected) => expect(isPrivate(address)).toBe(expected))
})
