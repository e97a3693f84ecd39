#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { ConfigError, readDrainSecrets } from '../server/config.ts'
import { drainUrl, isAppName, isHost } from '../receive/credentials.ts'
import { readVersion } from '../model/version.ts'
import { DRAIN_URL_HELP, HELP, SERVE_HELP } from '../server/usage.ts'
import { UsageError } from '../cli/arg-values.ts'

/** Exit codes. */
const OK = 0
const FAILED = 1
const USAGE = 2

const code = await run(process.argv.slice(2))
// After a stop nobody needs what may still be open, like the channel between processes.
process.exit(code)

async function run(args: readonly string[]): Promise<number> {
  const [first, ...rest] = args
  try {
    switch (first) {
      case '--help':
      case '-h':
        process.stdout.write(HELP)
        return OK
      case '--version':
        process.stdout.write(`${readVersion()}\n`)
        return OK
      case undefined:
      case 'serve':
        return await serve(rest)
      case 'drain-url':
        return printDrainUrl(rest)
      default:
        throw new UsageError(`there is no verb ${JSON.stringify(first)}`)
    }
  } catch (error) {
    return explain(error)
  }
}

async function serve(args: readonly string[]): Promise<number> {
  const { values } = parse(() =>
    parseArgs({ args: [...args], options: { help: { type: 'boolean', short: 'h' } } }),
  )
  if (values.help === true) {
    process.stdout.write(SERVE_HELP)
    return OK
  }
  // Fastify takes 50 ms to load, which no other verb needs.
  const { runServer } = await import('../server/run.ts')
  return runServer(process.env)
}

function printDrainUrl(args: readonly string[]): number {
  const { values, positionals } = parse(() =>
    parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h' }, host: { type: 'string' } },
    }),
  )
  if (values.help === true) {
    process.stdout.write(DRAIN_URL_HELP)
    return OK
  }
  const [app, ...more] = positionals
  if (app === undefined || more.length > 0) throw new UsageError('drain-url takes one app')
  if (!isAppName(app))
    throw new UsageError('an app name has 1 to 64 of the characters A-Z a-z 0-9 . _ -')
  const { host } = values
  if (host !== undefined && !isHost(host))
    throw new UsageError('--host takes a host alone, as l2met.example.com or 192.0.2.1:8443')
  const [secret] = readDrainSecrets(process.env)
  if (secret === undefined)
    throw new ConfigError([
      'DRAIN_SECRETS: not set; set it to what the server has, or the token will not be the right one',
    ])
  process.stdout.write(`${drainUrl(secret, app, host ?? 'HOST')}\n`)
  if (host === undefined)
    process.stderr.write('Put the host of your server in place of HOST, or give --host.\n')
  return OK
}

function parse<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function explain(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`l2met: ${error.message}\n\n${HELP}`)
    return USAGE
  }
  if (!(error instanceof ConfigError)) throw error
  process.stderr.write(`l2met: ${error.message}\n`)
  return FAILED
}
