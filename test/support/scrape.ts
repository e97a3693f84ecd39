import { spawnSync } from 'node:child_process'
import { type Collector, createCollector } from '../../src/export/prometheus/collect.ts'
import { createBodyWriter, takeWritten } from '../../src/export/prometheus/body-writer.ts'
import type { MetricFamily } from '../../src/export/prometheus/family.ts'
import type { Format } from '../../src/export/prometheus/negotiate.ts'
import { renderText } from '../../src/export/prometheus/text.ts'
import { createCommitter } from '../../src/ingest/committer.ts'
import { createIntake } from '../../src/ingest/intake.ts'
import { createMemoryStore } from '../../src/store/memory/memory-store.ts'
import type { Store } from '../../src/store/store.ts'
import { NOW, body, syslog } from './count.ts'

/** What a server holds that takes lines and is scraped, with a clock that tests move. */
export interface Target {
  readonly store: Store
  readonly collector: Collector
  readonly now: () => number
  move(ms: number): void
  /** Sends messages of an app's `procid` at the time of the clock. */
  send(app: string, procid: string, ...messages: string[]): Promise<void>
  /** The same as the platform, whose app name is `heroku`. */
  platform(app: string, procid: string, ...messages: string[]): Promise<void>
  /** Sends messages of an app, `evil` where it isn't said, as they are written by `from`. */
  post(source: PostSource, ...messages: string[]): Promise<void>
  families(): Promise<MetricFamily[]>
  /** The text of a scrape by sample: name and labels as they stand, value. */
  samples(): Promise<Map<string, number>>
  text(): Promise<string>
}

export interface PostSource {
  readonly app?: string
  readonly prefix?: string
  readonly from?: string
  readonly procid?: string
}

export function createTarget(options: { readonly maxSeries?: number } = {}): Target {
  let now = NOW
  const clock = () => now
  const store = createMemoryStore({
    retentionMs: 86_400_000,
    now: clock,
    maxSeries: options.maxSeries ?? 10_000,
  })
  const committer = createCommitter(store, { holdMs: 1000, spillBytes: 2 ** 20 })
  const intake = createIntake({
    store,
    committer,
    maxSeries: options.maxSeries ?? 10_000,
    maxRoutes: 200,
    pins: [],
  })
  const post = async (source: PostSource, ...messages: string[]) => {
    const { app = 'evil', prefix = '', from = 'app', procid = 'web.1' } = source
    const bytes = body(...messages.map((message) => syslog(from, procid, message, now)))
    await intake.take({ app, id: undefined, bytes, prefix, sourcePrefix: '' })
  }
  const collector = createCollector({ store, version: '1.2.3' })
  const families = async () => (await collector.collect()).families
  const text = async () => rendered(renderText, await families())
  return {
    store,
    collector,
    now: clock,
    move: (ms) => {
      now += ms
    },
    send: (app, procid, ...messages) => post({ app, procid }, ...messages),
    platform: (app, procid, ...messages) => post({ app, from: 'heroku', procid }, ...messages),
    post,
    families,
    text,
    samples: async () => samplesOf(await text()),
  }
}

/** What a format makes of families. */
export function rendered(render: Format['render'], families: readonly MetricFamily[]): string {
  return renderedBytes(render, families).toString()
}

export function renderedBytes(render: Format['render'], families: readonly MetricFamily[]): Buffer {
  const writer = createBodyWriter()
  for (const _ of render(families, writer)) continue
  return takeWritten(writer)
}

/** A line of the router. */
export function routerLine(fields: {
  readonly dyno?: string
  readonly service?: number
  readonly status?: number
  readonly path?: string
  readonly code?: string
}): string {
  const { dyno = 'web.1', service = 20, status = 200, path = '/', code } = fields
  const at = code === undefined ? 'at=info' : `at=error code=${code} desc="Request timeout"`
  return `${at} method=GET path="${path}" host=shop.example request_id=7ff1e5d0-3c8b-4f2a-9a54-6a3f0d1c2b3a fwd="192.0.2.7" dyno=${dyno} connect=1ms service=${service}ms status=${status} bytes=512 protocol=https`
}

/** Samples of text 0.0.4 or OpenMetrics, in the order of the text. */
export function samplesOf(text: string): Map<string, number> {
  const samples = new Map<string, number>()
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const space = line.lastIndexOf(' ')
    const name = line.slice(0, space)
    if (samples.has(name)) throw new Error(`there twice: ${name}`)
    samples.set(name, Number(line.slice(space + 1).replace('+Inf', 'Infinity')))
  }
  return samples
}

/** What `promtool check metrics` says against a text; empty when it is silent and content. */
export function promtoolOn(path: string, text: string): string {
  const { status, stdout, stderr } = spawnSync(path, ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  })
  return status === 0 ? `${stdout}${stderr}` : `exit ${status}: ${stdout}${stderr}`
}

/** A page of /metrics without how full Redis is at the moment, which differs from scrape to scrape. */
export function withoutRedisMemory(page: string): string {
  return page.replace(/^l2met_redis_used_bytes .*\n/m, '')
}
