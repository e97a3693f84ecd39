import { expect, test } from 'vitest'
import { drainToken } from '../../src/receive/credentials.ts'
import { basic, routerBody } from '../support/app.ts'
import { startBuiltServer } from '../support/built-server.ts'
import { noRedis, startRedis } from '../support/redis.ts'

const OLD = 'the-old-secret-of-drains'
const NEW = 'the-new-secret-of-drains'
const SENDERS = 4

// As docs/DEPLOY.md says: the new secret goes first, drains get new URLs, then the old one goes.
test.skipIf(noRedis !== undefined)(
  'secrets rotate under load without one refused request',
  async () => {
    const redis = await startRedis()
    const start = (secrets: string) =>
      startBuiltServer({
        REDIS_URL: redis.url,
        DRAIN_SECRETS: secrets,
        METRICS_TOKEN: 'the-token-of-metrics',
      })
    let server = await start(OLD)
    let secret = OLD
    const done = new AbortController()
    const statuses = new Map<number, number>()

    const sender = async (i: number) => {
      for (let frame = 0; !done.signal.aborted; frame += 1) {
        const answer = await fetch(`${server.origin}/logs`, {
          method: 'POST',
          headers: {
            authorization: basic('shop', drainToken(secret, 'shop')),
            'content-type': 'application/logplex-1',
            'logplex-frame-id': `${i}-${frame}`,
          },
          body: routerBody(),
        })
        await answer.arrayBuffer()
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
      }
    }
    /** The router sends new requests to the new process, and the old one ends. */
    const restartWith = async (secrets: string) => {
      const old = server
      server = await start(secrets)
      await sent(50)
      expect(await old.stop()).toBe(0)
    }
    const count = () => [...statuses.values()].reduce((sum, n) => sum + n, 0)
    const sent = async (more: number) => {
      for (const end = count() + more; count() < end;) await new Promise((r) => setTimeout(r, 10))
    }

    const senders = Array.from({ length: SENDERS }, (_, i) => sender(i))
    await sent(50)
    await restartWith(`${NEW},${OLD}`)
    await sent(50)
    secret = NEW
    await sent(50)
    await restartWith(NEW)
    await sent(50)
    done.abort()
    await Promise.all(senders)

    expect([...statuses.keys()]).toEqual([204])
    const metrics = await fetch(`${server.origin}/metrics`, {
      headers: { authorization: 'Bearer the-token-of-metrics' },
    })
    const counted = /^heroku_router_requests_total\{.*\} (\d+)$/m.exec(await metrics.text())
    expect(Number(counted?.[1])).toBe(statuses.get(204))
    expect(await server.stop()).toBe(0)
    await redis.stop()
  },
)
