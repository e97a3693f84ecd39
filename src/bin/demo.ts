#!/usr/bin/env node
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import {
  type Expectation,
  compare,
  comparisonTable,
  expectationsOf,
  sentTable,
} from '../demo/compare.ts'
import { type Delivery, type Logplex, createLogplex } from '../demo/logplex.ts'
import { type MetricsPage, readMetrics, reasonOf } from '../demo/metrics-page.ts'
import { createTraffic } from '../demo/traffic.ts'

const HELP = `Plays a Heroku app into a running l2met, as Logplex would, and compares what it sent with /metrics.

npm run demo -- [options] [URL]      URL of the drain, default http://127.0.0.1:8080/logs

  --app NAME       name of the app (default shop; with credentials in the URL, their user)
  --seconds N      how long to play (default 30)
  --rate N         requests a second (default 40)
  --nodes N        connections, each with one request in flight (default 2)
  --seed N         the same seed plays the same app (default 1)
  --help

A METRICS_TOKEN in the environment is used to read /metrics.
Exit: 0 all the same, 1 something differs or was not delivered, 2 wrong use.
`

interface Play {
  readonly url: URL
  readonly app: string
  readonly seconds: number
  readonly rate: number
  readonly nodes: number
  readonly seed: number
}

const DRAIN = '/logs'
const TICK_MS = 100
const NEWS_MS = 5000
const FINISH_MS = 15_000
const COMPARE_MS = 5000

process.exitCode = await main()

async function main(): Promise<number> {
  const play = readArguments(process.argv.slice(2))
  if (typeof play === 'string') {
    process.stderr.write(play)
    return 2
  }
  if (play === undefined) {
    process.stdout.write(HELP)
    return 0
  }
  const fault = await findServer(play.url)
  if (fault !== undefined) {
    process.stderr.write(fault)
    return 1
  }
  const metricsUrl = new URL('/metrics', play.url)
  metricsUrl.username = metricsUrl.password = ''
  const token = process.env['METRICS_TOKEN'] ?? ''
  const before = await readMetrics(metricsUrl, token)
  say(`Playing ${play.seconds} s of the app ${play.app} into ${safeText(play.url)}`)
  say(`Watch it at ${play.url.origin}/\n`)
  const delivery = await playAll(play)
  say(sentText(delivery))
  const isDelivered = reportDrops(delivery)
  if (delivery.lines === 0) {
    say('Nothing arrived, so there is nothing to compare.')
    return 1
  }
  const expectations = expectationsOf(delivery)
  if (typeof before === 'string') {
    say(`${sentTable(expectations)}\n\nNot compared with /metrics: ${before}.`)
    return isDelivered ? 0 : 1
  }
  const read = () => readMetrics(metricsUrl, token)
  const isSame = await compareAll(play.app, expectations, before, read)
  return isSame && isDelivered ? 0 : 1
}

/** Gives each line its turn at its time; the time of a line is that of the clock. */
async function playAll(play: Play): Promise<Delivery> {
  const start = Date.now()
  const end = start + play.seconds * 1000
  const { rate: requestsPerSecond, seconds: storySeconds, seed } = play
  const next = createTraffic({ seed, start, requestsPerSecond, storySeconds })
  const logplex: Logplex = createLogplex(play.url, play.nodes)
  let entry = next()
  let lines = 0
  let news = start + NEWS_MS
  while (entry.time < end) {
    const now = Date.now()
    while (entry.time <= now && entry.time < end) {
      logplex.push(entry)
      lines += 1
      entry = next()
    }
    if (now >= news) {
      say(`  ${Math.round((now - start) / 1000)} s, ${lines} lines`)
      news += NEWS_MS
    }
    await sleep(TICK_MS)
  }
  return logplex.finish(FINISH_MS)
}

/** A store that was away takes a moment to catch up, so a difference is looked at again. */
async function compareAll(
  app: string,
  expectations: readonly Expectation[],
  before: MetricsPage,
  read: () => Promise<MetricsPage | string>,
): Promise<boolean> {
  const end = Date.now() + COMPARE_MS
  for (;;) {
    const after = await read()
    if (typeof after === 'string') {
      say(`${sentTable(expectations)}\n\nNot compared with /metrics: ${after}.`)
      return false
    }
    const rows = compare(expectations, app, before, after)
    const differing = rows.filter((row) => !row.isSame).length
    if (differing === 0 || Date.now() > end) {
      say(comparisonTable(rows))
      say(
        differing === 0
          ? `\nAll ${rows.length} numbers are the same.`
          : `\n${differing} of ${rows.length} numbers differ.`,
      )
      return differing === 0
    }
    await sleep(TICK_MS)
  }
}

function sentText({ frames, lines, retries }: Delivery): string {
  const again = retries === 0 ? '' : `, ${retries} of them more than once`
  return `Delivered ${lines} lines in ${frames} frames${again}.\n`
}

function reportDrops({ droppedLines, fault }: Delivery): boolean {
  if (droppedLines === 0) return true
  say(`${droppedLines} lines were not delivered; the last failure: ${fault || 'a full buffer'}.\n`)
  return false
}

async function findServer(url: URL): Promise<string | undefined> {
  const health = new URL('/healthz', url)
  health.username = health.password = ''
  try {
    const answer = await fetch(health)
    await answer.arrayBuffer()
    return undefined
  } catch (error) {
    return (
      `No server answers at ${health.origin}: ${reasonOf(error)}\n` +
      'Start one in another terminal with: npm start\n'
    )
  }
}

/** undefined asks for help; a text says what is wrong. */
function readArguments(args: readonly string[]): Play | string | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        app: { type: 'string' },
        seconds: { type: 'string', default: '30' },
        rate: { type: 'string', default: '40' },
        nodes: { type: 'string', default: '2' },
        seed: { type: 'string', default: '1' },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) return undefined
    if (positionals.length > 1) return `One URL, not ${positionals.length}.\n\n${HELP}`
    const url = new URL(positionals[0] ?? 'http://127.0.0.1:8080/logs')
    if (!/^https?:$/.test(url.protocol))
      return `The URL has to begin with http:// or https://.\n\n${HELP}`
    if (url.pathname === '/') url.pathname = DRAIN
    const app = decodeURIComponent(url.username) || values.app || 'shop'
    if (url.username === '') url.searchParams.set('app', app)
    return {
      url,
      app,
      seconds: numberIn(values.seconds, '--seconds', 1, 3600),
      rate: numberIn(values.rate, '--rate', 1, 10_000),
      nodes: numberIn(values.nodes, '--nodes', 1, 64),
      seed: numberIn(values.seed, '--seed', 0, 2 ** 31),
    }
  } catch (error) {
    return `${reasonOf(error)}\n\n${HELP}`
  }
}

function numberIn(text: string, name: string, low: number, high: number): number {
  const value = Number(text)
  if (text !== '' && Number.isInteger(value) && value >= low && value <= high) return value
  throw new Error(`${name} takes a whole number from ${low} to ${high}, not "${text}".`)
}

/** Without the password, which opens the drain. */
function safeText(url: URL): string {
  const safe = new URL(url)
  safe.password = ''
  return safe.href
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
