import { connect } from 'node:tls'
import { type Finding, fail, ok, warn } from './finding.ts'
import { type Probe, jsonOf } from './probe.ts'

const DAY_MS = 86_400_000
const CERTIFICATE_WARN_MS = 14 * DAY_MS
const TLS_TIMEOUT_MS = 10_000

const ADVICE = new Map([
  ['ENOTFOUND', 'check the host name'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'that port speaks plain HTTP: ask http://'],
])

/** Whether l2met answers at the URL at all; without an answer nothing else can be checked. */
export async function checkReach(url: URL, probe: Probe): Promise<Finding[]> {
  const begin = performance.now()
  const answer = await probe('/healthz')
  const took = Math.round(performance.now() - begin)
  if (answer.status === 0) {
    const { reason, code } = answer
    if (/CERT|SELF_SIGNED|ALTNAME/.test(code)) {
      const todo =
        'renew it, or serve a certificate of a public authority for this host: Logplex checks it too'
      return [fail('tls', `the certificate of ${url.host} is not accepted: ${reason}`, todo)]
    }
    const todo = ADVICE.get(code) ?? 'start l2met there, or name its URL: l2met doctor https://HOST'
    return [fail('reachable', `${url.origin} does not answer: ${reason}`, todo)]
  }
  const isOurs = (jsonOf(answer) as { status?: unknown } | undefined)?.status === 'ok'
  if (answer.status !== 200 || !isOurs) {
    const todo = 'check the URL; on Heroku, see why the dyno is not up: heroku logs -a L2MET'
    return [
      fail('reachable', `${url.origin}/healthz answers ${answer.status}, and is not l2met's`, todo),
    ]
  }
  return [ok('reachable', `${url.origin} answers in ${took} ms`)]
}

/** Logplex posts to HTTPS only, and checks the certificate. */
export async function checkTls(url: URL): Promise<Finding> {
  if (url.protocol === 'http:') {
    if (isLoopback(url.hostname))
      return ok('tls', 'plain HTTP on this machine; Heroku needs HTTPS: a proxy, or TLS_CERT_FILE')
    const todo = 'put a TLS proxy in front of it, or set TLS_CERT_FILE and TLS_KEY_FILE'
    return warn(
      'tls',
      'plain HTTP: tokens can be read on the way, and Heroku drains need HTTPS',
      todo,
    )
  }
  const end = await certificateEnd(url)
  if (end === undefined) return ok('tls', `HTTPS on ${url.host}`)
  const days = Math.floor((end - Date.now()) / DAY_MS)
  const text = `the certificate of ${url.host} is valid for ${days} more days`
  return end - Date.now() < CERTIFICATE_WARN_MS ? warn('tls', text, 'renew it') : ok('tls', text)
}

/** Whether the server could lose lines now. */
export async function checkReady(probe: Probe): Promise<Finding> {
  const answer = await probe('/readyz')
  if (answer.status === 200) return ok('ready', 'it can use its store')
  const body = jsonOf(answer) as { reasons?: readonly unknown[] } | undefined
  const reasons = body?.reasons?.map(String).join('; ') ?? `/readyz answers ${answer.status}`
  return fail('ready', reasons, 'see its log; lines are held in memory until SPILL_BYTES are full')
}

/** The end of a certificate's validity, ms since 1970; undefined when it can't be had. */
async function certificateEnd(url: URL): Promise<number | undefined> {
  return new Promise((resolve) => {
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const socket = connect({ host, port: Number(url.port || 443), servername: host }, () => {
      resolve(Date.parse(socket.getPeerCertificate().valid_to))
      socket.end()
    })
    socket.setTimeout(TLS_TIMEOUT_MS, () => socket.destroy())
    socket.on('error', () => resolve(undefined))
    socket.on('close', () => resolve(undefined))
  })
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host.startsWith('127.')
}
