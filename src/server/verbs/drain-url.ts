import { UsageError } from '../../parse/arguments.ts'
import { drainUrl as urlOf, herokuAppOf, isAppName, isHost } from '../../receive/credentials.ts'
import { readDrainSecrets } from '../config-secrets.ts'
import { ConfigError, type Environment } from '../config.ts'
import { type Verb, EXIT, oneApp, parseVerbArgs } from './verb.ts'

export const drainUrl: Verb = {
  usage: 'drain-url APP [--host H]',
  summary: 'print the URL that drains the logs of APP here',
  help: `Prints the URL to give to \`heroku drains:add\`, with the app's token, made with the first of DRAIN_SECRETS.

Usage: l2met drain-url APP [--host H]

  --host H   the host (and port) where this server can be reached
`,
  run: async (args, env) => {
    const { values, positionals } = parseVerbArgs(args, { host: { type: 'string' } })
    const app = oneApp('drain-url', positionals)
    if (!isAppName(app))
      throw new UsageError('an app name has 1 to 64 of the characters A-Z a-z 0-9 . _ -')
    const { host } = values
    if (host !== undefined && !isHost(host))
      throw new UsageError('--host takes a host alone, like l2met.example.com or 192.0.2.1:8443')
    if (isOwnApp(app, host, env))
      throw new ConfigError([
        `${app} runs this l2met: each request of its own drain would make another line to drain. Drain it into another l2met`,
      ])
    const [secret] = readDrainSecrets(env)
    if (secret === undefined)
      throw new ConfigError([
        'DRAIN_SECRETS: not set; set it to the value that the server has, or its token will be refused',
      ])
    process.stdout.write(`${urlOf(secret, app, host ?? 'HOST')}\n`)
    if (host === undefined)
      process.stderr.write('Replace HOST with the host of your server, or add --host.\n')
    return EXIT.done
  },
}

/** Whether the server at this host runs in the app itself. */
function isOwnApp(app: string, host: string | undefined, env: Environment): boolean {
  return app === env['HEROKU_APP_NAME'] || (host !== undefined && app === herokuAppOf(host))
}
