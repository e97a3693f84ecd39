import { connect } from 'node:net'
import createFastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, test } from 'vitest'
import { type LiveOptions, addLiveRoute } from '../../../src/server/api/live.ts'
import { createIntake } from '../../../src/ingest/intake.ts'
import { createMemoryCommitter } from '../../../src/ingest/memory-committer.ts'
import { createMemoryStore } from '../../../src/store/memory/memory-store.ts'
import { WIDTH_10S } from '../../../src/model/window-reader.ts'
import { type Store } from '../../../src/store/store.ts'
import { routerLine } from '../../support/app.ts'
import { body } from '../../support/count.ts'
import { type StreamEvent, openEvents } from '../../support/event-stream.ts'

const servers: FastifyInstance[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

/** A server whose time stands still until it is set; `beforeRead` is called before each read of its store. */
async function start(
  options: Omit<Partial<LiveOptions>, 'store'> = {},
  beforeRead = async () => {},
) {
  const clock = { now: Math.floor(Date.now() / WIDTH_10S) * WIDTH_10S + 2000 }
  const store = createMemoryStore({ retentionMs: 86_400_000, now: () => clock.now })
  const logged: string[] = []
  const stream = { write: (line: string) => void logged.push(line) }
  const server = createFastify({
    forceCloseConnections: 'idle',
    logger: { level: 'error', stream },
  }) as unknown as FastifyInstance
  servers.push(server)
  const read: Store['read'] = async (...args) => {
    await beforeRead()
    return store.read(...args)
  }
  addLiveRoute(server, { store: { ...store, read }, pollMs: 20, ...options })
  const url = await server.listen({ port: 0, host: '127.0.0.1' })
  const committer = createMemoryCommitter(store)
  const intake = createIntake({ store, committer, maxSeries: 1000, maxRoutes: 50, pins: [] })
  const send = async (count: number, app = 'shop') => {
    const lines = Array.from({ length: count }, () => routerLine(200, clock.now))
    await intake.take({ app, id: undefined, bytes: body(...lines), prefix: '', sourcePrefix: '' })
  }
  await send(3)
  return { url, clock, store, server, send, logged }
}

function countsOf({ data }: StreamEvent): (number | null)[] {
  return data.series.requests.count
}

describe('/api/live', () => {
  test('begins with this step and the one before, and tells what changes', async () => {
    const { url, clock, send } = await start()
    const stream = await openEvents(`${url}/api/live?app=shop`)
    expect(stream.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
    })
    const first = await stream.next()
    expect([first.event, countsOf(first)]).toEqual(['series', [null, 3]])
    expect(first.data).toMatchObject({ app: 'shop', step: 10, points: 2 })
    await send(2)
    expect(countsOf(await stream.next())).toEqual([null, 5])
    clock.now += WIDTH_10S
    await send(1)
    let event = await stream.next()
    // The end of the step and the new line may come as one change or as two.
    if (countsOf(event)[1] === null) event = await stream.next()
    expect(countsOf(event)).toEqual([5, 1])
    stream.leave()
  })

  test('says nothing while nothing changes', async () => {
    const { url } = await start({ heartbeatMs: 40 })
    const stream = await openEvents(`${url}/api/live?app=shop`)
    await stream.next()
    const before = stream.text().length
    while (!stream.text().slice(before).includes(': still here\n\n: still here')) {
      await new Promise((done) => setTimeout(done, 10))
    }
    expect(stream.text().slice(before).replaceAll(': still here\n\n', '')).toBe('')
    stream.leave()
  })

  test('goes on behind the last id', async () => {
    const { url, clock, send } = await start()
    const stream = await openEvents(`${url}/api/live?app=shop&name=requests`)
    const { id } = await stream.next()
    stream.leave()
    clock.now += 4 * WIDTH_10S
    await send(1)
    const again = await openEvents(`${url}/api/live?app=shop&name=requests`, {
      'last-event-id': id,
    })
    const event = await again.next()
    expect(event.event).toBe('series')
    expect(countsOf(event)).toEqual([null, 3, null, null, null, 1])
    expect(Object.keys(event.data.series)).toEqual(['requests'])
    again.leave()
  })

  test('tells who was away too long to ask for everything; what is no id is none', async () => {
    const { url, clock } = await start()
    const old = String(clock.now - 7_200_000)
    for (const [id, event] of [
      [old, 'reset'],
      ['', 'series'],
      ['x', 'series'],
      ['9999999999999', 'series'],
    ] as const) {
      const stream = await openEvents(`${url}/api/live?app=shop`, { 'last-event-id': id })
      const first = await stream.next()
      expect([id, first.event, first.data.points <= 2]).toEqual([id, event, true])
      stream.leave()
    }
  })

  test('other steps are merged from coarse windows', async () => {
    const { url, clock, send } = await start()
    const stream = await openEvents(`${url}/api/live?app=shop&step=180&name=requests`)
    const first = await stream.next()
    expect(first.data.step).toBe(180)
    expect(countsOf(first).at(-1)).toBe(3)
    const before = clock.now
    clock.now += 60_000
    await send(4)
    const isSame = Math.floor(before / 180_000) === Math.floor(clock.now / 180_000)
    let event = await stream.next()
    while (countsOf(event).at(-1) !== (isSame ? 7 : 4)) event = await stream.next()
    stream.leave()
  })

  test('drops a client that doesn’t read', async () => {
    const { url, server, send } = await start({ maxUnsent: 20_000, pollMs: 1 })
    // As if the system's buffers of the connection were full: what is written stays with the server.
    server.server.on('connection', (socket) => socket.cork())
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    socket.on('error', () => {})
    socket.write('GET /api/live?app=shop HTTP/1.1\r\nHost: x\r\n\r\n')
    const state = { isClosed: false }
    socket.once('close', () => (state.isClosed = true))
    let sent = 0
    for (; !state.isClosed && sent < 5000; sent += 1) {
      await send(1)
      await new Promise((done) => setTimeout(done, 2))
    }
    expect(state.isClosed).toBe(true)
    // Nothing of it was lost on a client that did nothing wrong before: some events had room.
    expect(sent).toBeGreaterThan(2)
  })

  test('at most so many streams of an app; those that left make room', async () => {
    const { url, send } = await start({ maxStreams: 2 })
    await send(1, 'other')
    const streams = [
      await openEvents(`${url}/api/live?app=shop`),
      await openEvents(`${url}/api/live?app=shop`),
    ]
    const third = await fetch(`${url}/api/live?app=shop`)
    expect([third.status, third.headers.get('retry-after')]).toEqual([429, '60'])
    expect(await third.json()).toMatchObject({ message: expect.stringContaining('/api/series') })
    const other = await openEvents(`${url}/api/live?app=other`)
    expect(other.response.statusCode).toBe(200)
    streams[0]!.leave()
    let status = 429
    while (status === 429) {
      const again = await openEvents(`${url}/api/live?app=shop`)
      status = again.response.statusCode!
      again.leave()
    }
    expect(status).toBe(200)
    streams[1]!.leave()
    other.leave()
  })

  test('at most so many when they come at the same time', async () => {
    let waiting = 0
    let open: (() => void) | undefined
    const allWait = new Promise<void>((resolve) => (open = resolve))
    const { url } = await start({ maxStreams: 2 }, async () => {
      waiting += 1
      if (waiting === 6) open?.()
      await allWait
    })
    const streams = await Promise.all(
      Array.from({ length: 6 }, () => openEvents(`${url}/api/live?app=shop`)),
    )
    const statuses = streams.map(({ response }) => response.statusCode!)
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 200, 429, 429, 429, 429])
    for (const stream of streams) stream.leave()
  })

  test('an app that isn’t there, and a bad question', async () => {
    const { url } = await start()
    expect((await fetch(`${url}/api/live?app=nobody`)).status).toBe(404)
    expect((await fetch(`${url}/api/live`)).status).toBe(400)
    expect((await fetch(`${url}/api/live?app=shop&step=7`)).status).toBe(400)
    expect((await fetch(`${url}/api/live?app=shop&dyno=web.1`)).status).toBe(400)
  })

  test('a store that can’t be read is said, and said again when it can', async () => {
    const state = { isDown: false }
    let attempts = 0
    const { url, logged } = await start({}, async () => {
      if (!state.isDown) return
      attempts += 1
      throw new Error('ECONNREFUSED 10.0.0.1')
    })
    const stream = await openEvents(`${url}/api/live?app=shop`)
    expect((await stream.next()).event).toBe('series')
    state.isDown = true
    const trouble = await stream.next()
    expect(trouble).toMatchObject({ event: 'trouble', data: { error: 'the store can’t be read' } })
    await expect.poll(() => attempts).toBeGreaterThan(3)
    state.isDown = false
    expect((await stream.next()).event).toBe('series')
    stream.leave()
    // Why it can't is for whoever runs the server, once for all attempts.
    expect(logged).toEqual([expect.stringContaining('ECONNREFUSED 10.0.0.1')])
  })

  test('closing the server ends the streams and doesn’t wait for them', async () => {
    const { url, server } = await start()
    const stream = await openEvents(`${url}/api/live?app=shop`)
    await stream.next()
    servers.splice(0)
    await server.close()
    await stream.closed
    expect(stream.text()).toContain('event: series')
  })
})
