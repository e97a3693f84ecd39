import type { LearnedRoutesAnswer } from '../api/routes.ts'
import { URL_HELP, createServerClient } from './client.ts'
import { textTable } from './text-table.ts'
import { type Verb, EXIT, oneApp, parseVerbArgs } from './verb.ts'

export const routes: Verb = {
  usage: 'routes APP',
  summary: 'show what was learned of the routes of an app',
  help: `Shows the routes of an app whose words have become :slug, because they were many: which words, since when, and
the settings that keep it so from the first request on (pin) or keep the words apart (forbid).

Usage: l2met routes APP [--json] [--url URL]

  --json      print one JSON object
${URL_HELP}
`,
  run: async (args, env) => {
    const options = { json: { type: 'boolean' }, url: { type: 'string' } } as const
    const { values, positionals } = parseVerbArgs(args, options)
    const app = oneApp('routes', positionals)
    const answer = await createServerClient(values.url, env).getJson('/api/routes', { app })
    const text =
      values.json === true ? `${JSON.stringify(answer)}\n` : textOf(answer as LearnedRoutesAnswer)
    process.stdout.write(text)
    return EXIT.done
  },
}

function textOf({ app, setting, learned }: LearnedRoutesAnswer): string {
  const head = setting === null ? [] : [`Set: ${setting}`, '']
  if (learned.length === 0) {
    const nothing = `Nothing is learned of the routes of ${app}: no part of its paths takes many different words.`
    return `${[...head, nothing].join('\n')}\n`
  }
  const rows = learned.map(({ route, words, since }) => [route, words.join(', '), since ?? ''])
  const settings = learned.flatMap(({ pin, forbid }) => [`pin     ${pin}`, `forbid  ${forbid}`])
  return `${[...head, ...textTable(['route', 'words', 'since'], rows), '', ...settings].join('\n')}\n`
}
