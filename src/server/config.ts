import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'

/** What the server is told by its environment. */
export interface Config {
  readonly port: number
  /** All interfaces with secrets; loopback only without, because then anyone may write. */
  readonly isPublic: boolean
  /** Empty: everything is kept in this process. Several: the nodes of one Redis Cluster. */
  readonly redisUrls: readonly string[]
  /** Whether Redis may show a certificate that nobody else signed: Heroku's do. */
  readonly trustSelfSigned: boolean
  /** The first signs, all verify; empty: drains need no token. */
  readonly drainSecrets: readonly string[]
  /** What reading needs; undefined: nothing. */
  readonly metricsToken: string | undefined
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined
  readonly maxSeries: number
  readonly maxRoutes: number
  /** Route patterns that users pin, like `/users/:id`. */
  readonly routes: readonly string[]
  readonly retentionMs: number
  readonly holdMs: number
  readonly spillBytes: number
  /** Where metrics are pushed to with OTLP/HTTP; undefined: nowhere. May hold credentials. */
  readonly otlpEndpoint: string | undefined
  readonly logLevel: string
  /** How many processes serve. */
  readonly processes: number
  /** What was set and is of no use, for the log. */
  readonly warnings: readonly string[]
}

export type Environment = Readonly<Record<string, string | undefined>>

/** All faults of the environment in one message that says what to set. */
export class ConfigError extends Error {
  override name = 'ConfigError'
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(`The configuration has to be changed:\n${faults.map((fault) => `  ${fault}`).join('\n')}`)
    this.faults = faults
  }
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']
const MS_PER_HOUR = 3_600_000
/** Shorter secrets can be guessed by trying. */
const MIN_SECRET = 16
const HOW_TO_MAKE = '`openssl rand -hex 32` makes one'

/** Reads the configuration; throws ConfigError. */
export function readConfig(env: Environment): Config {
  const faults: string[] = []
  const warnings: string[] = []
  const number = (name: string, fallback: number, min: number, max: number) =>
    readNumber(env, name, fallback, min, max, faults)
  const drainSecrets = readDrainSecrets(env)
  const metricsToken = textOf(env, 'METRICS_TOKEN')
  const redisUrls = readRedisUrls(env, faults)
  checkSecrets(env, drainSecrets, metricsToken, faults)
  if (textOf(env, 'DATA_DIR') !== undefined) {
    if (redisUrls.length > 0) warnings.push('DATA_DIR is not used: everything is kept in Redis')
    else faults.push("DATA_DIR: the journal isn't there yet; unset it, or set REDIS_URL")
  }
  for (const secret of [...drainSecrets, ...(metricsToken === undefined ? [] : [metricsToken])])
    if (secret.length < MIN_SECRET) {
      warnings.push(`a secret is shorter than ${MIN_SECRET} characters; ${HOW_TO_MAKE}`)
      break
    }
  const asked = number('WEB_CONCURRENCY', 1, 1, 64)
  if (asked > 1 && redisUrls.length === 0)
    warnings.push(
      `WEB_CONCURRENCY is ${asked}, but without REDIS_URL one process has to count everything: starting one`,
    )
  const config: Config = {
    port: number('PORT', 8080, 0, 65_535),
    isPublic: drainSecrets.length > 0,
    redisUrls,
    trustSelfSigned: textOf(env, 'DYNO') !== undefined,
    drainSecrets,
    metricsToken,
    tls: readTls(env, faults),
    maxSeries: number('MAX_SERIES_PER_APP', 10_000, 1, 1_000_000),
    maxRoutes: number('MAX_ROUTES_PER_APP', 200, 1, 10_000),
    routes: readRoutes(env, faults),
    retentionMs: number('RETENTION_HOURS', 24, 1, 24 * 31) * MS_PER_HOUR,
    holdMs: number('HOLD_MS', 250, 0, 4000),
    spillBytes: number('SPILL_BYTES', 64 * 1024 * 1024, 0, 1024 ** 4),
    otlpEndpoint: readOtlpEndpoint(env, faults),
    logLevel: readLogLevel(env, faults),
    processes: redisUrls.length === 0 ? 1 : asked,
    warnings,
  }
  if (faults.length > 0) throw new ConfigError(faults)
  return config
}

/** The secrets that sign and verify drain URLs; none is no fault here. */
export function readDrainSecrets(env: Environment): readonly string[] {
  return listOf(env, 'DRAIN_SECRETS')
}

function checkSecrets(
  env: Environment,
  drainSecrets: readonly string[],
  metricsToken: string | undefined,
  faults: string[],
): void {
  const reason = publicReason(env)
  if (drainSecrets.length === 0 && reason !== undefined)
    faults.push(
      `DRAIN_SECRETS: not set, and ${reason}, so that anyone could write; set it to a secret (${HOW_TO_MAKE})`,
    )
  if (metricsToken === undefined && (drainSecrets.length > 0 || reason !== undefined))
    faults.push(
      `METRICS_TOKEN: not set, but ${reason ?? 'DRAIN_SECRETS is'}, so that anyone could read; set it to a secret (${HOW_TO_MAKE})`,
    )
}

/** Why the server has to be taken for one that strangers can reach. */
function publicReason(env: Environment): string | undefined {
  if (textOf(env, 'NODE_ENV') === 'production') return 'NODE_ENV is production'
  return textOf(env, 'DYNO') === undefined ? undefined : 'DYNO says that this is Heroku'
}

function readNumber(
  env: Environment,
  name: string,
  fallback: number,
  min: number,
  max: number,
  faults: string[],
): number {
  const text = textOf(env, name)
  if (text === undefined) return fallback
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN
  if (value >= min && value <= max) return value
  faults.push(
    `${name}: ${quoted(text)} isn't a whole number from ${min} to ${max}; unset it for ${fallback}`,
  )
  return fallback
}

// The text is never shown: it holds the password.
function readRedisUrls(env: Environment, faults: string[]): readonly string[] {
  const urls = listOf(env, 'REDIS_URL')
  if (!urls.every((url) => /^rediss?:\/\/[^/]/.test(url) && URL.canParse(url)))
    faults.push(
      'REDIS_URL: has to be redis://HOST:PORT or rediss://HOST:PORT, or several of them with commas between for Redis Cluster',
    )
  else if (!urls.every(hasReadableUser)) faults.push(`REDIS_URL: ${ENCODE_USER}`)
  return urls
}

// The text is never shown: it may hold a password.
function readOtlpEndpoint(env: Environment, faults: string[]): string | undefined {
  const endpoint = textOf(env, 'OTLP_ENDPOINT')
  if (endpoint === undefined) return undefined
  if (!/^https?:\/\/[^/]/.test(endpoint) || !URL.canParse(endpoint))
    faults.push(
      'OTLP_ENDPOINT: has to be https://HOST/PATH or http://HOST:PORT, with USER:PASSWORD@ before the host where the receiver needs it',
    )
  else if (!hasReadableUser(endpoint)) faults.push(`OTLP_ENDPOINT: ${ENCODE_USER}`)
  return endpoint
}

const ENCODE_USER = 'a % in user or password has to be written as %25'

/** Whether user and password, which URLs have percent-encoded, can be decoded. */
function hasReadableUser(url: string): boolean {
  const { username, password } = new URL(url)
  try {
    decodeURIComponent(username + password)
    return true
  } catch {
    return false
  }
}

function readTls(env: Environment, faults: string[]): Config['tls'] {
  const certFile = textOf(env, 'TLS_CERT_FILE')
  const keyFile = textOf(env, 'TLS_KEY_FILE')
  if (certFile === undefined && keyFile === undefined) return undefined
  if (certFile === undefined || keyFile === undefined) {
    const names = ['TLS_CERT_FILE', 'TLS_KEY_FILE']
    const [missing, given] = certFile === undefined ? names : names.toReversed()
    faults.push(`${missing}: not set, but ${given} is; HTTPS needs both, plain HTTP neither`)
  }
  const cert = readPem('TLS_CERT_FILE', certFile, faults)
  const key = readPem('TLS_KEY_FILE', keyFile, faults)
  if (cert === undefined || key === undefined) return undefined
  try {
    createSecureContext({ cert, key })
  } catch (error) {
    faults.push(
      `TLS_CERT_FILE and TLS_KEY_FILE: have to hold a certificate and its key in PEM (${messageOf(error)})`,
    )
  }
  return { certFile: certFile!, keyFile: keyFile! }
}

function readPem(name: string, file: string | undefined, faults: string[]): Buffer | undefined {
  if (file === undefined) return undefined
  try {
    return readFileSync(file)
  } catch (error) {
    faults.push(
      `${name}: can't be read; set it to a file that this user may read (${messageOf(error)})`,
    )
    return undefined
  }
}

function readRoutes(env: Environment, faults: string[]): readonly string[] {
  const routes = listOf(env, 'ROUTES')
  const bad = routes.filter((route) => !/^\/[^\s?#]{0,127}$/.test(route))
  if (bad.length > 0)
    faults.push(
      `ROUTES: ${bad.map(quoted).join(', ')} can't be a pattern; it has to look like /users/:id or /static/*`,
    )
  return routes
}

function readLogLevel(env: Environment, faults: string[]): string {
  const level = textOf(env, 'LOG_LEVEL') ?? 'info'
  if (!LOG_LEVELS.includes(level))
    faults.push(`LOG_LEVEL: ${quoted(level)} isn't one of ${LOG_LEVELS.join(', ')}`)
  return level
}

function listOf(env: Environment, name: string): string[] {
  const items = (settingOf(env, name) ?? '').split(',').map((item) => item.trim())
  return items.filter((item) => item !== '')
}

/** undefined for what is not set or blank. */
function textOf(env: Environment, name: string): string | undefined {
  const text = settingOf(env, name)?.trim()
  return text === '' ? undefined : text
}

/** Only what is set: an environment in an object has `constructor` as well. */
function settingOf(env: Environment, name: string): string | undefined {
  return new Map(Object.entries(env)).get(name)
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 64))
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
