import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { startOtlpExporter } from '../../src/export/otlp/exporter.ts'
import { renderOpenMetrics } from '../../src/export/prometheus/openmetrics.ts'
import { renderProtobuf } from '../../src/export/prometheus/protobuf.ts'
import { renderText } from '../../src/export/prometheus/text.ts'
import { createReadLog } from '../../src/receive/read-log.ts'
import { testApp } from '../support/app.ts'
import { CHROMIUM, openWatched, startBrowser, waitForCharts } from '../support/browser.ts'
import { body, syslog } from '../support/count.ts'
import { openEvents } from '../support/event-stream.ts'
import { INJECTIONS, PLAIN_INJECTIONS } from '../support/injections.ts'
import { runLocal, temporaryFolder, writeLog } from '../support/local-program.ts'
import { decodeFamilies } from '../support/metrics-proto.ts'
import { startOtlpReceiver } from '../support/otlp-receiver.ts'
import { findProgram } from '../support/programs.ts'
import { noPrometheus, startPrometheus } from '../support/prometheus.ts'
import { noRedis, startRedis } from '../support/redis.ts'
import { createTarget, promtoolOn, rendered, renderedBytes, samplesOf } from '../support/scrape.ts'

const promtool = findProgram('promtool')
/** What each line of the app counts, whatever else stands on it. */
const COUNT = 'count#sent.lines=1'
const APP = 'shop'

/** A line that has a text in one place. */
type Place = (text: string) => readonly [from: string, procid: string, message: string]

const app = (message: string) => ['app', 'web.1', `${COUNT} ${message}`] as const
const router = (fields: Record<string, string>) => {
  const all = {
    at: 'info',
    method: 'GET',
    path: '"/"',
    host: 'shop.example',
    request_id: '1',
    fwd: '"192.0.2.1"',
    dyno: 'web.1',
    connect: '1ms',
    service: '5ms',
    status: '200',
    bytes: '5',
    protocol: 'https',
    ...fields,
  }
  const text = Object.entries(all).map(([name, value]) => `${name}=${value}`)
  return ['heroku', 'router', text.join(' ')] as const
}
// Colours and NULs are taken out of a drain's lines: what is nothing else would be no field.
const word = (text: string) => {
  const isControl = text.startsWith('\u001B') || text.startsWith('\0')
  return `${isControl ? 'p' : ''}${text.replace(/\s/g, '')}` || '-'
}

/** Lines of the app, each of which counts one. */
const APP_PLACES: Readonly<Record<string, Place>> = {
  name: (text) => app(`count#${text}=1 measure#${text}=2ms sample#${text}=3 unique#${text}=4`),
  unit: (text) => app(`count#u=1${text} measure#u=2${text} sample#u=3${text}`),
  'label key': (text) => app(`count#k=1 tag#${text}=v`),
  'label value': (text) => app(`count#v=1 tag#k=${text}`),
  'quoted value': (text) => app(`measure#q=1s tag#k="${text}"`),
  source: (text) => app(`sample#s=1 source=${text}`),
  value: (text) => app(`unique#v=${text} count#n=${text}`),
  text: (text) => app(text),
  process: (text) => ['app', word(text), COUNT],
}
const PLATFORM_PLACES: Readonly<Record<string, Place>> = {
  path: (text) => router({ path: `"/${text}"` }),
  method: (text) => router({ method: word(text) }),
  host: (text) => router({ host: text, fwd: `"${text}"`, request_id: text }),
  dyno: (text) => router({ dyno: word(text) }),
  code: (text) => router({ at: 'error', code: text, desc: `"${text}"`, status: '503' }),
  'dyno with samples': (text) => [
    'heroku',
    'web.2',
    `source=${text} dyno=heroku.1.x sample#memory_total=9MB sample#load_avg_1m=0.5`,
  ],
  crash: (text) => ['heroku', word(text), 'State changed from up to crashed'],
  R14: (text) => ['heroku', word(text), 'Error R14 (Memory quota exceeded)'],
  scale: (text) => ['heroku', 'api', `Scaled to web@1:${text} by user a@example.com`],
  dropped: (text) => [
    'heroku',
    'logplex',
    `Error L10 (output buffer overflow): ${text} 1 messages dropped`,
  ],
  'add-on': (text) => [
    'app',
    'heroku-postgres',
    `source=${text} addon=${text} sample#${text}=1 sample#db_size=1bytes`,
  ],
}
/** Lines with each of some texts in each place, those of the app first. */
function linesOf(texts: readonly string[]) {
  const own = texts.flatMap((text) => Object.values(APP_PLACES).map((place) => place(text)))
  const others = texts.flatMap((text) => Object.values(PLATFORM_PLACES).map((place) => place(text)))
  return { all: [...own, ...others], own: own.length }
}

const ALL = linesOf(INJECTIONS)
/** For what takes longer. */
const FEW = linesOf(PLAIN_INJECTIONS)

function bodies(now: number): Buffer[] {
  const messages = FEW.all.map(([from, procid, message]) => syslog(from, procid, message, now))
  return Array.from({ length: Math.ceil(messages.length / 500) }, (_, i) =>
    body(...messages.slice(i * 500, i * 500 + 500)),
  )
}

test('there are enough texts', () => {
  expect(INJECTIONS.length).toBeGreaterThan(300)
})

describe('families of metrics with texts of strangers in all places', async () => {
  const target = createTarget()
  const messages = new Map<string, [string, string, string[]]>()
  for (const [from, procid, message] of ALL.all) {
    const key = `${from} ${procid}`
    const group = messages.get(key) ?? [from, procid, []]
    group[2].push(message)
    messages.set(key, group)
  }
  for (const [from, procid, all] of messages.values())
    await target.post({ app: APP, from, procid }, ...all)
  target.move(60_000)
  const families = await target.families()

  test.skipIf(promtool.path === undefined)(
    'are good text for promtool, and nothing is lost',
    () => {
      const text = rendered(renderText, families)
      expect(promtoolOn(promtool.path!, text)).toBe('')
      const samples = samplesOf(text)
      expect(sentLines(samples)).toBe(ALL.own)
      const lines = [...samples].filter(([name]) => name.startsWith('l2met_lines_total'))
      expect(lines.reduce((sum, [, n]) => sum + n, 0)).toBe(ALL.all.length)
    },
  )

  test('are the same in OpenMetrics', () => {
    const text = rendered(renderOpenMetrics, families)
    expect(text.endsWith('\n# EOF\n')).toBe(true)
    expect(text.match(/^# EOF/gm)).toHaveLength(1)
    for (const line of text.split('\n').slice(0, -1)) expect(line).toMatch(OPENMETRICS_LINE)
    expect(sentLines(samplesOf(text))).toBe(ALL.own)
  })

  test('are the same in protobuf, with names that may be', () => {
    const decoded = decodeFamilies(renderedBytes(renderProtobuf, families))
    expect(decoded.map(({ name }) => name)).toEqual(families.map(({ name }) => name))
    for (const { name, metric } of decoded) {
      expect(name).toMatch(/^[a-zA-Z_][a-zA-Z0-9_]*$/)
      for (const { label = [] } of metric) {
        const names = label.map((one) => one.name)
        expect(new Set(names).size).toBe(names.length)
        for (const one of names) expect(one).toMatch(/^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/)
      }
    }
    const sent = decoded.find(({ name }) => name === 'app_sent_lines_total')!
    expect(sent.metric.reduce((sum, { counter }) => sum + counter!.value, 0)).toBe(ALL.own)
  })

  test('are the same in OTLP', async () => {
    const receiver = await startOtlpReceiver()
    const exporter = startOtlpExporter({
      endpoint: `http://127.0.0.1:${receiver.port}`,
      collector: target.collector,
      version: '1.2.3',
      log: { info: note, warn: note },
      readLog: createReadLog({ log: { warn: note, error: note }, isStoreAway: () => true }),
      intervalMs: 60_000,
    })
    // A stop pushes once.
    await exporter.stop(60_000)
    const points = receiver.requests.flatMap((request) => [...request.points])
    await receiver.stop()
    const sent = points.filter(([name]) => name.startsWith('app_sent_lines_total{'))
    expect(sent.reduce((sum, [, { asDouble }]) => sum + asDouble!, 0)).toBe(ALL.own)
  })
})

function note() {}

function tagsOf(html: string): string {
  return [...html.matchAll(/<[\w/]+/g)].join(' ')
}

/** What the app's lines count, under all labels that stand on them. */
function sentLines(samples: ReadonlyMap<string, number>): number {
  const sent = [...samples].filter(([name]) => name.startsWith('app_sent_lines_total{'))
  return sent.reduce((sum, [, value]) => sum + value, 0)
}

/** A sample, or a line about a family: a label's value holds no raw quote, backslash or line break. */
const OPENMETRICS_LINE =
  /^(?:# (?:TYPE|UNIT|HELP) \w+(?: [^\n]*)?|# EOF|[a-z]\w*(?:\{(?:\w+="(?:[^"\\\n]|\\[\\"n])*",?)+\})? (?:[-+]?[\d.]+(?:e[-+]?\d+)?|[-+]Inf|NaN))$/

/** A server that has got all lines, by HTTP. */
async function startServer(env: Record<string, string> = {}) {
  const server = testApp(env)
  const origin = await server.server.listen({ port: 0, host: '127.0.0.1' })
  for (const bytes of bodies(Date.now())) {
    const answer = await fetch(`${origin}/logs?app=${APP}`, {
      method: 'POST',
      headers: { 'content-type': 'application/logplex-1' },
      body: new Uint8Array(bytes),
    })
    expect(answer.status).toBe(204)
  }
  return { origin, close: async () => server.server.close() }
}

interface Answer {
  readonly status: number
  readonly text: string
}

describe('a server that got texts of strangers in all places', () => {
  let running: Awaited<ReturnType<typeof startServer>>
  beforeAll(async () => {
    running = await startServer()
  })
  afterAll(async () => running.close())

  test('answers in JSON that says the same, and events', async () => {
    const { origin } = running
    const report = (await (await fetch(`${origin}/api/report?app=${APP}`)).json()) as {
      count: Record<string, number>
    }
    expect(report.count['sent.lines']).toBe(FEW.own)
    const all = ['measure', 'count', 'sample', 'unique', 'addon'].map((kind) => `${kind}:*`)
    const names = encodeURIComponent(
      ['requests', 'errors', 'memory', 'events', 'report', ...all].join(),
    )
    const series = await fetch(`${origin}/api/series?app=${APP}&name=${names}&step=60`)
    expect(series.status).toBe(200)
    expect(Object.keys((await series.json()) as object)).toContain('series')
    const stream = await openEvents(`${origin}/api/live?app=${APP}`)
    const { event, data } = await stream.next()
    stream.leave()
    expect([event, data.app]).toEqual(['series', APP])
    expect(Object.keys(Object.prototype)).toEqual([])
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  test('takes them as queries and headers too, and logs each entry as one line', async () => {
    const { server, logged } = testApp()
    onTestFinished(async () => server.close())
    const origin = await server.listen({ port: 0, host: '127.0.0.1' })
    const first = body(syslog('app', 'web.1', COUNT, Date.now()))
    await server.inject({ method: 'POST', url: `/logs?app=${APP}`, payload: first })
    const ask = async (path: string, headers: Record<string, string> = {}): Promise<Answer> => {
      const answer = await fetch(origin + path, { headers })
      return { status: answer.status, text: await answer.text() }
    }
    const good = tagsOf((await ask('/welcome?app=shop')).text)
    const bad = tagsOf((await ask('/welcome?app=%21')).text)
    for (const text of PLAIN_INJECTIONS) {
      const value = encodeURIComponent(text.toWellFormed())
      for (const path of [
        `/api/report?app=${value}`,
        `/api/report?app=${APP}&from=${value}`,
        `/api/series?app=${APP}&name=${value}`,
        `/api/series?app=${APP}&name=requests&step=${value}`,
        `/api/report?app=${APP}&${value}=1`,
      ]) {
        const { status, text: answer } = await ask(path)
        expect(status, path).toBeLessThan(500)
        expect(() => JSON.parse(answer), path).not.toThrow()
      }
      const welcome = await ask(`/welcome?app=${value}`)
      expect(welcome.status).toBe(200)
      expect([good, bad]).toContain(tagsOf(welcome.text))
      const drained = await fetch(`${origin}/logs?app=${value}`, { method: 'POST', body: 'x' })
      expect(drained.status).toBeLessThan(500)
      const header = /^[\t -~]+$/.test(text) ? text : 'x'
      const scraped = await ask('/metrics', { accept: header, 'logplex-frame-id': header })
      expect(scraped.status).toBe(200)
    }
    for (const entry of logged) expect(typeof entry.msg).toBe('string')
  })

  test.skipIf(noPrometheus !== undefined)(
    'is read by a real Prometheus in each format',
    async () => {
      const { origin } = running
      const targets = [origin.replace('http://', '')]
      for (const native of [false, true]) {
        const prometheus = await startPrometheus({ targets, token: 'none', native })
        try {
          await prometheus.until(`sum(app_sent_lines_total) == ${FEW.own}`)
        } finally {
          await prometheus.stop()
        }
      }
    },
  )

  test.skipIf(CHROMIUM.path === undefined)('shows a page on which nothing of it runs', async () => {
    const { origin } = running
    const browser = await startBrowser()
    onTestFinished(async () => browser.close())
    const { page, problems, requests } = await openWatched(browser, `${origin}/?app=${APP}`)
    await waitForCharts(page)
    await page.locator('.route code').first().waitFor()
    expect(await page.evaluate('window.pwned')).toBeUndefined()
    expect(
      await page.locator('main :is(img, iframe, script, object, form, style, base)').count(),
    ).toBe(0)
    expect(problems).toEqual([])
    expect(requests.filter((url) => !url.startsWith(origin))).toEqual([])
  })

  test.skipIf(noRedis !== undefined)('names its keys in Redis by itself', async () => {
    const redis = await startRedis()
    onTestFinished(async () => redis.stop())
    const { close } = await startServer({ REDIS_URL: redis.url })
    onTestFinished(close)
    const client = new Redis(redis.url)
    const keys = await client.keys('*')
    await client.quit()
    expect(keys.length).toBeGreaterThan(2)
    for (const key of keys)
      expect(key).toMatch(/^l2met:1:(?:[a-z]+|\{[\w-]{12}\}:[a-z]+(?::[\w-]+)*)$/)
  })
})

describe('l2met-local', () => {
  const log = FEW.all
    .map(([from, procid, message], i) => {
      const time = new Date(Date.UTC(2026, 10, 21, 12) + i).toISOString().replace('Z', '000+00:00')
      return `${time} ${from}[${procid}]: ${message}\n`
    })
    .join('')

  test('writes nothing that a terminal obeys, and good JSON', async () => {
    const folder = temporaryFolder()
    onTestFinished(() => folder.remove())
    const path = writeLog(folder.path, 'all.log', log)
    const plain = await runLocal([path, '--slow', '1ms'])
    expect(plain.stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u)
    expect(plain.stderr.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u)
    const coloured = await runLocal([path], { env: { FORCE_COLOR: '1' } })
    // oxlint-disable-next-line no-control-regex
    const bare = coloured.stdout.replace(/\u001b\[[0-9;]*m/g, '').replaceAll('\n', '')
    expect(bare).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u)
    const json = await runLocal(['--json', path])
    const report = JSON.parse(json.stdout) as { count: Record<string, number> }
    expect(report.count['sent.lines']).toBeGreaterThan(PLAIN_INJECTIONS.length)
  })

  test.skipIf(CHROMIUM.path === undefined)(
    'writes a page on which nothing of it runs',
    async () => {
      const folder = temporaryFolder()
      onTestFinished(() => folder.remove())
      const path = writeLog(folder.path, 'all.log', log)
      const html = join(folder.path, 'report.html')
      const { code } = await runLocal([path, '--html', html])
      expect(code).toBe(0)
      const browser = await startBrowser()
      onTestFinished(async () => browser.close())
      const { page, problems, requests } = await openWatched(browser, `file://${html}`)
      await waitForCharts(page)
      expect(await page.evaluate('window.pwned')).toBeUndefined()
      expect(
        await page.locator('main :is(img, iframe, script, object, form, style, base)').count(),
      ).toBe(0)
      expect(problems).toEqual([])
      expect(requests).toHaveLength(1)
    },
  )
})
