import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { readAppendLog } from '../../src/codec/append-log.ts'
import { PackedError } from '../../src/codec/byte-reader.ts'
import { mergePacked } from '../../src/codec/window.ts'
import { scanFrames } from '../../src/frame/octets.ts'
import { readSyslog } from '../../src/frame/syslog.ts'
import { readText } from '../../src/frame/text.ts'
import { createDateCache } from '../../src/frame/timestamp.ts'
import { createLine } from '../../src/model/line.ts'
import { createWindow } from '../../src/model/window.ts'
import { createPair, nextPair } from '../../src/parse/pairs.ts'
import { createDrainAuth, drainToken, isAppName } from '../../src/receive/credentials.ts'
import { createInFlightLimiter } from '../../src/receive/in-flight-limiter.ts'
import { RequestError } from '../../src/receive/request-error.ts'
import { MAX_BODY, unpackBody } from '../../src/receive/request-body.ts'
import { type Query, readSeriesQuery } from '../../src/server/api/series-query.ts'
import { ConfigError, readConfig } from '../../src/server/config.ts'
import { NOW, body, countBodies, countText, syslog } from '../support/count.ts'

/** A parser of strangers' bytes: it may throw what `isExpected` says, and nothing else. */
export interface FuzzTarget {
  readonly run: (bytes: Buffer) => void | Promise<void>
  readonly isExpected: (error: unknown) => boolean
  readonly seeds: readonly (string | Buffer)[]
}

const never = () => false
const isRefusal = (error: unknown) => error instanceof RequestError
const router =
  'at=info method=GET path="/users/7?a=b" host=h request_id=r fwd="192.0.2.1" dyno=web.1 connect=1ms service=12ms status=200 bytes=512 protocol=https'
const own =
  'measure#db.latency=4ms count#mail.sent=3 sample#queue.depth=12 unique#user=17 source=eu tag#region=eu'
const GOLDEN = join(import.meta.dirname, '../fixtures/format/v1')
const SECRET = 'a-secret-of-the-fuzz-targets'

function check(isTrue: boolean, text: string): void {
  if (!isTrue) throw new Error(text)
}

async function unpackAlone(bytes: Buffer): Promise<Buffer> {
  const limits = { limit: 2 * MAX_BODY, waitMs: 0, slowRate: 0, maxUnread: 0 }
  const limiter = createInFlightLimiter(limits)
  const body = limiter.acquire('a', bytes.length, { resume: () => {}, refuse: () => {} })
  limiter.add(body, bytes.length)
  return unpackBody(bytes, limiter, body)
}

/** Cuts a text into the parts that are given to a function of several. */
function partsOf(bytes: Buffer): string[] {
  return bytes.toString('latin1').split('|')
}

const line = createLine()
const dates = createDateCache()
const stamp = { time: 0, end: 0 }

export const TARGETS: Readonly<Record<string, FuzzTarget>> = {
  framing: {
    isExpected: never,
    seeds: [
      body(syslog('heroku', 'router', router), syslog('app', 'web.1', own)),
      body(syslog('app', 'web.1', 'two\nlines\n'), 'x', ''),
      `83 <40>1 2012-11-30T06:45:29+00:00 host app web.3 - State changed from starting to up\n`,
      '5 abc',
      '99999999999 <1>1 ',
    ],
    run: (bytes) => {
      let last = 0
      const onMessage = (start: number, end: number) => {
        check(start >= last && end >= start && end <= bytes.length, 'a message is out of order')
        last = end
      }
      scanFrames(bytes, 0, onMessage, () => {})
    },
  },
  syslog: {
    isExpected: never,
    seeds: [
      syslog('heroku', 'router', router),
      syslog('app', 'web.1', own),
      '<158>1 2026-12-01T10:00:00.123456+00:00 d.1-2 app web.1 - [m@1 a="b\\"]"] text',
      '<13>Dec  1 10:00:00 host app[web.1]: text',
    ],
    run: (bytes) => {
      if (!readSyslog(bytes, 0, bytes.length, dates, stamp, line)) return
      const { appStart, appEnd, procStart, procEnd, messageStart, messageEnd } = line
      const isOrdered = appStart < appEnd && procStart < procEnd && messageStart <= messageEnd
      check(isOrdered && messageEnd <= bytes.length, 'fields are out of order')
    },
  },
  terminal: {
    isExpected: never,
    seeds: [
      `2026-12-01T10:00:00.123456+00:00 heroku[router]: ${router}`,
      `\u001b[36m2026-12-01T10:00:00+00:00 app[web.1]:\u001b[0m ${own}`,
      `Dec  1 10:00:00 host heroku/router: ${router}`,
      '{"log":"count#a=1\\n","stream":"stdout","time":"2026-12-01T10:00:00Z"}',
      body(syslog('app', 'web.1', own)),
    ],
    run: (bytes) => {
      readText({ dates, stamp, now: NOW }, bytes, 0, bytes.length, line)
      countText(bytes.toString('latin1'))
    },
  },
  pairs: {
    isExpected: never,
    seeds: [router, own, 'a="b\\"c" d= e f="', 'a=b=c "d"=e =f'],
    run: (bytes) => {
      const pair = createPair()
      let at = 0
      while (at >= 0 && at < bytes.length) {
        const next = nextPair(bytes, at, bytes.length, pair)
        check(next < 0 || next > at, 'no pair was passed')
        at = next
      }
    },
  },
  conventions: {
    isExpected: never,
    seeds: [
      own,
      'measure.db=4 count.mail=1 sample.x=1e3ms measure#a.ms=1',
      'source=web.1 sample#memory_total=100.00MB sample#memory_rss=90.00MB sample#load_avg_1m=0.5',
      'sample#db_size=26214400bytes sample#hit-rate=0.99 sample#waiting-connections=0',
      router,
    ],
    run: (bytes) => {
      const text = bytes.toString('latin1')
      const messages = [
        syslog('app', 'web.1', text),
        syslog('heroku', 'router', text),
        syslog('heroku', 'web.1', text),
        syslog('app', 'heroku-postgres', text),
      ]
      const { window, counts } = countBodies([body(...messages)])
      const lines = window.results.reduce((sum, n) => sum + n, 0)
      check(lines === counts[0]!.lines, 'a line is in no result or in two')
    },
  },
  gzip: {
    isExpected: isRefusal,
    seeds: [
      gzipSync(own),
      gzipSync(''),
      Buffer.concat([gzipSync(own), gzipSync(router)]),
      gzipSync(Buffer.alloc(100_000)),
    ],
    run: async (bytes) =>
      check((await unpackAlone(bytes)).length <= MAX_BODY, 'more than a body may hold'),
  },
  query: {
    isExpected: isRefusal,
    seeds: [
      'app=shop&name=requests&from=2026-12-01T10:00:00Z&to=2026-12-01T11:00:00Z&step=60',
      'app=shop&name=service.p95,status&from=-15m&step=10',
      'app=a&name=measure.db.latency&name=count.x&to=now',
    ],
    run: (bytes) => {
      const lists = new Map<string, string[]>()
      for (const [name, value] of new URLSearchParams(bytes.toString('latin1'))) {
        const known = lists.get(name)
        if (known === undefined) lists.set(name, [value])
        else known.push(value)
      }
      const query = new Map([...lists].map(([name, all]) => [name, all.length > 1 ? all : all[0]]))
      const { grid, names } = readSeriesQuery(Object.fromEntries(query) as Query, NOW)
      check(
        names.length > 0 &&
          Object.values(grid).every((n) => typeof n !== 'number' || Number.isFinite(n)),
        'no grid',
      )
    },
  },
  credentials: {
    isExpected: isRefusal,
    seeds: [
      `Basic ${Buffer.from(`shop:${drainToken(SECRET, 'shop')}`).toString('base64')}|`,
      'Basic c2hvcDp4|shop',
      'Basic Og==|',
      'Bearer x|a.b_c-d',
    ],
    run: (bytes) => {
      const [header, app] = partsOf(bytes)
      const claim = { authorization: header, app, drainToken: undefined }
      const known = createDrainAuth([SECRET])(claim)
      check(isAppName(known), 'no app')
      const token = drainToken(SECRET, known)
      const decoded = Buffer.from(header!.slice(6), 'base64').toString()
      const isBearer = header!.slice(7).trim() === token && app === known
      check(isBearer || decoded === `${known}:${token}`, 'a wrong token was taken')
    },
  },
  stored: {
    isExpected: (error) => error instanceof PackedError,
    seeds: readdirSync(GOLDEN)
      .filter((file) => file.endsWith('.bin'))
      .map((file) => readFileSync(join(GOLDEN, file))),
    run: (bytes) => {
      for (const { packed } of readAppendLog(bytes).entries) mergePacked(createWindow(), packed)
      mergePacked(createWindow(), bytes)
    },
  },
  config: {
    isExpected: (error) => error instanceof ConfigError,
    seeds: [
      '8080|redis://u:p@h:6379/1,redis://h:6380|a-secret-of-the-tests|a-token-of-the-tests|250|/users/:id,/static/*|info',
      '||||||',
      '0|rediss://h|x,y||-1|/|trace',
      '65536|http://h|%|*:t,shop:u|1e3|users|loud',
    ],
    run: (bytes) => {
      const [port, redis, secrets, token, hold, routes, level] = partsOf(bytes)
      readConfig({
        PORT: port,
        REDIS_URL: redis,
        DRAIN_SECRETS: secrets,
        METRICS_TOKEN: token,
        METRICS_TOKENS: token,
        HOLD_MS: hold,
        SPILL_BYTES: hold,
        RETENTION_HOURS: hold,
        WEB_CONCURRENCY: hold,
        ROUTES: routes,
        OTLP_ENDPOINT: redis,
        LOG_LEVEL: level,
      })
    },
  },
}
