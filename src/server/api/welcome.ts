import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Config } from '../config.ts'
import { herokuAppOf, isAppName, isHost } from '../../receive/credentials.ts'

interface WelcomeOptions extends Pick<Config, 'isPublic' | 'herokuApp'> {
  /** Whether reading needs a token. */
  readonly needsToken: boolean
  readonly scheme: 'http' | 'https'
}

/**
 * `GET /welcome?app=NAME&l2met=NAME`: the commands that add a drain, for the first visit after a deploy.
 * They call `l2met drain-url`: who may read gets no token that writes.
 */
export function addWelcomeRoute(server: FastifyInstance, config: Config): void {
  const { isPublic, herokuApp, readTokens, tls } = config
  // A public server has TLS before it, at Heroku's router or another proxy, when it has none itself.
  const scheme = tls !== undefined || isPublic ? 'https' : 'http'
  const options = { isPublic, herokuApp, needsToken: readTokens.length > 0, scheme } as const
  server.get('/welcome', async (request, reply) => {
    const query = request.query as Record<string, unknown>
    const { host = '' } = request.headers
    reply.header('cache-control', 'no-store')
    reply.header('content-security-policy', POLICY)
    reply.type('text/html; charset=utf-8')
    return reply.send(renderWelcome(options, query, isHost(host) ? host : 'HOST'))
  })
}

const STYLE = `
main{max-width:760px;font-size:15px}
h2{margin:26px 0 8px;font-size:16px}
p{margin:8px 0}
form{display:flex;flex-wrap:wrap;align-items:end;gap:10px 14px;margin:14px 0}
label{display:grid;gap:3px;color:var(--muted);font-size:13px}
input{padding:6px 10px;border:1px solid var(--line);border-radius:7px;background:var(--panel);color:var(--ink)}
button{min-height:34px;padding:3px 14px;border:1px solid var(--line);border-radius:7px;background:var(--panel);cursor:pointer}
.command{position:relative;margin:8px 0}
pre{margin:0;padding:12px 84px 12px 14px;border:1px solid var(--line);border-radius:8px;background:var(--panel);font:13px/1.5 var(--mono);white-space:pre-wrap;overflow-wrap:anywhere}
.command button{position:absolute;top:6px;right:6px}
[role=alert]{padding:9px 14px;border:1px solid var(--warn);border-radius:8px;background:var(--panel)}
`

const SCRIPT = `
for (const pre of document.querySelectorAll('pre')) {
  const button = document.createElement('button')
  button.type = 'button'
  button.textContent = 'Copy'
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(pre.textContent)
      button.textContent = 'Copied'
    } catch {
      getSelection().selectAllChildren(pre)
      button.textContent = 'Selected'
    }
    setTimeout(() => { button.textContent = 'Copy' }, 2000)
  })
  pre.after(button)
}
`

const POLICY = [
  "default-src 'none'",
  `style-src 'self' ${hashOf(STYLE)}`,
  `script-src ${hashOf(SCRIPT)}`,
  "img-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}

function renderWelcome(options: WelcomeOptions, query: Record<string, unknown>, host: string) {
  const asked = textOf(query['app'])
  const app = asked !== undefined && isAppName(asked) ? asked : undefined
  const given = textOf(query['l2met'])
  const server =
    given !== undefined && isAppName(given) ? given : (options.herokuApp ?? herokuAppOf(host))
  const bad = [app === undefined ? asked : undefined, server === given ? undefined : given]
  const complaints = bad.filter((name) => name !== undefined).map(complaint)
  const hint =
    herokuAppOf(host) !== undefined
      ? input('l2met', 'Name of the Heroku app that runs l2met', server ?? '')
      : ''
  const body =
    app !== undefined && app === server ? ownApp(app) : steps(options, app ?? '', server, host)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>l2met: add a drain</title>
<link rel="icon" href="page/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="page/style.css">
<link rel="stylesheet" href="page/dark.css" media="(prefers-color-scheme: dark)">
<style>${STYLE}</style>
</head>
<body>
<header class="top"><h1>l2met</h1></header>
<main>
<h2>Add a drain</h2>
<p>l2met is running. Each Heroku app whose metrics you want needs one drain to it.</p>
${openWarning(options)}<form action="welcome">${input('app', 'Name of the Heroku app to watch', app ?? '')}${hint}<button>Show the commands</button></form>
${complaints.join('')}${app === undefined ? '' : body}</main>
<footer><p><a href="./">Charts</a> · <a href="metrics">/metrics</a> · <a href="api/apps">/api/apps</a></p></footer>
<script>${SCRIPT}</script>
</body>
</html>
`
}

function steps(
  { isPublic, needsToken, scheme }: WelcomeOptions,
  app: string,
  server: string | undefined,
  host: string,
): string {
  const url = isPublic
    ? addWith(`l2met drain-url ${app} --host ${host}`, app)
    : `curl -X POST --data-binary @body '${scheme}://${host}/logs?app=${app}'`
  const onHeroku =
    isPublic && herokuAppOf(host) !== undefined
      ? `<p>Run this where the Heroku CLI is logged in. It has the server make the drain URL, which holds a token that can write data for ${escapeHtml(app)} only.</p>
${command(addWith(`heroku run --no-tty -a ${server ?? 'L2MET'} -- node dist/bin/serve.js drain-url ${app} --host ${host}`, app))}
<p>With l2met and its <code>DRAIN_SECRETS</code> on your machine, the same is</p>
${command(url)}`
      : `<p>${isPublic ? 'Run this where l2met is installed and <code>DRAIN_SECRETS</code> has the value that this server has.' : 'Post Logplex bodies from this machine:'}</p>
${command(url)}`
  const authorization = needsToken
    ? '\n    authorization:\n      credentials: METRICS_TOKEN   # its value'
    : ''
  return `<h2>1. Send the logs here</h2>
${onHeroku}
<h2>2. Have the dynos log their memory and load</h2>
${command(`heroku labs:enable log-runtime-metrics -a ${app}\nheroku restart -a ${app}`)}
<h2>3. Look</h2>
<p>The first lines arrive within seconds: <a href="./?app=${encodeURIComponent(app)}">charts of ${escapeHtml(app)}</a>. If they don’t,</p>
${command(`l2met doctor ${scheme}://${host}`)}
<h2>4. Let Prometheus scrape the metrics</h2>
${command(`scrape_configs:
  - job_name: l2met
    scheme: ${scheme}${authorization}
    static_configs:
      - targets: ['${host}']`)}
<p>One target is enough, however many dynos run l2met.</p>
`
}

/** Stops before `drains:add` when there is no URL. */
function addWith(drainUrl: string, app: string): string {
  return `URL=$(${drainUrl}) && heroku drains:add "$URL" -a ${app}`
}

function command(text: string): string {
  return `<div class="command"><pre>${escapeHtml(text)}</pre></div>`
}

function input(name: string, label: string, value: string): string {
  return `<label>${label}<input name="${name}" maxlength="64" pattern="[A-Za-z0-9._\\-]+" value="${escapeHtml(value)}"${name === 'app' ? ' required' : ''}></label>`
}

function complaint(name: string): string {
  return `<p role="alert">${escapeHtml(JSON.stringify(name.slice(0, 64)))} can't be the name of an app: it has 1 to 64 of the characters A-Z a-z 0-9 . _ -</p>\n`
}

function ownApp(app: string): string {
  return `<p role="alert">${escapeHtml(app)} runs this l2met. Each request of its own drain would make another line to drain: drain it into another l2met.</p>\n`
}

function openWarning({ isPublic }: WelcomeOptions): string {
  if (isPublic) return ''
  return '<p role="alert">This server has no secrets and answers on its own machine only, where Heroku can’t reach it. Set DRAIN_SECRETS and METRICS_TOKEN and start it on a public host.</p>\n'
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}
