import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { scannerFault } from '../aggregate/scanner/scanner.ts'
import { variableOf } from './config-old-drains.ts'
import { patternsOf } from './config-routes.ts'
import type { Config } from './config.ts'
import { createAppStore } from './app-store.ts'
import { type AlertLoop, startAlerts } from './alerts/alert-loop.ts'
import { type Webhook, createWebhook } from './alerts/webhook.ts'
import { addAlertsRoute } from './api/alerts.ts'
import { addFormationRoute } from './api/formation.ts'
import { addHealthRoutes } from './api/health.ts'
import { addLiveRoute } from './api/live.ts'
import { addMetricsRoute } from './api/metrics.ts'
import { addPageRoute } from './api/page.ts'
import { addProcessMetrics } from './api/process-metrics.ts'
import { type OtlpExporter, startOtlpExporter } from '../export/otlp/exporter.ts'
import { createCollector } from '../export/prometheus/collect.ts'
import { createReadLog, toReadFault } from '../receive/read-log.ts'
import { addReadQueue } from './api/read-queue.ts'
import { addReadAuth } from './api/read-scope.ts'
import { addReportRoutes } from './api/report.ts'
import { addRoutesRoute } from './api/routes.ts'
import { addSeriesRoute } from './api/series.ts'
import { addWelcomeRoute } from './api/welcome.ts'
import { addAliasRoutes } from '../receive/aliases.ts'
import { createConnections } from '../receive/connections.ts'
import { createDrainAuth } from '../receive/credentials.ts'
import { addDrainRoute } from '../receive/drain-route.ts'
import { type TakeBody, createDrain } from '../receive/drain.ts'
import { createErrorHandler } from '../receive/error-handler.ts'
import { addGracefulShutdown } from '../receive/graceful-shutdown.ts'
import { type TlsFiles, createHttpServer } from '../receive/http-server.ts'
import { createAlertSamples } from '../ingest/alert-samples.ts'
import { type Intake, createIntake } from '../ingest/intake.ts'
import { createRouteLearning } from '../ingest/route-learning.ts'
import { RefusedError } from '../ingest/refusal.ts'
import { createScopedCollectors, storeOf } from './scoped-collectors.ts'
import { readVersion } from '../model/version.ts'
import { answerFleet } from './fleet.ts'

/** The server with all its parts. */
export interface App {
  readonly server: FastifyInstance
  /** Listens, and resolves with the address, like `http://127.0.0.1:8080`. */
  start(): Promise<string>
  /** Reads the certificate and its key again; connections that are open keep the old one. */
  reloadTls(): void
  /** Stops accepting, answers what is in flight and commits what is held. Only the first call does anything. */
  stop(): Promise<StopReport>
}

export interface AppDeps {
  readonly log: FastifyBaseLogger
  /** The time of the memory store, ms since 1970. */
  readonly now?: () => number
}

export interface StopReport {
  /** Acknowledged lines that could not be brought into the store. */
  readonly lostLines: number
}

/** The store may take this long before the server listens without it, ms. */
const STORE_WAIT_MS = 5000
/** Committing what is held may take until this long after a stop, ms, and never less than MIN_FLUSH_MS. */
const STOP_LIMIT_MS = 22_000
const MIN_FLUSH_MS = 2000
/** Answering what is in flight may take this long after a stop, ms; Heroku kills after 30 s. */
const CLOSE_LIMIT_MS = 20_000
/** The last push may take this long, ms. */
const OTLP_STOP_MS = 3000
const LOOPBACK = '127.0.0.1'
/** IPv6 and, through it, IPv4. */
const ALL_INTERFACES = '::'
const ALL_IPV4 = '0.0.0.0'

export function createApp(config: Config, deps: AppDeps): App {
  const { log } = deps
  const version = readVersion()
  const scanFault = scannerFault()
  if (scanFault !== undefined) log.warn(scanFault)
  const { store, committer, storeFault, ready, self, memory } = createAppStore(config, deps)
  answerFleet(self)
  const routePatterns = (name: string) => patternsOf(config.patterns, name)
  const routes = createRouteLearning({ ...config, store, patternsOf: routePatterns })
  const intake = createIntake({
    ...config,
    store,
    committer,
    routes,
    patternsOf: routePatterns,
    warn: (details, text) => log.warn(details, text),
  })
  const collector = createCollector({ store, version, memory })
  const collectorOf = createScopedCollectors(collector, (apps) =>
    createCollector({ store: storeOf(store, apps), version }),
  )
  const connections = createConnections()
  const server = createHttpServer({
    log,
    tls: readTls(config),
    connections,
    isPublic: config.isPublic,
  })
  let phase: 'starting' | 'ready' | 'stopping' = 'starting'
  let otlp: OtlpExporter | undefined
  let alertLoop: AlertLoop | undefined
  let stopped: Promise<StopReport> | undefined

  const drain = createDrain({
    auth: createDrainAuth(config.drainSecrets, config.oldDrains),
    isGuarded: config.isPublic,
    ownApp: config.herokuApp,
    tagsOf: (app) => config.drainTags.get(variableOf(app)) ?? '',
    take: takeWith(intake),
    refuse: intake.refuse,
    log,
  })
  const isClosing = addGracefulShutdown(server, { connections, limitMs: CLOSE_LIMIT_MS })
  addHealthRoutes(server, {
    reasons: () =>
      [phase === 'ready' ? undefined : phase, storeFault()].filter((r) => r !== undefined),
  })
  addDrainRoute(server, drain, { connections, isClosing })
  addAliasRoutes(server, {
    keys: config.oldDrains.fernetKeys,
    inFlight: drain.inFlight,
    storeFault,
  })

  const readLog = createReadLog({ log, isStoreAway: () => storeFault() !== undefined })
  const answerError = createErrorHandler({ log, format: 'json', isLoss: () => false })
  void server.register(async (read) => {
    read.setErrorHandler((error, request, reply) => {
      const fault = toReadFault(error)
      if (fault !== error) readLog(error, "the store can't be read: until it can, readers get 503")
      return answerError(fault, request, reply)
    })
    addReadAuth(read, config.readTokens)
    addReadQueue(read)
    addReportRoutes(read, { store })
    addFormationRoute(read, { store, retentionMs: config.retentionMs })
    addAlertsRoute(read, { store, alerts: config.alerting.alerts })
    addRoutesRoute(read, { store, routes, patterns: config.patterns, limit: config.maxRoutes })
    addSeriesRoute(read, { store })
    addLiveRoute(read, { store })
    addMetricsRoute(read, { collectorOf, flush: intake.flush })
    addProcessMetrics(read, { self })
    await addPageRoute(read, config)
    addWelcomeRoute(read, config)
  })

  const listen = async (host: string) =>
    server.listen({
      port: config.port,
      host,
      listenTextResolver: (address) => startText(config, version, address),
    })

  const stop = async () => {
    phase = 'stopping'
    const end = performance.now() + STOP_LIMIT_MS
    await server.close()
    await intake.flush()
    await routes.stop()
    const lost = await committer.stop(Math.max(end - performance.now(), MIN_FLUSH_MS))
    await otlp?.stop(OTLP_STOP_MS)
    await alertLoop?.stop()
    await store.close()
    return { lostLines: lost.lines }
  }

  return {
    server,
    start: async () => {
      // Logplex tries a refused connection again, but not a frame that gets a 503.
      await Promise.race([ready, sleep(STORE_WAIT_MS, undefined, { ref: false })])
      const address = await listen(config.isPublic ? ALL_INTERFACES : LOOPBACK).catch(
        async (error: NodeJS.ErrnoException) => {
          if (error.code !== 'EAFNOSUPPORT') throw error
          return listen(ALL_IPV4)
        },
      )
      if (phase === 'starting') phase = 'ready'
      if (config.alerting.alerts.length > 0)
        alertLoop = startAlerts({
          store,
          alerts: config.alerting.alerts,
          webhook: webhookOf(config),
          mutesReleases: config.alerting.mutesReleases,
          log,
          setActive: createAlertSamples({ ...config, committer, clock: () => store.clock() }),
        })
      if (config.otlpEndpoint !== undefined)
        otlp = startOtlpExporter({
          endpoint: config.otlpEndpoint,
          collector,
          version,
          log,
          readLog,
        })
      return address
    },
    reloadTls: () => {
      const tls = readTls(config)
      if (tls !== undefined && 'setSecureContext' in server.server)
        (server.server as TlsServer).setSecureContext(tls)
    },
    stop: () => (stopped ??= stop()),
  }
}

function takeWith(intake: Intake): TakeBody {
  return (body) => intake.take(body).catch(refusedBy)
}

function refusedBy(error: unknown): 'refused' {
  if (error instanceof RefusedError) return 'refused'
  throw error
}

function readTls({ tls }: Config): TlsFiles | undefined {
  return tls && { cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) }
}

interface TlsServer {
  setSecureContext(files: TlsFiles): void
}

function webhookOf({ alerting: { webhook, allowsPrivate } }: Config): Webhook | undefined {
  return webhook === undefined ? undefined : createWebhook(webhook, allowsPrivate)
}

function startText(config: Config, version: string, address: string): string {
  const where =
    config.redisUrls.length > 0
      ? 'in Redis'
      : config.dataDir === undefined
        ? 'in memory: acknowledged lines live as long as this process; set DATA_DIR to keep them'
        : `in ${config.dataDir}: acknowledged lines are on disk`
  const who = config.isPublic ? 'with secrets' : 'open, without secrets, so on loopback only'
  return `l2met ${version} listens on ${address} (${where}; ${who})`
}
