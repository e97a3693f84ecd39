import { type Line, textOf } from '../model/line.ts'
import { ascii, isExactly } from '../model/bytes.ts'
import { type Addon, type AppState, dynoNamed } from './app-state.ts'

/** Who wrote a line: the router, the dyno manager, the platform API, Logplex, an add-on or its server, or the app. */
export type Role = 'router' | 'dyno' | 'api' | 'logplex' | 'server-log' | Addon | 'app'

const MAX_TEXT = 4096
const HEROKU = ascii('heroku')
const ROUTER = ascii('router')
const APP = ascii('app')
const LOGPLEX = ascii('logplex')

/**
 * Decided by (app name, procid), never by the priority: anyone can print a line that looks like the
 * router's, but only Heroku writes under the app name `heroku`.
 */
export function roleOf(state: AppState, line: Line): Role {
  const { bytes, appStart, appEnd } = line
  if (isRouter(line)) return 'router'
  const { kind } = dynoNamed(state, bytes, line.procStart, line.procEnd)
  if (isExactly(bytes, appStart, appEnd, HEROKU)) {
    if (kind === 'router' || kind === 'logplex' || kind === 'api') return kind
    return 'dyno'
  }
  if (isExactly(bytes, appStart, appEnd, LOGPLEX) || kind === 'log-shuttle') return 'logplex'
  if (kind === 'process' || kind === 'router' || kind === 'logplex') return 'app'
  return isExactly(bytes, appStart, appEnd, APP) ? kind : 'app'
}

/** The commonest lines, known without a look-up. */
function isRouter({ bytes, appStart, appEnd, procStart, procEnd }: Line): boolean {
  return isExactly(bytes, procStart, procEnd, ROUTER) && isExactly(bytes, appStart, appEnd, HEROKU)
}

/** For a message that stands alone, as people paste it: judged by what it says. */
export function roleOfBare(line: Line): Role {
  const text = textOf(
    line.bytes,
    line.messageStart,
    Math.min(line.messageEnd, line.messageStart + MAX_TEXT),
  )
  if (/^(?:sock=|at=|[A-Z]+ \S+ dyno=).*\bdyno=.*\bstatus=/.test(text)) return 'router'
  if (/^source=\S+ dyno=heroku\.\S+ sample#/.test(text)) return 'dyno'
  if (/^source=(?:DATABASE|HEROKU_POSTGRESQL_\w+) (?:addon=\S+ )?sample#/.test(text))
    return 'postgres'
  if (/^source=(?:REDIS|HEROKU_REDIS_\w+) (?:addon=\S+ )?sample#/.test(text)) return 'redis'
  return /^source=pgbouncer (?:addon=\S+ )?sample#/.test(text) ? 'pgbouncer' : 'app'
}
