import { cleanText } from '../../model/series.ts'
import type { LabelText } from './family.ts'

/** Names that mean something else in Prometheus, or that we give ourselves. */
const TAKEN = new Set(['app', 'le', 'quantile'])
const QUOTE = 34
const BACKSLASH = 92
/** Longer ones are cut by cleanText. */
const MAX_PLAIN = 128

/** One more label after those that are there; '' has none. */
export function withLabel(labels: LabelText, name: string, value: string): LabelText {
  const text = labelText(name, value)
  return labels === '' ? text : `${labels},${text}`
}

/** One label. */
export function labelText(name: string, value: string): LabelText {
  return `${name}="${isPlain(value) ? value : escapeValue(cleanText(value))}"`
}

/** Calls `each` with every label, unescaped. */
export function eachLabel(labels: LabelText, each: (name: string, value: string) => void): void {
  let at = 0
  while (at < labels.length) {
    const equals = labels.indexOf('=', at)
    const start = equals + 2
    let end = start
    while (labels.charCodeAt(end) !== QUOTE) end += labels.charCodeAt(end) === BACKSLASH ? 2 : 1
    each(labels.slice(at, equals), unescapeValue(labels.slice(start, end)))
    at = end + 2
  }
}

/**
 * The label that a name of a log line becomes: other characters than letters, digits and `_` become
 * `_`, camelCase becomes snake_case, `tag_` goes before a taken one.
 */
export function labelName(name: string): string {
  const valid = snakeCase(name.replace(/[^a-zA-Z0-9_]/g, '_'))
  return TAKEN.has(valid) || !/^(?!__)[a-zA-Z_]/.test(valid) ? `tag_${valid}` : valid
}

/** `dbLatency` to `db_latency`; a name without such a seam stays as it is. */
export function snakeCase(name: string): string {
  return /[a-z][A-Z]/.test(name) ? name.replace(/([a-z])(?=[A-Z])/g, '$1_').toLowerCase() : name
}

/** Whether a value is its own text: neither escaped nor cleaned. Nearly all are. */
function isPlain(value: string): boolean {
  for (let i = 0; i < value.length; i += 1) {
    const code = value.charCodeAt(i)
    if (code < 32 || code > 126 || code === QUOTE || code === BACKSLASH) return false
  }
  return value.length <= MAX_PLAIN
}

function escapeValue(value: string): string {
  return value.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`))
}

function unescapeValue(value: string): string {
  if (!value.includes('\\')) return value
  return value.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char))
}
