/** An app whose day is played: router lines, runtime lines of its dynos, and its database. */
export interface DayOptions {
  readonly requests: number
  readonly dynos: number
  readonly routes: number
}

const RUNTIME_SECONDS = 20
const ADDON_SECONDS = 60
const QUOTA_MB = 512
const NAMES = [
  'orders',
  'users',
  'carts',
  'items',
  'search',
  'invoices',
  'reports',
  'sessions',
  'tags',
  'files',
]
const SHAPES = ['/NAME', '/NAME/123', '/api/NAME', '/api/NAME/123/edit', '/admin/NAME']

/** The Logplex body with all lines of the second that begins at `time`. */
export function bodyOfSecond(day: DayOptions, time: number): Buffer {
  const second = Math.floor(time / 1000)
  let body = ''
  for (let i = 0; i < day.requests; i += 1) {
    body += framed(time + (i * 1000) / day.requests, 'heroku', 'router', requestText(day))
  }
  for (let dyno = 1; dyno <= day.dynos; dyno += 1) {
    if ((second + dyno) % RUNTIME_SECONDS !== 0) continue
    for (const text of runtimeTexts(dyno)) body += framed(time, 'heroku', `web.${dyno}`, text)
  }
  if (second % ADDON_SECONDS === 0) body += framed(time, 'app', 'heroku-postgres', databaseText())
  return Buffer.from(body)
}

/** Gives bodies of the second that it is, `count` of them in turn, without making their lines anew. */
export function freshBodies(day: DayOptions, count: number): () => Buffer {
  const from = Date.now() - count * 1000
  const bodies = Array.from({ length: count }, (_, i) => bodyOfSecond(day, from + i * 1000))
  const places = bodies.map((body) => [...body.toString('latin1').matchAll(STAMP)])
  const seconds = bodies.map(() => 0)
  let next = 0
  return () => {
    const i = next++ % count
    const body = bodies[i]!
    const now = Math.floor(Date.now() / 1000)
    if (now === seconds[i]) return body
    seconds[i] = now
    const stamp = new Date(now * 1000).toISOString().slice(0, 19)
    for (const { index } of places[i]!) body.write(stamp, index + PRIORITY_LENGTH, 'latin1')
    return body
  }
}

const STAMP = /<158>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/g
const PRIORITY_LENGTH = '<158>1 '.length

function requestText(day: DayOptions): string {
  // Few routes have most of the requests, and times are spread over two orders of magnitude.
  const route = Math.floor(day.routes * Math.random() ** 2)
  const path = SHAPES[Math.floor(route / NAMES.length) % SHAPES.length]!.replace(
    'NAME',
    NAMES[route % NAMES.length]!,
  )
  const method = route % 4 === 3 ? 'POST' : 'GET'
  const luck = Math.random()
  let status = 200
  if (luck > 0.995) status = 503
  else if (luck > 0.98) status = 404
  else if (luck > 0.93) status = method === 'POST' ? 201 : 304
  const service = Math.round(Math.exp(3 + 1.1 * normal()) + (route % 7) * 8)
  const bytes = Math.round(Math.exp(7 + normal()))
  const dyno = 1 + Math.floor(Math.random() * day.dynos)
  const error = status === 503 ? 'at=error code=H12 desc="Request timeout"' : 'at=info'
  return (
    `${error} method=${method} path="${path}" host=shop.example.com request_id=6b5f3a0e-8f7c-4f11-9d39-0c5f2a7d5b11 ` +
    `fwd="192.0.2.7" dyno=web.${dyno} connect=${Math.floor(Math.random() * 4)}ms service=${service}ms ` +
    `status=${status} bytes=${bytes} protocol=https`
  )
}

function runtimeTexts(dyno: number): string[] {
  const source = `source=web.${dyno} dyno=heroku.145151706.${'0'.repeat(8)}-1111-2222-3333-${'4'.repeat(12)}`
  const load = [1, 5, 15].map((m) => `sample#load_avg_${m}m=${(Math.random() * 2).toFixed(2)}`)
  const total = 300 + dyno * 10
  return [
    `${source} ${load.join(' ')}`,
    `${source} sample#memory_total=${about(total)}MB sample#memory_rss=${about(total - 20)}MB ` +
      `sample#memory_cache=${about(12)}MB sample#memory_swap=0.00MB ` +
      `sample#memory_pgpgin=${anyNumber()}pages ` +
      `sample#memory_pgpgout=${anyNumber()}pages ` +
      `sample#memory_quota=${QUOTA_MB}.00MB`,
  ]
}

function databaseText(): string {
  return (
    `source=DATABASE addon=postgresql-curved-1 sample#current_transaction=${anyNumber()} sample#db_size=${anyNumber()}bytes ` +
    `sample#tables=21 sample#active-connections=18 sample#waiting-connections=0 ` +
    `sample#index-cache-hit-rate=0.99${anyNumber()} sample#table-cache-hit-rate=0.98${anyNumber()} ` +
    `sample#load-avg-1m=0.08 sample#load-avg-5m=0.095 sample#read-iops=${anyNumber()} sample#write-iops=0.5 ` +
    `sample#memory-total=3944484kB sample#memory-free=${anyNumber()}kB sample#memory-cached=${anyNumber()}kB`
  )
}

/** A number within a tenth of this one, with two decimals. */
function about(value: number): string {
  return (value * (0.9 + Math.random() / 5)).toFixed(2)
}

function anyNumber(): number {
  return Math.floor(Math.random() * 1e6)
}

function framed(time: number, app: string, proc: string, text: string): string {
  const stamp = `${new Date(time).toISOString().slice(0, -1)}000+00:00`
  const message = `<158>1 ${stamp} host ${app} ${proc} - ${text}\n`
  return `${Buffer.byteLength(message)} ${message}`
}

function normal(): number {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())
}
