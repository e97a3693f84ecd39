import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { type Grant, NO_OLD_DRAINS, type OldDrains, grantOf, hasOldDrains } from './old-drains.ts'
import { RequestError } from './request-error.ts'

/** What a drain request says of who it is. */
export interface DrainClaim {
  readonly authorization: string | undefined
  /** `?app=`; empty or undefined: none. */
  readonly app: string | undefined
  /** `Logplex-Drain-Token`. */
  readonly drainToken: string | undefined
}

/** Returns the app that a drain request may write to; throws RequestError. */
export type DrainAuth = (claim: DrainClaim) => string

/** The app of those who name none, where no secret is set. */
const DEFAULT_APP = 'default'

const MAX_PROVEN = 10_000
/** Base64 can be written in many ways, and long ones: 150 characters are enough for any app. */
const MAX_PROVEN_LENGTH = 256
const APP_NAME = /^[A-Za-z0-9._-]{1,64}$/
const HOST = /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/

/**
 * With secrets the request has to carry the app's token: as password, with the app as user, or as bearer
 * token with `?app=`. Credentials of old drains are accepted as well. Without any, anyone may write to
 * any app: the one that the request names, or else one for each drain token.
 */
export function createDrainAuth(
  secrets: readonly string[],
  old: OldDrains = NO_OLD_DRAINS,
): DrainAuth {
  if (secrets.length === 0 && !hasOldDrains(old))
    return ({ authorization, app, drainToken }) =>
      checkApp(app || readBasic(authorization)?.user || drainToken || DEFAULT_APP)
  // Credentials that proved right: making the token anew costs more than reading a body. They are found
  // by a seeded hash of all of them, which says nothing of how much of a wrong one is right.
  const proven = new Map<string, Grant>()
  return ({ authorization = '', app, drainToken }) => {
    const isBearer = readBearer(authorization) !== undefined
    const key = isBearer ? `${authorization}\0${app ?? ''}` : authorization
    let grant = proven.get(key)
    if (grant === undefined) {
      grant = prove(authorization, app, secrets, old)
      const isUsual = key.length <= MAX_PROVEN_LENGTH
      if (isUsual && proven.size < MAX_PROVEN) proven.set(key, grant)
    }
    if (grant.kind === 'shared') return checkApp(app || drainToken || grant.user)
    if (app !== undefined && app !== '' && app !== grant.app)
      throw new RequestError(403, `the token of ${grant.app} can't write as another app`)
    return grant.app
  }
}

/** Throws RequestError for credentials of nobody. */
function prove(
  authorization: string,
  queryApp: string | undefined,
  secrets: readonly string[],
  old: OldDrains,
): Grant {
  const basic = readBasic(authorization) ?? NOBODY
  const bearer = readBearer(authorization)
  const app = bearer === undefined ? basic.user : (queryApp ?? '')
  const expected = secrets.map((secret) => Buffer.from(drainToken(secret, app)))
  if (isAnyOf(expected, Buffer.from(bearer ?? basic.password)) && isAppName(app))
    return { kind: 'own', app }
  const grant = grantOf(old, basic)
  if (grant !== undefined) return grant
  throw new RequestError(
    401,
    "the drain URL has to be https://APP:TOKEN@HOST/logs with the app's own token",
  )
}

const NOBODY = { user: '', password: '' }

/** A token that may read. */
export interface ReadToken {
  /** The only app that it reads; undefined: all apps. */
  readonly app: string | undefined
  readonly token: string
}

/** Apps that a reader may see; undefined: all. */
export interface Reader {
  readonly apps: ReadonlySet<string> | undefined
}

/** Returns who reads; throws RequestError. Without tokens anyone reads everything. */
export function createReadAuth(
  tokens: readonly ReadToken[],
): (authorization: string | undefined) => Reader {
  const everything: Reader = { apps: undefined }
  if (tokens.length === 0) return () => everything
  const known = tokens.map(({ app, token }) => ({ app, digest: digest(token) }))
  return (authorization) => {
    const given = readBearer(authorization) ?? readBasic(authorization)?.password
    if (given === undefined || given === '')
      throw new RequestError(
        401,
        'reading needs METRICS_TOKEN, as bearer token or as password of any user',
      )
    // All are compared, so that the time says nothing of which one it was.
    const mine = known.filter((one) => timingSafeEqual(one.digest, digest(given)))
    if (mine.length === 0)
      throw new RequestError(
        401,
        'this token may not read here; it is neither METRICS_TOKEN nor one of METRICS_TOKENS',
      )
    if (mine.some(({ app }) => app === undefined)) return everything
    return { apps: new Set(mine.map(({ app }) => app!)) }
  }
}

/** The token of an app: base64url(HMAC-SHA256(secret, "drain:" + app)). */
export function drainToken(secret: string, app: string): string {
  return createHmac('sha256', secret).update(`drain:${app}`).digest('base64url')
}

export function drainUrl(secret: string, app: string, host: string): string {
  return `https://${app}:${drainToken(secret, app)}@${host}/logs`
}

/** The user of Basic credentials, right or wrong. */
export function userOf(authorization: string | undefined): string | undefined {
  return readBasic(authorization)?.user
}

export function isAppName(text: string): boolean {
  return APP_NAME.test(text)
}

/**
 * The app that Heroku serves at a host of its own; undefined for other hosts. Hosts of apps since 2023
 * end in a dash and 12 hexadecimal digits.
 */
export function herokuAppOf(host: string): string | undefined {
  return /^([a-z0-9-]+?)(?:-[0-9a-f]{12})?\.herokuapp\.com$/.exec(host)?.[1]
}

/** Whether a text is a host, with or without a port, and nothing else. */
export function isHost(text: string): boolean {
  return HOST.test(text)
}

function checkApp(app: string): string {
  if (isAppName(app)) return app
  throw new RequestError(400, 'an app name has 1 to 64 of the characters A-Z a-z 0-9 . _ -')
}

/** All are compared, in constant time, so that the time says nothing of which one it was. */
function isAnyOf(expected: readonly Buffer[], token: Buffer): boolean {
  let known = false
  for (const one of expected) {
    known = (one.length === token.length && timingSafeEqual(one, token)) || known
  }
  return known
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function readBearer(authorization: string | undefined): string | undefined {
  return schemeOf(authorization, 'bearer')
}

function readBasic(
  authorization: string | undefined,
): { readonly user: string; readonly password: string } | undefined {
  const encoded = schemeOf(authorization, 'basic')
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 0) return undefined
  return { user: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** What follows the name of an authentication scheme, which is case-insensitive. */
function schemeOf(authorization: string | undefined, scheme: string): string | undefined {
  if (authorization?.slice(0, scheme.length + 1).toLowerCase() !== `${scheme} `) return undefined
  return authorization.slice(scheme.length + 1).trim()
}
