import { type Random, createRandom } from '../src/demo/random.ts'
import { type LogOptions, bodiesOf, textOf } from './log-lines.ts'

/*
 * Lines of apps of different kinds, the same for the same options:
 *   small    the modelled shop: 5 dynos, some fifty routes
 *   large    200 dynos, 300 routes of which a third have slugs, fingerprinted assets, 15 % query strings,
 *            6 methods, 12 statuses, 8 kinds of app lines
 *   many     300 apps of 3 dynos and 12 routes
 *   hostile  every path, dyno, key and label is new
 */
export const PROFILES = ['small', 'large', 'many', 'hostile'] as const
export type Profile = (typeof PROFILES)[number]

/** One line: who wrote it, and which app it is of. */
interface Written {
  readonly app: string
  readonly from: 'app' | 'heroku'
  readonly proc: string
  readonly message: string
}

type Write = (i: number) => Written

const START = Date.parse('2026-11-20T10:00:00Z')
const TEXT_LINES = 1000
const MANY_APPS = 300

/** Text as `heroku logs` prints it, in pieces of whole lines. */
export function* profileText(profile: Profile, options: LogOptions): Generator<string> {
  if (profile === 'small') {
    yield* textOf(options)
    return
  }
  let lines: string[] = []
  for (const { time, from, proc, message } of linesOf(profile, options)) {
    lines.push(`${stamp(time)} ${from}[${proc}]: ${message}\n`)
    if (lines.length < TEXT_LINES) continue
    yield lines.join('')
    lines = []
  }
  yield lines.join('')
}

/** Request bodies of `size` lines, each of one app. */
export function* profileBodies(
  profile: Profile,
  options: LogOptions,
  size: number,
): Generator<{ readonly app: string; readonly bytes: Buffer }> {
  const queues = new Map<string, string[]>()
  for (const { app, frame } of framesOf(profile, options)) {
    let queue = queues.get(app)
    if (queue === undefined) queues.set(app, (queue = []))
    queue.push(frame)
    if (queue.length < size) continue
    yield { app, bytes: Buffer.from(queue.join('')) }
    queue.length = 0
  }
}

function* framesOf(profile: Profile, options: LogOptions) {
  if (profile === 'small') {
    for (const { bytes } of bodiesOf(options)) {
      for (let at = 0; at < bytes.length;) {
        const space = bytes.indexOf(32, at)
        const end = space + 1 + Number(bytes.toString('latin1', at, space))
        yield { app: 'shop', frame: bytes.toString('utf8', at, end) }
        at = end
      }
    }
    return
  }
  for (const { time, app, from, proc, message } of linesOf(profile, options)) {
    const text = `<190>1 ${stamp(time)} host ${from} ${proc} - ${message}\n`
    yield { app, frame: `${Buffer.byteLength(text)} ${text}` }
  }
}

function* linesOf(profile: Exclude<Profile, 'small'>, options: LogOptions) {
  const { lines, seed = 1, start = START, requestsPerSecond = 100 } = options
  const random = createRandom(seed)
  const write = { large, many, hostile }[profile](random)
  for (let i = 0; i < lines; i += 1) {
    // Two of three lines are requests; lines come a little out of order.
    const time = start + (i * 667) / requestsPerSecond + random.between(0, 40)
    yield { time, ...write(i) }
  }
}

function stamp(time: number): string {
  const micros = String(Math.floor((time % 1) * 1000)).padStart(3, '0')
  return new Date(time).toISOString().replace('Z', `${micros}+00:00`)
}

const METHODS = ['GET', 'GET', 'GET', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD']
const STATUSES = [200, 200, 200, 200, 200, 201, 204, 301, 302, 304, 400, 401, 404, 422, 500]
const WORDS =
  'account admin article asset audit batch billing brand cart catalog chat client comment contract course credit device draft event export feed file filter folder forum gallery grant group history image import inbox invite invoice item job label lead ledger list mail map media member menu message metric note notice offer option order owner page partner payment photo plan player policy post price profile project quote rating receipt refund region report review role room rule sale schedule search seat section session setting share shift shop skill space sponsor stage stock store survey tag task team theme thread ticket token topic track trial user vendor video visit vote wallet widget zone'.split(
    ' ',
  )

function request(
  random: Random,
  given: { readonly method: string; readonly path: string; readonly dyno: string },
): string {
  const { method, path, dyno } = given
  const isTimeout = random.next() < 0.002
  const status = isTimeout ? 503 : random.pick(STATUSES)
  const service = isTimeout ? 30_000 : Math.round(random.logNormal(45, 1))
  const head = isTimeout ? 'at=error code=H12 desc="Request timeout"' : 'at=info'
  return (
    `${head} method=${method} path="${path}" host=www.example.com request_id=${random.uuid()} ` +
    `fwd="198.51.100.${random.between(1, 254)}" dyno=${dyno} connect=${random.between(0, 3)}ms ` +
    `service=${service}ms status=${status} bytes=${random.between(80, 90_000)} protocol=https`
  )
}

function router(app: string, message: string): Written {
  return { app, from: 'heroku', proc: 'router', message }
}

function large(random: Random): Write {
  const routes = Array.from({ length: 300 }, (_, i) => {
    const one = WORDS[i % WORDS.length]!
    const two = WORDS[(i * 7 + Math.floor(i / WORDS.length) * 13 + 1) % WORDS.length]!
    if (i % 3 === 0) return () => `/${one}s/${slug(random)}`
    if (i % 3 === 1) return () => `/api/${one}s/${random.between(1, 9_000_000)}/${two}`
    return () => `/${one}/${two}`
  })
  const asset = () => `/assets/${random.pick(WORDS)}-${random.hex(20)}.js`
  return () => {
    const dyno = `web.${random.between(1, 200)}`
    const luck = random.next()
    if (luck < 0.67) {
      const path = random.next() < 0.1 ? asset() : random.pick(routes)()
      const query = random.next() < 0.15 ? `?page=${random.between(1, 99)}&q=${random.hex(6)}` : ''
      const method = random.pick(METHODS)
      return router('shop', request(random, { method, path: path + query, dyno }))
    }
    if (luck < 0.72) {
      const message = `source=${dyno} dyno=heroku.1234.${random.uuid()} sample#memory_total=${random.between(200, 500)}.25MB sample#memory_rss=${random.between(200, 500)}.00MB sample#memory_cache=1.50MB sample#memory_swap=0.00MB sample#memory_quota=512.00MB`
      return { app: 'shop', from: 'heroku', proc: dyno, message }
    }
    return { app: 'shop', from: 'app', proc: dyno, message: ownLine(random, dyno) }
  }
}

function slug(random: Random): string {
  return `${random.pick(WORDS)}-${random.pick(WORDS)}-${random.pick(WORDS)}`
}

function ownLine(random: Random, dyno: string): string {
  switch (random.between(0, 7)) {
    case 0:
      return `measure#db.query=${random.between(1, 900)}.25ms count#db.queries=${random.between(1, 9)} source=${dyno}`
    case 1:
      return `source=${random.pick(WORDS)} measure#job.run=${random.between(1, 90)}s count#job.done`
    case 2:
      return `count#mail.sent=1 tag#kind=${random.pick(WORDS)}`
    case 3:
      return `sample#queue.depth=${random.between(0, 400)} source=default`
    case 4:
      return `unique#visitor=u${random.between(1, 30_000)}`
    case 5:
      return `[${random.uuid()}] Started GET "/${random.pick(WORDS)}" for 198.51.100.7 at 2026-11-20 10:00:00 +0000`
    case 6:
      return `{"level":"info","msg":"done","request_id":"${random.uuid()}","ms":${random.between(1, 900)}}`
    default:
      return `measure#cache.lookup.us=${random.between(20, 900)} measure#render=${random.between(1, 90)}ms`
  }
}

function many(random: Random): Write {
  return (i) => {
    const app = `app-${Math.floor(i / 100) % MANY_APPS}`
    const dyno = `web.${random.between(1, 3)}`
    if (random.next() < 0.67) {
      const path = `/${WORDS[random.between(0, 11)]}/${random.between(1, 9000)}`
      return router(app, request(random, { method: random.pick(METHODS), path, dyno }))
    }
    return { app, from: 'app', proc: dyno, message: ownLine(random, dyno) }
  }
}

function hostile(random: Random): Write {
  return () => {
    const word = `x${random.hex(8)}`
    const luck = random.next()
    if (luck < 0.5) {
      const path = `/${word}/${slug(random)}`
      return router('shop', request(random, { method: 'GET', path, dyno: `web.${word}` }))
    }
    const message = [
      `count#${word}=1`,
      `measure#time=3ms source=${word}`,
      `count#hit=1 tag#${word}=${word}`,
      `unique#visitor=${word}`,
    ][random.between(0, 3)]!
    return { app: 'shop', from: 'app', proc: luck < 0.75 ? 'web.1' : `run.${word}`, message }
  }
}
