import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { quantileOf } from './median.ts'
import { postLoad } from './post-load.ts'
import { SERVER_FLAGS, startServer } from './server-process.ts'

/**
 * Whether a receiver without Redis grows: memory minute by minute of a server that gets bodies of 100
 * lines as fast as it takes them, of an app with 10,000 series. Those of a histogram get one value each,
 * or with --spread such as service times have: 1 % are more than three times the median.
 * `npm run bench:soak -- [--minutes 10] [--series 10000] [--spread]`
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    series: { type: 'string', default: '10000' },
    spread: { type: 'boolean', default: false },
  },
})

const SERVE = join(import.meta.dirname, '../src/bin/serve.js')
const SECRET = 'a secret of the bench that is long enough'
const APP = 'shop'
const CONNECTIONS = 8
const LINES_OF_BODY = 100
/** Sent again and again for ten seconds; where values spread, so many that a histogram gets fifteen. */
const BODIES = values.spread ? 3000 : 300
const series = Number(values.series)

const token = createHmac('sha256', SECRET).update(`drain:${APP}`).digest('base64url')
const authorization = `Basic ${Buffer.from(`${APP}:${token}`).toString('base64')}`
const server = await startServer([...SERVER_FLAGS, SERVE], {
  DRAIN_SECRETS: SECRET,
  METRICS_TOKEN: SECRET,
  MAX_SERIES_PER_APP: values.series,
})

let next = 0
let own = 0
let bodies = makeBodies()
const renewal = setInterval(() => (bodies = makeBodies()), 10_000)
console.log('| minute | lines/s | p99 ms | RSS MB | series |\n|---:|---:|---:|---:|---:|')
for (let minute = 1; minute <= Number(values.minutes); minute += 1) {
  const { posts, seconds, latencies } = await postLoad({
    port: server.port,
    nextBody: () => ({ app: '', bytes: bodies[next++ % bodies.length]! }),
    connections: CONNECTIONS,
    seconds: 60,
    authorization: () => authorization,
    warmPosts: 0,
  })
  const rate = ((posts * LINES_OF_BODY) / seconds).toFixed(0)
  const p99 = quantileOf(latencies, 0.99).toFixed(1)
  const cells = [minute, rate, p99, server.memory().now.toFixed(0), await countSeries()]
  console.log(`| ${cells.join(' | ')} |`)
}
clearInterval(renewal)
console.log(`at most ${server.memory().most.toFixed(0)} MB`)
await server.stop()

/** Lines of now, half of them requests, the others through the app's own series in turn. */
function makeBodies(): Buffer[] {
  const time = new Date().toISOString().replace('Z', '000+00:00')
  return Array.from({ length: BODIES }, (_, i) => {
    const parts: string[] = []
    for (let line = 0; line < LINES_OF_BODY; line += 1) {
      const text =
        line % 2 === 0
          ? `<158>1 ${time} host heroku router - at=info method=GET path="/items/${i}" host=shop.example.com request_id=${i}-${line} fwd="203.0.113.9" dyno=web.${line % 8} connect=0ms service=${line}ms status=200 bytes=${i} protocol=https\n`
          : `<190>1 ${time} host app web.1 - ${nextOwn(line)}\n`
      parts.push(`${text.length} ${text}`)
    }
    return Buffer.from(parts.join(''))
  })
}

function nextOwn(value: number): string {
  own = (own + 1) % series
  const kind = ['count', 'measure', 'sample'][own % 3]!
  return `${kind}#part.${own}=${values.spread ? Math.round(50 * Math.exp(0.5 * gauss())) : value}`
}

/** Nearly normal, of variance 1. */
function gauss(): number {
  return (Math.random() + Math.random() + Math.random() + Math.random() - 2) * Math.sqrt(3)
}

/** Samples that a scrape shows. */
async function countSeries(): Promise<number> {
  const headers = { authorization: `Bearer ${SECRET}` }
  const answer = await fetch(`http://127.0.0.1:${server.port}/metrics`, { headers })
  return new Set((await answer.text()).match(/^app_part\S*/gm)).size
}
