import http from 'node:http'
import https from 'node:https'

/** What came of one try: only `temporary` failures are worth another, and `unreachable` costs none. */
export type PostResult =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'temporary' | 'permanent' | 'unreachable'; readonly reason: string }

export interface Post {
  /** Posts one body; never rejects. */
  send(body: Buffer, headers: Record<string, string>): Promise<PostResult>
  close(): void
}

/** Logplex gives a request 5 seconds, then closes the connection. */
const TIMEOUT_MS = 5000
const CANT_CONNECT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'EAI_AGAIN'])

/** One keep-alive connection with at most one request in flight. User and password of `url` go as Basic. */
export function createPost(url: URL): Post {
  const isSecure = url.protocol === 'https:'
  const agent = new (isSecure ? https : http).Agent({ keepAlive: true, maxSockets: 1 })
  const request = isSecure ? https.request : http.request
  return {
    send: (body, headers) =>
      new Promise((resolve) => {
        const post = request(
          url,
          { method: 'POST', agent, headers, auth: credentials(url) },
          (answer) => {
            answer.resume()
            answer.on('end', () => finish(resultOf(answer.statusCode ?? 0)))
            answer.on('error', (error) => finish({ kind: 'temporary', reason: error.message }))
          },
        )
        const timer = setTimeout(() => {
          post.destroy(new Error(`no answer in ${TIMEOUT_MS / 1000} s`))
        }, TIMEOUT_MS)
        const finish = (result: PostResult) => {
          clearTimeout(timer)
          resolve(result)
        }
        post.on('error', (error: NodeJS.ErrnoException) => {
          const kind = CANT_CONNECT.has(error.code ?? '') ? 'unreachable' : 'temporary'
          finish({ kind, reason: error.message || (error.code ?? 'failed') })
        })
        post.setHeader('Content-Length', body.length)
        post.end(body)
      }),
    close: () => agent.destroy(),
  }
}

function credentials(url: URL): string | null {
  if (url.username === '') return null
  return `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
}

function resultOf(status: number): PostResult {
  if (status >= 200 && status < 300) return { kind: 'delivered' }
  const isPermanent = status >= 400 && status < 500 && status !== 429
  return { kind: isPermanent ? 'permanent' : 'temporary', reason: `HTTP ${status}` }
}
