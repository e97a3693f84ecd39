import { type Labels, cleanText } from '../../model/series.ts'
import type { LabelSet } from './family.ts'

/** Names that mean something else in Prometheus, or that we give ourselves. */
const TAKEN = new Set(['app', 'le', 'quantile', 'job', 'instance'])
const BACKSLASHED = /[\\"\n]/
const BACKSLASHED_ALL = /[\\"\n]/g
// What cleanText takes out.
const UNSAFE = /[\p{Cc}\u2028\u2029]/u

/** `labels` after those of `start`. */
export function extendLabels(start: LabelSet, labels: Labels): LabelSet {
  const pairs = [...start.pairs]
  let { text } = start
  for (const [name, value] of labels) {
    const safe = safeValue(value)
    pairs.push(name, safe)
    text += `${text === '' ? '' : ','}${name}="${escapeValue(safe)}"`
  }
  return { pairs, text }
}

export const NO_LABELS: LabelSet = { pairs: [], text: '' }

/** Labels that log lines gave under valid names; without the empty ones, which say nothing in Prometheus. */
export function renameLabels(labels: Labels, names: ReadonlyMap<string, string>): Labels {
  return labels.flatMap(([name, value]) =>
    value === '' ? [] : [[names.get(name) ?? name, value] as const],
  )
}

/**
 * A valid label name for each that log lines gave: other characters than letters, digits and `_`
 * become `_`, camelCase becomes snake_case, `tag_` goes before a taken one. Of two that would be
 * one the second (one that had to be changed, then by the alphabet) gets a number.
 */
export function nameLabels(written: Iterable<string>): ReadonlyMap<string, string> {
  const wanted = [...new Set(written)].map((name) => [name, validName(name)] as const)
  wanted.sort(([a, newA], [b, newB]) => Number(a !== newA) - Number(b !== newB) || (a < b ? -1 : 1))
  const names = new Map<string, string>()
  const used = new Set<string>()
  for (const [name, valid] of wanted) {
    let unique = valid
    for (let i = 2; used.has(unique); i += 1) unique = `${valid}_${i}`
    used.add(unique)
    names.set(name, unique)
  }
  return names
}

/** `dbLatency` to `db_latency`; a name without such a seam stays as it is. */
export function snakeCase(name: string): string {
  return /[a-z][A-Z]/.test(name) ? name.replace(/([a-z])(?=[A-Z])/g, '$1_').toLowerCase() : name
}

function validName(name: string): string {
  const valid = snakeCase(name.replace(/[^a-zA-Z0-9_]/g, '_'))
  return TAKEN.has(valid) || !/^(?!__)[a-zA-Z_]/.test(valid) ? `tag_${valid}` : valid
}

function safeValue(value: string): string {
  return UNSAFE.test(value) ? cleanText(value) : value
}

function escapeValue(value: string): string {
  return BACKSLASHED.test(value)
    ? value.replace(BACKSLASHED_ALL, (char) => (char === '\n' ? '\\n' : `\\${char}`))
    : value
}
