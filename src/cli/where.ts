import { CONVENTIONAL_WORDS } from '../extract/learned/word.ts'
import { METHODS, type Request, codeText } from '../extract/request.ts'
import { textOf } from '../model/line.ts'
import { UsageError } from '../parse/arguments.ts'

export type Condition = (request: Request) => boolean

/** One `--where`: about a request, or about the app that a line is of. */
export interface Where {
  readonly request?: Condition
  readonly app?: (name: string) => boolean
}

/** Fields with a value for each. */
const EXAMPLES = new Map([
  ['status', '5xx'],
  ['dyno', 'web.1'],
  ['method', 'GET'],
  ['route', '/users/*'],
  ['code', 'H12'],
  ['path', '/api/*'],
  ['app', 'shop'],
])
const MAX_PATH_BYTES = 4096

/**
 * Reads one `--where`: `status=5xx`, `status!=404`, `dyno=web.1` or `dyno=web.*`, `method=POST,PUT`,
 * `route=/users/*`, `code=H12`, `path=/api/*`, `app=shop-*`. A comma means or, `*` any text; paths have no query.
 */
export function parseWhere(text: string): Where {
  const match = /^\s*([A-Za-z]+)\s*(!?)=\s*(.*?)\s*$/s.exec(text)
  const field = match?.[1]?.toLowerCase() ?? ''
  if (match === null || !EXAMPLES.has(field)) {
    throw new UsageError(
      `--where '${text}' is no condition; write FIELD=VALUE or FIELD!=VALUE with one of ${[...EXAMPLES.keys()].join(', ')}`,
    )
  }
  const values = match[3]!.split(',').map((value) => value.trim())
  if (values.some((value) => value === '')) {
    throw new UsageError(
      `--where '${text}' lacks a value; write for example ${field}=${EXAMPLES.get(field)}`,
    )
  }
  const isNot = match[2] === '!'
  if (field === 'app') {
    const isOne = matcherOf(values)
    return { app: (name) => isOne(name) !== isNot }
  }
  const condition = conditionOf(field, values, text)
  return { request: (request) => condition(request) !== isNot }
}

/** All of several; a part is undefined where none is about it. */
export function allOf(wheres: readonly Where[]) {
  const requests = wheres.flatMap(({ request }) => request ?? [])
  const apps = wheres.flatMap(({ app }) => app ?? [])
  const where: Condition = (request) => requests.every((condition) => condition(request))
  const wantsApp = (name: string) => apps.every((condition) => condition(name))
  return {
    where: requests.length === 0 ? undefined : where,
    wantsApp: apps.length === 0 ? undefined : wantsApp,
  }
}

function conditionOf(field: string, values: readonly string[], text: string): Condition {
  switch (field) {
    case 'status':
      return statusCondition(values, text)
    case 'method':
      return methodCondition(values, text)
    case 'code':
      return codeCondition(values, text)
    case 'route':
      return textCondition(values, ({ route }) => route, withWords)
    case 'dyno':
      return textCondition(values, (request) =>
        textOf(request.bytes, request.dynoStart, request.dynoEnd),
      )
    default:
      return textCondition(values, ({ bytes, pathStart, pathEnd }) =>
        textOf(bytes, pathStart, Math.min(pathEnd, pathStart + MAX_PATH_BYTES)),
      )
  }
}

/** `503`, `5xx` or `none`. */
function statusCondition(values: readonly string[], text: string): Condition {
  const wanted = new Uint8Array(1000)
  for (const value of values) {
    const match = /^([1-9])(\d\d|xx)$/i.exec(value)
    if (value === 'none') wanted[0] = 1
    else if (match === null) {
      throw new UsageError(`--where '${text}': '${value}' is no status; write 503, 5xx or none`)
    } else if (/xx/i.test(value))
      wanted.fill(1, Number(match[1]) * 100, Number(match[1]) * 100 + 100)
    else wanted[Number(value)] = 1
  }
  return ({ status }) => wanted[status] === 1
}

function methodCondition(values: readonly string[], text: string): Condition {
  const wanted = new Set<number>()
  for (const value of values) {
    const method = (METHODS as readonly string[]).indexOf(value.toUpperCase())
    if (method < 0) {
      throw new UsageError(
        `--where '${text}': '${value}' is no method; write one of ${METHODS.join(', ')}`,
      )
    }
    wanted.add(method)
  }
  return ({ method }) => wanted.has(method)
}

/** `H12`; `H*` for any code, `none` for requests without one. */
function codeCondition(values: readonly string[], text: string): Condition {
  for (const value of values) {
    if (!/^(?:H\d\d|H\*|none)$/i.test(value)) {
      throw new UsageError(
        `--where '${text}': '${value}' is no code of the router; write H12, H* or none`,
      )
    }
  }
  const wanted = new Set(values.map((value) => value.toUpperCase()))
  return (request) => {
    const code = codeText(request)
    return code === '' ? wanted.has('NONE') : wanted.has('H*') || wanted.has(code)
  }
}

function textCondition(
  values: readonly string[],
  textOfRequest: (request: Request) => string,
  change?: (pattern: string) => string,
): Condition {
  const isOne = matcherOf(values, change)
  return (request) => isOne(textOfRequest(request))
}

/** `:slug` in a pattern is the word as well that stood there before it was known that it folds. */
function withWords(pattern: string): string {
  return pattern.replaceAll(
    /:slug(?=\/|\$$)/g,
    `(?!(?:${CONVENTIONAL_WORDS.join('|')})(?:/|$))[^/]+`,
  )
}

/** Whether a text is one of these, in which `*` is any text. */
function matcherOf(
  values: readonly string[],
  change = (pattern: string) => pattern,
): (text: string) => boolean {
  const patterns = values.map((value) => {
    const parts = value.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    return new RegExp(change(`^${parts.join('[^]*')}$`))
  })
  const known = new Map<string, boolean>()
  return (text) => {
    let answer = known.get(text)
    if (answer === undefined) {
      answer = patterns.some((pattern) => pattern.test(text))
      if (known.size < MAX_KNOWN) known.set(text, answer)
    }
    return answer
  }
}

const MAX_KNOWN = 10_000
