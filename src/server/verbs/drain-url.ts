import { UsageError } from '../../parse/arguments.ts'
import { drainUrl as urlOf, isAppName, isHost } from '../../receive/credentials.ts'
import { ConfigError, readDrainSecrets } from '../config.ts'
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
