import { lookup } from 'node:dns'
import { type RequestOptions, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { BlockList, type LookupFunction, isIP } from 'node:net'

/** Posts JSON to ALERT_WEBHOOK. */
export interface Webhook {
  /** Host and port, for the log: the path is a secret. */
  readonly host: string
  /** Resolves when the receiver answered 2xx. Rejects with WebhookError. */
  post(body: unknown): Promise<void>
}

export class WebhookError extends Error {
  override readonly name = 'WebhookError'
  /** Whether a later attempt may succeed. */
  readonly isTemporary: boolean

  constructor(message: string, isTemporary: boolean) {
    super(message)
    this.isTemporary = isTemporary
  }
}

const TIMEOUT_MS = 10_000

/** Addresses that a URL of the outside must not lead to. IPv4-mapped IPv6 is judged as IPv4. */
const PRIVATE = new BlockList()
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  PRIVATE.addSubnet(net, bits, 'ipv4')
for (const [net, bits] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  PRIVATE.addSubnet(net, bits, 'ipv6')

/** `allowsPrivate`: loopback and private addresses are allowed (ALERT_WEBHOOK_PRIVATE=1). */
export function createWebhook(target: string, allowsPrivate: boolean): Webhook {
  const url = new URL(target)
  const send = url.protocol === 'https:' ? requestHttps : requestHttp
  return {
    host: url.host,
    post: async (body) => {
      const host = url.hostname.replace(/^\[|\]$/g, '')
      if (!allowsPrivate && isPrivate(host)) throw privateError(host)
      const status = await postJson(send, url, JSON.stringify(body), {
        lookup: allowsPrivate ? lookup : lookupPublic,
      })
      if (status >= 200 && status < 300) return
      const isTemporary = status === 408 || status === 429 || status >= 500
      const advice = status >= 300 && status < 400 ? '; redirects are not followed' : ''
      throw new WebhookError(`the webhook answered ${status}${advice}`, isTemporary)
    },
  }
}

/** The host is looked up once, for the check and for the connection: names can't be rebound in between. */
const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, options, (error, address, family) => {
    if (error !== null) return callback(error, address, family)
    const all = Array.isArray(address) ? address : [{ address, family: family ?? 4 }]
    const found = all.find((one) => isPrivate(one.address))
    if (found !== undefined) return callback(privateError(hostname), '', 0)
    return callback(null, address, family)
  })
}

function privateError(host: string): WebhookError {
  return new WebhookError(
    `${host} is a private address; set ALERT_WEBHOOK_PRIVATE=1 if that is meant`,
    false,
  )
}

export function isPrivate(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
  const version = isIP(mapped)
  if (version === 0) return mapped === 'localhost' || mapped.endsWith('.localhost')
  return PRIVATE.check(mapped, version === 4 ? 'ipv4' : 'ipv6')
}

/** Posts and resolves with the status; what is answered is read to nowhere. */
function postJson(
  send: typeof requestHttp,
  url: URL,
  body: string,
  options: RequestOptions,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'user-agent': 'l2met',
    }
    const request = send(url, { ...options, method: 'POST', headers, agent: false }, (response) => {
      response.destroy()
      clearTimeout(timer)
      resolve(response.statusCode ?? 0)
    })
    const timer = setTimeout(
      () => request.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)),
      TIMEOUT_MS,
    )
    request.on('error', (error) => {
      clearTimeout(timer)
      reject(error instanceof WebhookError ? error : new WebhookError(error.message, true))
    })
    request.end(body)
  })
}
