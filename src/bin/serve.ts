#!/usr/bin/env node
import { readVersion } from '../model/version.ts'
import { UsageError, suggestion } from '../parse/arguments.ts'
import { ConfigError } from '../server/config.ts'
import { EXIT, VerbError } from '../server/verbs/verb.ts'
import { VERBS } from '../server/verbs/verbs.ts'

const code = await run(process.argv.slice(2))
// After a stop nobody needs what may still be open, like the channel between processes.
process.exit(code)

async function run(args: readonly string[]): Promise<number> {
  const [first = 'serve', ...rest] = args
  try {
    if (first === '--help' || first === '-h') return print(help())
    if (first === '--version') return print(`${readVersion()}\n`)
    const verb = VERBS.get(first)
    if (verb === undefined) throw unknownVerb(first)
    if (rest.some((arg) => arg === '--help' || arg === '-h')) return print(verb.help)
    return await verb.run(rest, process.env)
  } catch (error) {
    return explain(error)
  }
}

function unknownVerb(name: string): UsageError {
  const near = suggestion(name, [...VERBS.keys()])
  const hint = near === undefined ? '' : `; did you mean ${near}?`
  return new UsageError(`there is no verb ${JSON.stringify(name)}${hint}`)
}

function print(text: string): number {
  process.stdout.write(text)
  return EXIT.done
}

function explain(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`l2met: ${error.message}\n\n${help()}`)
    return EXIT.usage
  }
  if (!(error instanceof ConfigError || error instanceof VerbError)) throw error
  process.stderr.write(`l2met: ${error.message}\n`)
  return error instanceof ConfigError && error.isUsage ? EXIT.usage : EXIT.failed
}

function help(): string {
  const verbs = [...VERBS.values()]
  const width = Math.max(...verbs.map(({ usage }) => usage.length))
  const lines = verbs.map(({ usage, summary }) => `l2met ${usage.padEnd(width)}  ${summary}`)
  return `l2met turns the log stream of Heroku apps into metrics.

Usage: ${lines.join('\n       ')}
       l2met ${'VERB --help'.padEnd(width)}  explain a verb

Options: --help, --version
`
}
