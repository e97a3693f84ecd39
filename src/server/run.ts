import cluster from 'node:cluster'
import { setFlagsFromString } from 'node:v8'
import { type Logger, pino } from 'pino'
import { type App, createApp } from './app.ts'
import { type Config, type Environment, readConfig } from './config.ts'
import { superviseProcesses } from './cluster.ts'
import { DataFolderError } from '../store/disk/data-folder-error.ts'
import { createLogOutput } from './log.ts'

/** Tells a server with TLS to read its certificate again. */
const RELOAD = 'SIGHUP'
const LOOK_MS = 2000
/** What is left of the log at the end may take this long to be written, ms. */
const LOG_LIMIT_MS = 1000

/** Runs the server until a signal stops it; resolves with the exit code. Rejects with ConfigError. */
export async function runServer(env: Environment): Promise<number> {
  const config = readConfig(env)
  const output = createLogOutput(config.hidden)
  const redact = ['authorization', 'req.headers.authorization', 'headers.authorization']
  const log = pino<string>({ level: config.logLevel, redact }, output)
  // What we know of frames in flight can't be trusted any more: let the senders try again.
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (error: unknown) => {
      log.fatal({ err: error }, event)
      process.exit(1)
    })
  const code = await serveWith(config, log)
  await output.end(LOG_LIMIT_MS)
  return code
}

async function serveWith(config: Config, log: Logger<string>): Promise<number> {
  if (cluster.isPrimary) for (const warning of config.warnings) log.warn(warning)
  if (cluster.isPrimary && config.processes > 1)
    return superviseProcesses({
      count: config.processes,
      passOn: config.tls === undefined ? [] : [RELOAD],
      log,
    })
  return serveHere(config, log)
}

async function serveHere(config: Config, log: Logger<string>): Promise<number> {
  const isShared = config.redisUrls.length > 0
  limitHeap(isShared ? REDIS_GROWTH : MEMORY_GROWTH)
  // Little of what a commit makes stays: threads that share it out wait for each other longer than it takes.
  if (isShared) setFlagsFromString('--no-parallel-scavenge')
  const app = createApp(config, { log })
  const told = signalled()
  try {
    await app.start()
  } catch (error) {
    log.fatal(startFault(error, config.port))
    return 1
  }
  // Without TLS it means what it always does: the terminal is gone.
  if (config.tls !== undefined) process.on(RELOAD, () => reloadTls(app, log))
  log.info(`${await told}: stopping`)
  const { lostLines } = await app.stop()
  if (lostLines > 0) log.error({ lostLines }, 'Stopped; acknowledged lines could not be stored')
  else if (isShared || config.dataDir !== undefined)
    log.info('Stopped; all acknowledged lines are stored')
  else log.info('Stopped; in-memory metrics were discarded')
  return lostLines > 0 ? 1 : 0
}

/** By how many percent of what is alive the heap may grow until V8 collects all of it; 0 leaves that to V8. */
interface HeapGrowth {
  readonly small: number
  readonly large: number
  /** A heap is large from here on, bytes. */
  readonly from: number
}

/**
 * Windows of many series in memory are many objects that stay: a large heap grows by a fifth between
 * collections. In a small one that would be a collection many times a second: it may double.
 */
const MEMORY_GROWTH: HeapGrowth = { small: 100, large: 20, from: 32 * 2 ** 20 }
/** Bodies that wait for Redis count as growth: V8 would collect all each second, a hundredth of the time. */
const REDIS_GROWTH: HeapGrowth = { small: 200, large: 0, from: 128 * 2 ** 20 }

function limitHeap({ small, large, from }: HeapGrowth): void {
  setFlagsFromString(`--heap-growing-percent=${small}`)
  const timer = setInterval(() => {
    if (process.memoryUsage().heapUsed < from) return
    setFlagsFromString(`--heap-growing-percent=${large}`)
    clearInterval(timer)
  }, LOOK_MS).unref()
}

function reloadTls(app: App, log: Logger<string>): void {
  try {
    app.reloadTls()
  } catch (error) {
    log.error({ err: error }, 'Could not reload the certificate; the old one stays in use')
  }
}

/** Resolves with the name of the first signal to stop. */
function signalled(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal))
  })
}

function startFault(error: unknown, port: number): string {
  if (error instanceof DataFolderError) return error.message
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE')
    return `port ${port} is taken by another program; set PORT to a free one`
  if (code === 'EACCES') return `port ${port} needs more rights; set PORT to one above 1023`
  return `could not start: ${message}`
}
