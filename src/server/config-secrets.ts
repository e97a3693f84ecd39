import { type ReadToken, isAppName } from '../receive/credentials.ts'
import { hasReadableUser } from './config-network.ts'
import type { Environment } from './config.ts'
import { listOf, textOf } from './config-values.ts'

/** Shorter secrets can be guessed by trying. */
const MIN_SECRET = 16
const HOW_TO_MAKE = '`openssl rand -hex 32` makes one'

/** The secrets that sign and verify drain URLs; none is no fault here. */
export function readDrainSecrets(env: Environment): readonly string[] {
  return listOf(env, 'DRAIN_SECRETS')
}

/** METRICS_TOKENS, and METRICS_TOKEN, which is `*:TOKEN`. The text is never shown: it holds tokens. */
export function readReadTokens(env: Environment, faults: string[]): readonly ReadToken[] {
  const one = textOf(env, 'METRICS_TOKEN')
  const tokens: ReadToken[] = one === undefined ? [] : [{ app: undefined, token: one }]
  for (const [i, entry] of listOf(env, 'METRICS_TOKENS').entries()) {
    const [, app, token] = /^([^:]*):(\S+)$/.exec(entry) ?? []
    if (token !== undefined && (app === '*' || isAppName(app!)))
      tokens.push({ app: app === '*' ? undefined : app, token })
    else
      faults.push(
        `METRICS_TOKENS: entry ${i + 1} is not APP:TOKEN; write it like shop:TOKEN,*:TOKEN, where * is every app`,
      )
  }
  return tokens
}

export function checkSecrets(
  env: Environment,
  canWrite: boolean,
  readTokens: readonly ReadToken[],
  faults: string[],
): void {
  const reason = publicReason(env)
  if (!canWrite && reason !== undefined)
    faults.push(
      `DRAIN_SECRETS: not set, and ${reason}, so that anyone could write; set it to a secret (${HOW_TO_MAKE})`,
    )
  const isOpen = readTokens.length === 0 && textOf(env, 'METRICS_TOKENS') === undefined
  if (isOpen && (canWrite || reason !== undefined))
    faults.push(
      `METRICS_TOKEN: not set, but ${reason ?? 'DRAIN_SECRETS is'}, so that anyone could read; set it to a secret (${HOW_TO_MAKE})`,
    )
}

/** A secret that can be guessed by trying is an error where strangers can try, elsewhere a warning. */
export function checkLengths(env: Environment, faults: string[], warnings: string[]): void {
  const isPublic = publicReason(env) !== undefined
  for (const name of ['DRAIN_SECRETS', 'METRICS_TOKEN', 'METRICS_TOKENS']) {
    const entries = name === 'METRICS_TOKEN' ? [textOf(env, name) ?? []].flat() : listOf(env, name)
    const secrets = entries.map((entry) =>
      name === 'METRICS_TOKENS' ? entry.slice(entry.indexOf(':') + 1) : entry,
    )
    if (secrets.every((secret) => secret.length >= MIN_SECRET)) continue
    const text = `${name}: a secret is shorter than ${MIN_SECRET} characters; ${HOW_TO_MAKE}`
    if (isPublic) faults.push(text)
    else warnings.push(text)
  }
}

/** Shorter ones are for trying things out, and parts of other texts. */
const MIN_HIDDEN = 6

/** Secrets as they are, and passwords of URLs as they are and percent-encoded. */
export function hiddenTexts(
  secrets: readonly string[],
  urls: readonly string[],
): readonly string[] {
  const passwords = urls
    .filter((url) => URL.canParse(url) && hasReadableUser(url))
    .flatMap((url) => {
      const { hostname, password, pathname, searchParams } = new URL(url)
      // A webhook's path is its secret.
      const path = hostname.startsWith('hooks.') ? [pathname] : []
      return [password, decodeURIComponent(password), ...searchParams.values(), ...path]
    })
  return [...new Set([...secrets, ...passwords])].filter(({ length }) => length >= MIN_HIDDEN)
}

/** The sign that strangers can reach the server. */
function publicReason(env: Environment): string | undefined {
  if (textOf(env, 'NODE_ENV') === 'production') return 'NODE_ENV is production'
  return textOf(env, 'DYNO') === undefined ? undefined : 'DYNO says that this is Heroku'
}
