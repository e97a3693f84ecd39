import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { isAppName, isHost } from '../../receive/credentials.ts'

export interface WelcomeOptions {
  /** The drain URL of an app at a host, with the app's token when one is needed. */
  readonly drainUrl: (app: string, host: string) => string
  /** Whether drains need a token; without, the server can only be reached from its own machine. */
  readonly isPublic: boolean
  /** Whether reading needs a token. */
  readonly needsToken: boolean
  readonly scheme: 'http' | 'https'
}

/** `GET /welcome?app=NAME`: the commands that add the drain, for the first visit after a deploy. */
export function addWelcomeRoute(server: FastifyInstance, options: WelcomeOptions): void {
  server.get('/welcome', async (request, reply) => {
    const asked = (request.query as Record<string, unknown>)['app']
    const app = typeof asked === 'string' ? asked : undefined
    const { host = '' } = request.headers
    reply.header('cache-control', 'no-store')
    reply.header('content-security-policy', POLICY)
    reply.type('text/html; charset=utf-8')
    return reply.send(renderWelcome(options, app, isHost(host) ? host : 'HOST'))
  })
}

const STYLE = `:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1c1c28;background:#fff}
pre{background:#f2f2f7;padding:.75rem 1rem;white-space:pre-wrap;overflow-wrap:anywhere;border-radius:6px}
input,button{font:inherit;margin:.2rem 0;padding:.25rem .5rem}
@media(prefers-color-scheme:dark){body{color:#e8e8f0;background:#14141c}pre{background:#23232e}a{color:#9ab4ff}}`

const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

function renderWelcome(options: WelcomeOptions, app: string | undefined, host: string): string {
  const isGood = app !== undefined && isAppName(app)
  const shown = isGood ? commands(options, app, host) : ''
  const complaint =
    app === undefined || isGood
      ? ''
      : `<p role="alert">${escapeHtml(JSON.stringify(app.slice(0, 64)))} can't be the name of an app: it has 1 to 64 of the characters A-Z a-z 0-9 . _ -</p>`
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>l2met: add a drain</title><style>${STYLE}</style></head>
<body>
<h1>l2met is running</h1>
<p>It counts what the logs of Heroku apps say. Each app needs one drain.</p>
<form action="/welcome"><label>Name of the Heroku app: <input name="app" required maxlength="64" pattern="[A-Za-z0-9._\\-]+" value="${escapeHtml(isGood ? app : '')}"></label> <button>Show the commands</button></form>
${complaint}${shown}<p><a href="/">Charts</a> · <a href="/metrics">Metrics</a> · <a href="/api/apps">Apps</a></p>
</body>
</html>
`
}

function commands(options: WelcomeOptions, app: string, host: string): string {
  const { drainUrl, isPublic, needsToken, scheme } = options
  const url = escapeHtml(drainUrl(app, host))
  const name = escapeHtml(app)
  const remark = isPublic
    ? `<p>The URL holds the app’s token: whoever has it can write as ${name}.</p>`
    : '<p role="alert">This server has no secrets and answers on its own machine only, where Heroku can’t reach it. Set DRAIN_SECRETS and METRICS_TOKEN and start it on a public host; until then, post to it yourself.</p>'
  const authorization = needsToken
    ? '\n    authorization:\n      credentials: METRICS_TOKEN   # its value'
    : ''
  return `<h2>1. Send the logs here</h2>
<pre>heroku drains:add "${url}" -a ${name}</pre>
${remark}
<h2>2. Let the dynos log their memory and load</h2>
<pre>heroku labs:enable log-runtime-metrics -a ${name}
heroku restart -a ${name}</pre>
<h2>3. Let Prometheus fetch the metrics</h2>
<pre>scrape_configs:
  - job_name: l2met
    scheme: ${scheme}${authorization}
    static_configs:
      - targets: ['${escapeHtml(host)}']</pre>
<p>One target is enough, however many dynos run l2met.</p>
`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}
