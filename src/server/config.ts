import { resolve } from 'node:path'
import type { ReadToken } from '../receive/credentials.ts'
import { type OldDrains, hasOldDrains, oldSecretsOf } from '../receive/old-drains.ts'
import { readDrainTags, readOldDrains } from './config-old-drains.ts'
import { type AlertSettings, readAlertSettings } from './config-alerts.ts'
import { readOtlpEndpoint, readRedisUrls, readTls } from './config-network.ts'
import {
  checkLengths,
  checkSecrets,
  hiddenTexts,
  readDrainSecrets,
  readReadTokens,
} from './config-secrets.ts'
import { type RoutePatterns, readPatterns } from './config-routes.ts'
import { quoted, readNumber, textOf } from './config-values.ts'

/** Settings of the server, read from its environment. */
export interface Config {
  readonly port: number
  /** All interfaces with secrets; loopback only without, because then anyone may write. */
  readonly isPublic: boolean
  /** Empty: everything is kept in this process. Several: the nodes of one Redis Cluster. */
  readonly redisUrls: readonly string[]
  /** The folder in which everything is kept, an absolute path; undefined: Redis or this process. */
  readonly dataDir: string | undefined
  /** The folder may take this much, bytes. */
  readonly dataMaxBytes: number
  /** Whether Redis may show a certificate that nobody else signed: Heroku's do. */
  readonly trustSelfSigned: boolean
  /** The first signs, all verify; empty: drains need no token. */
  readonly drainSecrets: readonly string[]
  /** Credentials of drains that other programs have set up. */
  readonly oldDrains: OldDrains
  /** Tags of drains by app, its name in capitals with _ for everything that no variable may hold. */
  readonly drainTags: ReadonlyMap<string, string>
  /** Empty: anyone who can reach the server may read. */
  readonly readTokens: readonly ReadToken[]
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined
  readonly maxSeries: number
  readonly maxRoutes: number
  /** Routes that users name themselves, and those whose time is a session's. */
  readonly patterns: RoutePatterns
  readonly retentionMs: number
  readonly holdMs: number
  readonly spillBytes: number
  /** Where metrics are pushed to with OTLP/HTTP; undefined: nowhere. May hold credentials. */
  readonly otlpEndpoint: string | undefined
  readonly alerting: AlertSettings
  readonly logLevel: string
  /** The Heroku app that this server runs in, where dyno metadata are enabled. */
  readonly herokuApp: string | undefined
  /** How many processes serve. */
  readonly processes: number
  /** Settings that have no effect, for the log. */
  readonly warnings: readonly string[]
  /** Secrets, tokens and passwords of URLs: texts that no log may show. */
  readonly hidden: readonly string[]
}

export type Environment = Readonly<Record<string, string | undefined>>

/** All invalid settings in one message that says how to mend each. */
export class ConfigError extends Error {
  override name = 'ConfigError'
  readonly faults: readonly string[]
  /** Whether an expression is among them that can't be read: the exit code is then that of wrong usage. */
  readonly isUsage: boolean

  constructor(faults: readonly string[], isUsage = false) {
    super(`Invalid configuration:\n${faults.map((fault) => `  ${fault}`).join('\n')}`)
    this.faults = faults
    this.isUsage = isUsage
  }
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']
const MS_PER_HOUR = 3_600_000

/** Reads the configuration; throws ConfigError. */
export function readConfig(env: Environment): Config {
  const faults: string[] = []
  const alertFaults: string[] = []
  const warnings: string[] = []
  const number = (name: string, fallback: number, min: number, max: number) =>
    readNumber(env, name, fallback, min, max, faults)
  const drainSecrets = readDrainSecrets(env)
  const readTokens = readReadTokens(env, faults)
  const oldDrains = readOldDrains(env, faults)
  const canWrite = drainSecrets.length > 0 || hasOldDrains(oldDrains)
  const redisUrls = readRedisUrls(env, faults)
  checkSecrets(env, canWrite, readTokens, faults)
  checkLengths(env, faults, warnings)
  const dataDir = textOf(env, 'DATA_DIR')
  if (dataDir !== undefined && redisUrls.length > 0)
    warnings.push(
      'DATA_DIR is not used, because REDIS_URL is set: everything is kept in Redis; unset one of them',
    )
  else if (dataDir !== undefined && textOf(env, 'DYNO') !== undefined)
    warnings.push(
      'DATA_DIR is on the disk of a dyno, which is gone with each restart, once a day at least: add Redis (heroku addons:create heroku-redis)',
    )
  const alerting = readAlertSettings(env, alertFaults)
  const otlpEndpoint = readOtlpEndpoint(env, faults)
  const asked = number('WEB_CONCURRENCY', 1, 1, 64)
  if (asked > 1 && redisUrls.length === 0)
    warnings.push(
      `WEB_CONCURRENCY is ${asked}, but without REDIS_URL one process has to count everything: starting one`,
    )
  const config: Config = {
    port: number('PORT', 8080, 0, 65_535),
    isPublic: canWrite,
    redisUrls,
    dataDir: redisUrls.length > 0 || dataDir === undefined ? undefined : resolve(dataDir),
    dataMaxBytes: number('DATA_MAX_BYTES', 512 * 1024 * 1024, 16 * 1024 * 1024, 1024 ** 4),
    trustSelfSigned: textOf(env, 'DYNO') !== undefined,
    drainSecrets,
    oldDrains,
    drainTags: readDrainTags(env, faults),
    readTokens,
    tls: readTls(env, faults),
    maxSeries: number('MAX_SERIES_PER_APP', 10_000, 1, 1_000_000),
    maxRoutes: number('MAX_ROUTES_PER_APP', 200, 1, 10_000),
    patterns: readPatterns(env, faults),
    retentionMs: number('RETENTION_HOURS', 24, 1, 24 * 31) * MS_PER_HOUR,
    holdMs: number('HOLD_MS', 250, 0, 4000),
    spillBytes: number('SPILL_BYTES', 64 * 1024 * 1024, 0, 1024 ** 4),
    otlpEndpoint,
    alerting,
    logLevel: readLogLevel(env, faults),
    herokuApp: textOf(env, 'HEROKU_APP_NAME'),
    processes: redisUrls.length === 0 ? 1 : asked,
    warnings,
    hidden: hiddenTexts(
      [...drainSecrets, ...readTokens.map(({ token }) => token), ...oldSecretsOf(oldDrains)],
      [...redisUrls, otlpEndpoint ?? '', alerting.webhook ?? ''],
    ),
  }
  if (faults.length + alertFaults.length > 0)
    throw new ConfigError([...faults, ...alertFaults], alertFaults.length > 0)
  return config
}

function readLogLevel(env: Environment, faults: string[]): string {
  const level = textOf(env, 'LOG_LEVEL') ?? 'info'
  if (!LOG_LEVELS.includes(level))
    faults.push(`LOG_LEVEL: ${quoted(level)} isn't one of ${LOG_LEVELS.join(', ')}`)
  return level
}
