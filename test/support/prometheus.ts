import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findProgram } from './programs.ts'

/** A Prometheus of a test's own, its files in a folder of its own, scraping each second. */
export interface Prometheus {
  readonly origin: string
  /** The result of an instant query: one element for each series. */
  query(expression: string): Promise<Series[]>
  /** The value of a query that has one. */
  value(expression: string): Promise<number>
  /** Resolves when the query gives anything but nothing. */
  until(expression: string): Promise<void>
  readonly stop: () => Promise<void>
}

export interface Series {
  readonly metric: Record<string, string>
  /** Seconds since 1970 and the value. */
  readonly value?: [number, string]
  readonly values?: [number, string][]
}

/** Why tests of Prometheus can't run; undefined when they can. */
export const noPrometheus = findProgram('prometheus').reason

export async function startPrometheus(options: {
  /** Addresses without scheme. */
  readonly targets: readonly string[]
  /** What is scraped of each, a job for each path; `/metrics` if not given. */
  readonly paths?: readonly string[]
  readonly token: string
  /** `--enable-feature=native-histograms`, with which it asks for protobuf. */
  readonly native: boolean
  readonly ruleFiles?: readonly string[]
}): Promise<Prometheus> {
  const { path, reason } = findProgram('prometheus')
  if (path === undefined) throw new Error(reason)
  const dir = mkdtempSync(join(tmpdir(), 'l2met-prometheus-'))
  const config = join(dir, 'prometheus.yml')
  writeFileSync(config, configOf(options))
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const args = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(dir, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=warn',
    ...(options.native ? ['--enable-feature=native-histograms'] : []),
  ]
  const child = spawn(path, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))

  const query = async (expression: string) => {
    const url = `${origin}/api/v1/query?${new URLSearchParams({ query: expression }).toString()}`
    const answer = (await (await fetch(url)).json()) as Answer
    if (answer.status !== 'success') throw new Error(`${expression}: ${answer.error}`)
    return answer.data.result
  }
  const untilReady = async () => {
    for (;;) {
      if (child.exitCode !== null) throw new Error(`prometheus ended:\n${said}`)
      const answer = await fetch(`${origin}/-/ready`).catch(() => undefined)
      await answer?.arrayBuffer()
      if (answer?.status === 200) return
      await sleep(50)
    }
  }
  await untilReady()
  return {
    origin,
    query,
    value: async (expression) => {
      const [only, ...more] = await query(expression)
      if (only?.value === undefined || more.length > 0)
        throw new Error(`${expression} gives ${more.length + (only ? 1 : 0)} values`)
      return Number(only.value[1])
    },
    until: async (expression) => {
      while ((await query(expression)).length === 0) await sleep(100)
    },
    stop: async () => {
      const exit = once(child, 'exit')
      child.kill('SIGTERM')
      await exit
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

interface Answer {
  readonly status: string
  readonly error: string
  readonly data: { readonly result: Series[] }
}

// JSON is YAML.
function configOf(options: Parameters<typeof startPrometheus>[0]): string {
  return JSON.stringify({
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: options.ruleFiles ?? [],
    scrape_configs: (options.paths ?? ['/metrics']).map((path) => ({
      job_name: `l2met${path.slice('/metrics'.length).replace('/', '-')}`,
      metrics_path: path,
      authorization: { credentials: options.token },
      static_configs: [{ targets: options.targets }],
    })),
  })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
