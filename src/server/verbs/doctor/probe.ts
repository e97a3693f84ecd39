import type { Environment } from '../../config.ts'

export interface Answer {
  /** 0: there was none, for `reason`. */
  readonly status: number
  readonly text: string
  /** The server's time, ms since 1970, to the second; NaN when it named none. */
  readonly date: number
  readonly reason: string
  /** Of the error of Node, like ENOTFOUND; empty when there is none. */
  readonly code: string
}

/** GET of a path of the server; never rejects. */
export type Probe = (path: string) => Promise<Answer>

const TIMEOUT_MS = 10_000

export function createProbe(base: URL, env: Environment): Probe {
  const token = env['METRICS_TOKEN']?.trim()
  const headers = token ? { authorization: `Bearer ${token}` } : {}
  return async (path) => {
    try {
      const answer = await fetch(new URL(path, base), {
        headers,
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      const text = await answer.text()
      const date = Date.parse(answer.headers.get('date') ?? '')
      return { status: answer.status, text, date, reason: '', code: '' }
    } catch (error) {
      return { status: 0, text: '', date: NaN, ...reasonOf(error) }
    }
  }
}

function reasonOf(error: unknown): { reason: string; code: string } {
  if (!(error instanceof Error)) return { reason: String(error), code: '' }
  if (error.name === 'TimeoutError')
    return { reason: `no answer within ${TIMEOUT_MS / 1000} s`, code: '' }
  const cause: NodeJS.ErrnoException = error.cause instanceof Error ? error.cause : error
  const reason = cause.message.split('\n', 1)[0] || String(cause.code)
  return { reason, code: cause.code ?? '' }
}

/** JSON of an answer; undefined when it is none. */
export function jsonOf(answer: Answer): unknown {
  try {
    return JSON.parse(answer.text) as unknown
  } catch {
    return undefined
  }
}

/** A sample of `/metrics`. */
export interface MetricSample {
  readonly labels: ReadonlyMap<string, string>
  readonly value: number
}

/** Samples of one name in text of Prometheus' exposition format. */
export function samplesOf(text: string, name: string): MetricSample[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .map((line) => {
      const end = line.lastIndexOf(' ')
      const labels = line.slice(name.length, end).matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)
      return {
        labels: new Map([...labels].map(([, key, value]) => [key!, value!])),
        value: Number(line.slice(end + 1)),
      }
    })
}

export function sumOf(samples: readonly MetricSample[]): number {
  return samples.reduce((sum, { value }) => sum + value, 0)
}
