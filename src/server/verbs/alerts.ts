import { UsageError } from '../../parse/arguments.ts'
import type { AlertRow } from '../api/alerts.ts'
import { DEFAULT_ALERTS } from '../alerts/default-alerts.ts'
import { WebhookError, createWebhook } from '../alerts/webhook.ts'
import { readAlertSettings } from '../config-alerts.ts'
import { ConfigError } from '../config.ts'
import { URL_HELP, createServerClient } from './client.ts'
import { textTable } from './text-table.ts'
import { type Verb, EXIT, VerbError, parseVerbArgs } from './verb.ts'

export const alerts: Verb = {
  usage: 'alerts APP | default | test',
  summary: 'show the alerts of an app, the default set, or send a test message',
  help: `Shows alerts.

Usage: l2met alerts APP [--json] [--url URL]   the state of each alert of an app
       l2met alerts default                    the set that is used without ALERTS
       l2met alerts test                       send a message to ALERT_WEBHOOK

  --json      print one JSON object
${URL_HELP}
`,
  run: async (args, env) => {
    const options = { json: { type: 'boolean' }, url: { type: 'string' } } as const
    const { values, positionals } = parseVerbArgs(args, options)
    const [what, ...more] = positionals
    if (what === undefined || more.length > 0)
      throw new UsageError('alerts takes an app, or default, or test')
    if (what === 'default') return print(`${DEFAULT_ALERTS.join('\n')}\n`)
    if (what === 'test') return sendTest(env)
    const answer = await createServerClient(values.url, env).getJson('/api/alerts', { app: what })
    if (values.json === true) return print(`${JSON.stringify(answer)}\n`)
    return print(tableOf((answer as { alerts: AlertRow[] }).alerts))
  },
}

async function sendTest(env: Parameters<Verb['run']>[1]): Promise<number> {
  const faults: string[] = []
  const { webhook: target, allowsPrivate } = readAlertSettings(env, faults)
  if (faults.length > 0) throw new ConfigError(faults)
  if (target === undefined) throw new VerbError('ALERT_WEBHOOK is not set')
  const webhook = createWebhook(target, allowsPrivate)
  const text = 'l2met: this is a test. Alerts arrive here.'
  try {
    await webhook.post({ text })
  } catch (error) {
    if (!(error instanceof WebhookError)) throw error
    throw new VerbError(`the test message was not delivered to ${webhook.host}: ${error.message}`)
  }
  return print(`Sent a test message to ${webhook.host}.\n`)
}

function tableOf(rows: readonly AlertRow[]): string {
  if (rows.length === 0) return 'This server evaluates no alerts: set ALERT_WEBHOOK or ALERTS.\n'
  const cells = rows.map(({ alert, isActive, since, valueText }) => [
    alert,
    isActive ? 'active' : 'ok',
    since ?? '',
    valueText ?? '',
  ])
  return `${textTable(['alert', 'state', 'since', 'value'], cells).join('\n')}\n`
}

function print(text: string): number {
  process.stdout.write(text)
  return EXIT.done
}
