import { type Logger, pino } from 'pino'
import { type App, createApp } from '../../src/server/app.ts'
import { type Environment, readConfig } from '../../src/server/config.ts'
import type { Report } from '../../src/report/report-object.ts'
import { body, syslog } from './count.ts'

export const SECRETS = {
  DRAIN_SECRETS: 'new-secret-of-tests,old-secret-of-tests',
  METRICS_TOKEN: 'the-token-of-tests',
}

export interface LogEntry {
  readonly level: number
  readonly msg: string
  readonly [name: string]: unknown
}

/** An app as the environment makes it, and what it logs. It isn't listening yet. */
export function testApp(
  env: Environment = {},
  now?: () => number,
): App & { readonly logged: LogEntry[] } {
  const logged: LogEntry[] = []
  const log: Logger<string> = pino<string>(
    { level: 'info' },
    { write: (line: string) => logged.push(JSON.parse(line) as LogEntry) },
  )
  const app = createApp(
    readConfig({ PORT: '0', ...env }),
    now === undefined ? { log } : { log, now },
  )
  return { ...app, logged }
}

/** A router line of now. */
export function routerLine(status = 200, time = Date.now()): string {
  return syslog(
    'heroku',
    'router',
    `at=info method=GET path="/" host=h request_id=r fwd="192.0.2.1" dyno=web.1 connect=1ms service=12ms status=${status} bytes=512 protocol=https`,
    time,
  )
}

/** A Logplex body of `count` router lines of now. */
export function routerBody(count = 1): Buffer {
  return body(...Array.from({ length: count }, () => routerLine()))
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

/** The report of an app without secrets. */
export async function reportOf(app: App, name: string): Promise<Report> {
  const answer = await app.server.inject(`/api/report?app=${name}`)
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.json<Report>()
}
