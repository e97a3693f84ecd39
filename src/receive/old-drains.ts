import { createHash, timingSafeEqual } from 'node:crypto'
import { looksLikeFernet, openFernet } from './fernet.ts'

/** Credentials that the drains of other programs already carry. */
export interface OldDrains {
  /** `SECRETS` of l2met: keys of Fernet tokens, the first seals. */
  readonly fernetKeys: readonly FernetKey[]
  /** `CRED_STORE` of lumbermill, `USER:PASSWORD`; the tenant is the drain token. */
  readonly shared: readonly Login[]
  /** `ALLOWED_APPS` of the Datadog shims: each app has a password. */
  readonly apps: readonly Login[]
}

export interface FernetKey {
  /** As it is set, which `POST /sign` takes as user. */
  readonly text: string
  readonly key: Buffer
}

export interface Login {
  readonly user: string
  readonly password: string
}

/** Apps that credentials may write to. */
export type Grant =
  | { readonly kind: 'own'; readonly app: string }
  /** Any: the request says which, or its drain token does. */
  | { readonly kind: 'shared'; readonly user: string }

export const NO_OLD_DRAINS: OldDrains = { fernetKeys: [], shared: [], apps: [] }

export function hasOldDrains({ fernetKeys, shared, apps }: OldDrains): boolean {
  return fernetKeys.length + shared.length + apps.length > 0
}

/** Texts that no log may show. */
export function oldSecretsOf({ fernetKeys, shared, apps }: OldDrains): string[] {
  return [...fernetKeys.map(({ text }) => text), ...[...shared, ...apps].map((one) => one.password)]
}

/** What Basic credentials of an old drain may write; undefined when they are of none. */
export function grantOf(old: OldDrains, { user, password }: Login): Grant | undefined {
  if (looksLikeFernet(user) && password === '') {
    const text = old.fernetKeys
      .map(({ key }) => openFernet(key, user))
      .find((one) => one !== undefined)
    return text === undefined ? undefined : { kind: 'own', app: accountOf(text) }
  }
  const app = loginOf(old.apps, user, password)
  if (app !== undefined) return { kind: 'own', app: app.user }
  const shared = loginOf(old.shared, user, password)
  return shared === undefined ? undefined : { kind: 'shared', user: shared.user }
}

/** `ryan@example.com:LIBRATO-TOKEN` is the account `ryan-example.com`. */
function accountOf(text: string): string {
  const account = text.split(':', 1)[0]!.replaceAll(/[^A-Za-z0-9._-]/g, '-')
  return account.slice(0, 64) || 'default'
}

/** All are compared, in constant time. */
function loginOf(logins: readonly Login[], user: string, password: string): Login | undefined {
  let found: Login | undefined
  for (const login of logins)
    if (timingSafeEqual(digest(login), digest({ user, password }))) found = login
  return found
}

function digest({ user, password }: Login): Buffer {
  return createHash('sha256').update(`${user}:${password}`).digest()
}
