/** What became of a body that was sent. */
export type Sent =
  | { readonly result: 'taken'; readonly rejectedPoints: number; readonly message: string }
  /** It can't be sent again: the receiver doesn't want it. */
  | { readonly result: 'refused'; readonly message: string }
  /** It may be sent again, after `waitMs` when the receiver said so. */
  | { readonly result: 'failed'; readonly message: string; readonly waitMs: number | undefined }

export interface Receiver {
  /** Of the metrics, without credentials. */
  readonly url: string
  readonly authorization: string | undefined
}

const ANSWER_LIMIT_MS = 10_000
/** OTLP/HTTP: these may be tried again, all other errors must not. */
const RETRYABLE = new Set([429, 502, 503, 504])
const MAX_MESSAGE = 200
/** Who asks for more is asked again after this all the same: a timer of 2^31 ms is over at once. */
const MAX_WAIT_MS = 3_600_000

/** `https://user:password@host/otlp` as the receiver of `https://host/otlp/v1/metrics`. */
export function receiverAt(endpoint: string): Receiver {
  const url = new URL(endpoint)
  const { username, password } = url
  url.username = url.password = ''
  if (!url.pathname.endsWith('/v1/metrics'))
    url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/metrics`
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  const basic = `Basic ${Buffer.from(credentials).toString('base64')}`
  return { url: url.href, authorization: username === '' ? undefined : basic }
}

/** Posts a packed body; never rejects. */
export async function sendBody(receiver: Receiver, body: Buffer): Promise<Sent> {
  const { url, authorization } = receiver
  try {
    const answer = await fetch(url, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'content-encoding': 'gzip',
        ...(authorization === undefined ? {} : { authorization }),
      },
      redirect: 'manual',
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
    })
    const text = await answer.text()
    if (answer.ok) return { result: 'taken', ...readPartialSuccess(text) }
    const message = `it answers ${answer.status} ${text.slice(0, MAX_MESSAGE)}`.trim()
    if (!RETRYABLE.has(answer.status)) return { result: 'refused', message }
    return { result: 'failed', message, waitMs: readWait(answer.headers.get('retry-after')) }
  } catch (error) {
    return { result: 'failed', message: reasonOf(error), waitMs: undefined }
  }
}

interface ExportResponse {
  readonly partialSuccess?: {
    readonly rejectedDataPoints?: string | number
    readonly errorMessage?: string
  }
}

function readPartialSuccess(text: string): { rejectedPoints: number; message: string } {
  try {
    const { partialSuccess } = JSON.parse(text) as ExportResponse
    return {
      rejectedPoints: Number(partialSuccess?.rejectedDataPoints ?? 0),
      message: (partialSuccess?.errorMessage ?? '').slice(0, MAX_MESSAGE),
    }
  } catch {
    // Some answer with nothing, or with protobuf: taken is taken.
    return { rejectedPoints: 0, message: '' }
  }
}

/** Retry-After in seconds or as a date. */
function readWait(text: string | null): number | undefined {
  if (text === null) return undefined
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), MAX_WAIT_MS) : undefined
}

/** fetch hides what happened in `cause`. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}
