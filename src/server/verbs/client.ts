import type { Environment } from '../config.ts'
import { VerbError } from './verb.ts'
import { UsageError } from '../../parse/arguments.ts'

/** The server that a verb reads, by `--url` and METRICS_TOKEN. */
export interface ServerClient {
  readonly url: URL
  /** GET of a path with its query; resolves with the JSON body. Rejects with VerbError. */
  getJson(path: string, query?: Readonly<Record<string, string>>): Promise<unknown>
}

/** An answer may take this long, ms. */
const TIMEOUT_MS = 15_000

/** `--url` of each verb that reads a server; help text. */
export const URL_HELP = `  --url URL   the server to read; http://127.0.0.1:$PORT by default.
              METRICS_TOKEN in the environment is sent as bearer token`

export function createServerClient(url: string | undefined, env: Environment): ServerClient {
  const base = parseUrl(url ?? `http://127.0.0.1:${env['PORT'] ?? '8080'}`)
  const token = env['METRICS_TOKEN']
  return {
    url: base,
    getJson: async (path, query = {}) => {
      const target = new URL(path, base)
      for (const [name, value] of Object.entries(query)) target.searchParams.set(name, value)
      const headers = {
        accept: 'application/json',
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      }
      const response = await fetch(target, {
        headers,
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      }).catch((error: unknown) => {
        throw new VerbError(
          `can't reach ${base.origin}: ${reasonOf(error)}; is l2met running there? (--url)`,
        )
      })
      const text = await response.text()
      if (response.status === 401)
        throw new VerbError(
          `${base.origin} refused METRICS_TOKEN; set it to the token of that server`,
        )
      if (!response.ok)
        throw new VerbError(`${base.origin} answered ${response.status}: ${messageOf(text)}`)
      try {
        return JSON.parse(text) as unknown
      } catch {
        throw new VerbError(
          `${base.origin}${target.pathname} answered no JSON; is that an l2met server?`,
        )
      }
    },
  }
}

export function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new UsageError(`'${text}' is not a URL; write it like https://l2met.example.com`)
  return url
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} s`
  return error.cause instanceof Error ? error.cause.message : error.message
}

function messageOf(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: unknown }
    if (typeof error === 'string') return error
  } catch {
    // A proxy's page, perhaps.
  }
  return text.slice(0, 200)
}
