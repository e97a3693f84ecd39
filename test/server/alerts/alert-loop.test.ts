import { describe, expect, test } from 'vitest'
import { pino } from 'pino'
import { parseExpression } from '../../../src/report/expression/expression.ts'
import { type AlertOptions, judgeApp } from '../../../src/server/alerts/alert-loop.ts'
import { type Webhook, WebhookError } from '../../../src/server/alerts/webhook.ts'
import { createIntake } from '../../../src/ingest/intake.ts'
import { createMemoryCommitter } from '../../../src/ingest/memory-committer.ts'
import { createMemoryStore } from '../../../src/store/memory/memory-store.ts'
import { body, syslog } from '../../support/count.ts'

interface Message {
  readonly app: string
  readonly alert: string
  readonly state: string
  readonly text: string
}

const MINUTE = 60_000

/** A store with a clock of its own, one app, and a webhook that takes what it is told to. */
function begin(...alerts: string[]) {
  let now = Math.floor(Date.now() / MINUTE) * MINUTE
  let last = -Infinity
  const store = createMemoryStore({ retentionMs: 24 * 60 * MINUTE, now: () => now })
  const committer = createMemoryCommitter(store)
  const intake = createIntake({ store, committer, maxSeries: 1000, maxRoutes: 100, pins: [] })
  const messages: Message[] = []
  const faults: Error[] = []
  const webhook: Webhook = {
    host: 'example.com',
    post: async (message) => {
      const fault = faults.shift()
      if (fault !== undefined) throw fault
      messages.push(message as Message)
    },
  }
  const active: string[] = []
  const options: AlertOptions = {
    store,
    alerts: alerts.map(parseExpression),
    webhook,
    mutesReleases: true,
    log: pino({ level: 'silent' }),
    setActive: async (_, alert, isActive) => {
      active.push(`${alert} ${isActive}`)
    },
  }
  return {
    store,
    options,
    messages,
    faults,
    active,
    states: () => messages.map(({ alert, state }) => `${alert} ${state}`),
    now: () => now,
    /** Commits lines, and notes the newest. */
    send: async (...lines: readonly string[]) => {
      const bytes = body(...lines)
      await intake.take({ app: 'shop', id: undefined, bytes, prefix: '', sourcePrefix: '' })
      last = now
    },
    /** Lets time pass and judges every 10 s. */
    pass: async (ms: number) => {
      for (const end = now + ms; now < end;) {
        now += 10_000
        await judgeApp(options, 'shop', last)
      }
    },
  }
}

function request(time: number, service: number, status = 200, head = 'at=info'): string {
  const timing = `connect=1ms service=${service}ms status=${status} bytes=10 protocol=https`
  return syslog(
    'heroku',
    'router',
    `${head} method=GET path="/checkout/7" host=h request_id=r fwd="192.0.2.1" dyno=web.1 ${timing}`,
    time,
  )
}

describe('alerts of an app', () => {
  test('fire once while a count holds, and recover when no line comes any more', async () => {
    const alert = begin('code=H12>2 in 5m')
    const h12 = request(alert.now(), 30_000, 503, 'at=error code=H12 desc="Request timeout"')
    await alert.send(h12, h12, h12)
    await alert.pass(2 * MINUTE)
    expect(alert.states()).toEqual(['code=H12>2 in 5m firing'])
    expect(alert.messages[0]).toMatchObject({
      app: 'shop',
      text: expect.stringMatching(
        /^shop: code=H12>2 in 5m is firing since \d\d:\d\d:\d\d UTC: H12 is 3$/,
      ),
    })
    await alert.pass(5 * MINUTE)
    expect(alert.states()).toEqual(['code=H12>2 in 5m firing', 'code=H12>2 in 5m recovered'])
    expect(alert.active).toEqual(['code=H12>2 in 5m true', 'code=H12>2 in 5m false'])
  })

  test('`for` has to hold in each minute', async () => {
    const alert = begin('p95>500ms for 3m', 'p95>500ms', 'route=/checkout/:id p95>500ms')
    for (let minute = 0; minute < 3; minute += 1) {
      await alert.send(request(alert.now(), 900))
      await alert.pass(MINUTE)
      const states = alert.states().filter((state) => state.startsWith('p95>500ms for'))
      expect(states).toEqual(minute < 2 ? [] : ['p95>500ms for 3m firing'])
    }
    expect(alert.states()).toContain('p95>500ms firing')
    expect(alert.states()).toContain('route=/checkout/:id p95>500ms firing')
  })

  test('the queue time that an app logs', async () => {
    const alert = begin('queue-p95>100ms')
    await alert.send(
      syslog(
        'app',
        'web.1',
        'source=rack-timeout id=a wait=162ms timeout=15000ms service=3ms state=completed',
        alert.now(),
      ),
    )
    await alert.pass(MINUTE)
    expect(alert.states()).toEqual(['queue-p95>100ms firing'])
  })

  test('memory is judged against the quota of the same dyno', async () => {
    const alert = begin('memory>90% of quota', 'dyno=web.2 memory>400MB')
    const memory = (dyno: string, total: number, quota: number) =>
      syslog(
        'heroku',
        dyno,
        `source=${dyno} dyno=heroku.1.a sample#memory_total=${total}MB sample#memory_quota=${quota}MB`,
        alert.now(),
      )
    await alert.send(memory('web.1', 480, 1024), memory('web.2', 300, 512))
    await alert.pass(20_000)
    expect(alert.states()).toEqual([])
    await alert.send(memory('web.2', 500, 512))
    await alert.pass(20_000)
    expect(alert.states()).toEqual(['memory>90% of quota firing', 'dyno=web.2 memory>400MB firing'])
  })

  test('silence and its end', async () => {
    const alert = begin('silent>5m')
    await alert.send(request(alert.now(), 5))
    await alert.pass(6 * MINUTE)
    await alert.send(request(alert.now(), 5))
    await alert.pass(MINUTE)
    expect(alert.states()).toEqual(['silent>5m firing', 'silent>5m recovered'])
  })

  test('a release mutes for two minutes', async () => {
    const alert = begin('errors>0 in 5m')
    await alert.send(
      syslog('app', 'api', 'Release v7 created by user a@example.com', alert.now()),
      request(alert.now(), 5, 500),
    )
    await alert.pass(110_000)
    expect(alert.states()).toEqual([])
    await alert.pass(30_000)
    expect(alert.states()).toEqual(['errors>0 in 5m firing'])
  })

  test('a receiver that is away gets the message later; one that refuses it, never', async () => {
    const alert = begin('errors>0 in 10m')
    alert.faults.push(new WebhookError('503', true), new WebhookError('503', true))
    await alert.send(request(alert.now(), 5, 500))
    await alert.pass(10_000)
    expect(alert.states()).toEqual([])
    await alert.pass(MINUTE)
    expect(alert.states()).toEqual(['errors>0 in 10m firing'])
    const refused = begin('errors>0 in 10m')
    refused.faults.push(new WebhookError('400', false))
    await refused.send(request(refused.now(), 5, 500))
    await refused.pass(2 * MINUTE)
    expect(refused.states()).toEqual([])
  })

  test('two processes that judge at the same time send one message', async () => {
    const alert = begin('errors>0 in 5m')
    await alert.send(request(alert.now(), 5, 500))
    await alert.pass(0)
    await Promise.all([
      judgeApp(alert.options, 'shop', alert.now()),
      judgeApp(alert.options, 'shop', alert.now()),
      alert.pass(10_000),
    ])
    expect(alert.states()).toEqual(['errors>0 in 5m firing'])
  })
})
