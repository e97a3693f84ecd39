import { readFileSync } from 'node:fs'
import { UsageError } from '../../parse/arguments.ts'
import { type DynoType, parseDynoTypes, parseSize } from '../../report/formation/dyno-types.ts'
import {
  DEFAULT_HEADROOM,
  type Formation,
  type FormationInput,
  createFormation,
} from '../../report/formation/formation.ts'
import type { MeasuredApp } from '../../report/formation/measured.ts'
import { formationText } from './formation-text.ts'
import { URL_HELP, createServerClient } from './client.ts'
import { type Verb, EXIT, VerbError, oneApp, parseVerbArgs } from './verb.ts'

const OPTIONS = {
  ram: { type: 'string' },
  processes: { type: 'string' },
  'processes-per-dyno': { type: 'string' },
  'threads-per-process': { type: 'string' },
  headroom: { type: 'string' },
  type: { type: 'string' },
  prices: { type: 'string' },
  json: { type: 'boolean' },
  url: { type: 'string' },
} as const

export const formation: Verb = {
  usage: 'formation APP',
  summary: 'advise which dynos to rent, from measured memory and load',
  help: `Compares dyno types for an app and names the cheapest that fits.

Usage: l2met formation APP [options]
       l2met formation --ram 120MB --processes 20

RAM of a process is the highest memory_rss of a dyno, divided by --processes-per-dyno. Required
processes are the concurrency of the busiest minute (requests/s x mean service time, Little's law)
plus headroom, divided by --threads-per-process. With --ram and --processes nothing is read.

  --ram SIZE                RAM of a process, like 120MB (MB = 2^20 bytes), instead of the measured
  --processes N             required processes, instead of the measured
  --processes-per-dyno N    processes in each dyno today (the app's WEB_CONCURRENCY); 1
  --threads-per-process N   requests that a process serves at a time; 1
  --headroom N              room above the busiest minute; ${DEFAULT_HEADROOM} is a quarter more
  --type TYPE               process type whose dynos are measured; web
  --prices FILE             JSON like [{"name":"Standard-1X","ram":"512MB","price":25}]
  --json                    print one JSON object
${URL_HELP}
`,
  run: async (args, env) => {
    const { values, positionals } = parseVerbArgs(args, OPTIONS)
    const input = readInput(values)
    const prices = values.prices === undefined ? undefined : readPrices(values.prices)
    const needsServer = input.ram === undefined || input.processes === undefined
    const app = needsServer || positionals.length > 0 ? oneApp('formation', positionals) : undefined
    let measured: MeasuredApp | undefined
    if (needsServer) {
      const query = { app: app!, ...(values.type === undefined ? {} : { type: values.type }) }
      const answer = await createServerClient(values.url, env).getJson('/api/formation', query)
      measured = (answer as Formation).measured ?? undefined
    }
    const result = createFormation(app, measured, input, prices)
    process.stdout.write(
      values.json === true ? `${JSON.stringify(result)}\n` : formationText(result),
    )
    return EXIT.done
  },
}

type Values = { readonly [name in keyof typeof OPTIONS]?: string | boolean }

function readInput(values: Values): FormationInput {
  const { ram: ramText } = values
  const ram = typeof ramText === 'string' ? parseSize(ramText) : undefined
  if (ramText !== undefined && ram === undefined)
    throw new UsageError(`--ram '${ramText}' is not a size; write it like 120MB or 1.5GB`)
  return {
    ram,
    processes: values.processes === undefined ? undefined : readCount('processes', values),
    processesPerDyno:
      values['processes-per-dyno'] === undefined ? 1 : readCount('processes-per-dyno', values),
    threadsPerProcess:
      values['threads-per-process'] === undefined ? 1 : readCount('threads-per-process', values),
    headroom: readHeadroom(values.headroom),
  }
}

function readCount(name: keyof typeof OPTIONS, values: Values): number {
  const text = String(values[name])
  const count = /^\d{1,7}$/.test(text) ? Number(text) : NaN
  if (!(count >= 1 && count <= 1e6))
    throw new UsageError(`--${name} '${text}' is not a whole number from 1 to 1000000`)
  return count
}

function readHeadroom(text: string | boolean | undefined): number {
  if (text === undefined) return DEFAULT_HEADROOM
  const headroom = /^\d{1,3}(?:\.\d{1,6})?$/.test(String(text)) ? Number(text) : NaN
  if (!(headroom <= 10))
    throw new UsageError(
      `--headroom '${text}' is not a number from 0 to 10; 0.25 is a quarter more`,
    )
  return headroom
}

function readPrices(path: string): DynoType[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new VerbError(
      `--prices ${path}: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  try {
    return parseDynoTypes(text)
  } catch (error) {
    throw new UsageError(
      `--prices ${path} ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}
