import { parseArgs } from 'node:util'
import { join } from 'node:path'
import { FLOODS, type FloodSource, wordOf } from './floods.ts'
import { SERVER_FLAGS, startServer } from './server-process.ts'

/*
 * What ever new values cost: one app sends lines of which each has another unit, name, label, dyno …,
 * while another app is to be counted exactly. `npm run bench:cardinality -- [--values 1000000]
 * [--only units]`; a row for each dimension and one for all at once. Of a row: the memory that came to
 * the server while it got them, MB; µs a line in the first and in the last tenth; the scrape, kB;
 * series of the app; whether the victim's and the sender's numbers are right.
 */
const { values } = parseArgs({
  options: {
    values: { type: 'string', default: '1000000' },
    only: { type: 'string', default: '' },
  },
})

const SERVER = join(import.meta.dirname, '../src/bin/serve.js')
const LINES = 1000
const count = Number(values.values)
const all = Object.values(FLOODS)
const rows: [string, (i: number) => [FloodSource, string]][] = [
  ...Object.entries(FLOODS).map(([name, flood]): (typeof rows)[number] => {
    return [name, (i) => flood(wordOf(i), i)]
  }),
  ['apps', (i) => [{ app: `app-${wordOf(i)}` }, 'count#flood=1']],
  ['all at once', (i) => all[i % all.length]!(wordOf(i), i)],
]

console.log(
  '| ever new | MB | µs a line, first tenth | last | scrape, kB | series | victim | sender |\n|---|---:|---:|---:|---:|---:|---|---|',
)
for (const [name, messageOf] of rows) if (name.includes(values.only)) await run(name, messageOf)

async function run(name: string, messageOf: (i: number) => [FloodSource, string]): Promise<void> {
  const server = await startServer([...SERVER_FLAGS, SERVER], {})
  const origin = `http://127.0.0.1:${server.port}`
  let victims = 0
  const sendVictim = async () => {
    victims += 1
    await send(origin, { app: 'victim' }, ['count#sold=2'])
  }
  for (let i = 0; i < 20; i += 1) await sendVictim()
  const before = server.memory().now
  const tenths: number[] = []
  let cpu = server.cpuSeconds()
  for (let tenth = 0; tenth < 10; tenth += 1) {
    for (let i = (tenth * count) / 10; i < ((tenth + 1) * count) / 10; i += LINES) {
      await sendAll(origin, messageOf, i, Math.min(LINES, count - i))
      await sendVictim()
    }
    tenths.push(((server.cpuSeconds() - cpu) / (count / 10)) * 1e6)
    cpu = server.cpuSeconds()
  }
  const text = await scrape(origin)
  const grown = server.memory().now - before
  const sum = (start: string) =>
    text
      .split('\n')
      .filter((line) => line.startsWith(start))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0)
  const lines = sum('l2met_lines_total') - victims
  const isVictimRight = sum('app_sold_total{app="victim"}') === 2 * victims
  const series = sum('l2met_series{app="evil"}')
  await server.stop()
  console.log(
    `| ${name} | ${grown.toFixed(0)} | ${tenths[0]!.toFixed(2)} | ${tenths[9]!.toFixed(2)} | ${(text.length / 1000).toFixed(0)} | ${series} | ${isVictimRight ? 'exact' : 'wrong'} | ${lines === count ? 'exact' : `${lines} of ${count}`} |`,
  )
}

/** A machine that is busy may answer 503 at first. */
async function scrape(origin: string): Promise<string> {
  for (;;) {
    const answer = await fetch(`${origin}/metrics`)
    const text = await answer.text()
    if (answer.ok) return text
  }
}

/** Lines in as few requests as their drains allow. */
async function sendAll(
  origin: string,
  messageOf: (i: number) => [FloodSource, string],
  from: number,
  lines: number,
): Promise<void> {
  const drains = new Map<string, [FloodSource, [FloodSource, string][]]>()
  for (let i = from; i < from + lines; i += 1) {
    const [source, message] = messageOf(i)
    const key = `${source.app ?? ''} ${source.prefix ?? ''}`
    const drain = drains.get(key) ?? [source, []]
    drains.set(key, drain)
    drain[1].push([source, message])
  }
  for (const [source, messages] of drains.values()) await post(origin, source, messages)
}

async function send(origin: string, source: FloodSource, messages: string[]): Promise<void> {
  await post(
    origin,
    source,
    messages.map((message) => [source, message]),
  )
}

async function post(
  origin: string,
  { app = 'evil', prefix = '' }: FloodSource,
  messages: readonly [FloodSource, string][],
): Promise<void> {
  const time = new Date().toISOString().replace('Z', '+00:00')
  const frames = messages.map(([{ from = 'app', procid = 'web.1' }, message]) => {
    const line = `<190>1 ${time} host ${from} ${procid} - ${message}`
    return `${Buffer.byteLength(line)} ${line}`
  })
  const answer = await fetch(`${origin}/logs?app=${app}&prefix=${prefix}`, {
    method: 'POST',
    headers: { 'content-type': 'application/logplex-1' },
    body: frames.join(''),
  })
  if (answer.status !== 204) throw new Error(`the server answers ${answer.status}`)
}
