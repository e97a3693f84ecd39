import { isAppName } from '../receive/credentials.ts'
import { TAGS_FORM, parseTags, tagsText } from '../receive/drain-tags.ts'
import { readFernetKey } from '../receive/fernet.ts'
import type { FernetKey, Login, OldDrains } from '../receive/old-drains.ts'
import type { Environment } from './config.ts'
import { listOf, quoted, textOf } from './config-values.ts'

/**
 * The variables of programs whose drains come here by a new host name only: `SECRETS` (l2met),
 * `CRED_STORE` (lumbermill), `ALLOWED_APPS` with `<APP>_PASSWORD` (Datadog shims).
 */
export function readOldDrains(env: Environment, faults: string[]): OldDrains {
  return {
    fernetKeys: readFernetKeys(env, faults),
    shared: readCredStore(env, faults),
    apps: readAllowedApps(env, faults),
  }
}

function readFernetKeys(env: Environment, faults: string[]): FernetKey[] {
  return itemsOf(env, 'SECRETS', ':').flatMap((text, i) => {
    const key = readFernetKey(text)
    if (key !== undefined) return { text, key }
    faults.push(
      `SECRETS: key ${i + 1} is not a Fernet key: 32 bytes as base64 or hexadecimal, several separated by colons`,
    )
    return []
  })
}

function readCredStore(env: Environment, faults: string[]): Login[] {
  return itemsOf(env, 'CRED_STORE', '|').flatMap((entry, i) => {
    const [, user, password] = /^([^:]+):(.+)$/s.exec(entry) ?? []
    if (user !== undefined && password !== undefined) return { user, password }
    faults.push(`CRED_STORE: entry ${i + 1} is not USER:PASSWORD; several are separated by |`)
    return []
  })
}

/** `shop,blog` with SHOP_PASSWORD and BLOG_PASSWORD, or `shop:PASSWORD,blog:PASSWORD`. */
function readAllowedApps(env: Environment, faults: string[]): Login[] {
  return listOf(env, 'ALLOWED_APPS').flatMap((entry, i) => {
    const [app = '', ...rest] = entry.split(':')
    const password = rest.length > 0 ? rest.join(':') : appSetting(env, app, 'PASSWORD')
    if (!isAppName(app)) faults.push(`ALLOWED_APPS: entry ${i + 1} is not the name of an app`)
    else if (!password)
      faults.push(`ALLOWED_APPS: ${quoted(app)} has no password; set ${variableOf(app)}_PASSWORD`)
    else return { user: app, password }
    return []
  })
}

/** Names that end like `<APP>_TAGS` and mean something else. */
const NO_TAGS = new Set(['EXCLUDED_TAGS', 'DD_TAGS'])

/** `TAGS_<APP>` and `<APP>_TAGS`, by the part that stands for the app. */
export function readDrainTags(env: Environment, faults: string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [name, text = ''] of Object.entries(env)) {
    const app = /^TAGS_(.+)$/.exec(name)?.[1] ?? /^(.+)_TAGS$/.exec(name)?.[1]
    if (app === undefined || NO_TAGS.has(name) || text.trim() === '') continue
    const tags = parseTags(text)
    if (tags === undefined) faults.push(`${name}: ${TAGS_FORM}`)
    else found.set(app.toUpperCase(), tagsText(tags))
  }
  return found
}

/** `<APP>_PASSWORD` as `MY-APP_PASSWORD` or, since shells don't allow that, `MY_APP_PASSWORD`. */
export function appSetting(env: Environment, app: string, name: string): string | undefined {
  return textOf(env, `${app.toUpperCase()}_${name}`) ?? textOf(env, `${variableOf(app)}_${name}`)
}

/** The part of a variable's name that stands for an app. */
export function variableOf(app: string): string {
  return app.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')
}

function itemsOf(env: Environment, name: string, separator: string): string[] {
  const items = (textOf(env, name) ?? '').split(separator).map((item) => item.trim())
  return items.filter((item) => item !== '')
}
