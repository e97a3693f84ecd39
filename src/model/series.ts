/** What a measurement is about. Names are `namespace/name`, for example `router/service` or `app/db.latency`. */
export interface Series {
  readonly kind: Kind
  readonly name: string
  readonly unit: Unit
  /** Sorted by label name. */
  readonly labels: Labels
}

export type Kind = 'count' | 'measure' | 'sample' | 'unique'

/** Base unit of the values: seconds, bytes, ratio (1 = 100 %), another word as it was written, or none. */
export type Unit = string

export type Labels = readonly (readonly [name: string, value: string])[]

const MARKS = { count: 'c', measure: 'm', sample: 's', unique: 'u' } as const
const KINDS = new Map<string, Kind>([
  ['c', 'count'],
  ['m', 'measure'],
  ['s', 'sample'],
  ['u', 'unique'],
])
const MAX_TEXT = 128

/** The identity of a series as one string; NUL separates, and cleanText keeps NUL out of the parts. */
export function seriesKey({ kind, unit, name, labels }: Series): string {
  const parts = [MARKS[kind] + unit, name]
  for (const [label, value] of labels) parts.push(label, value)
  // In one piece: what `+` makes keeps its parts, and takes twice the memory.
  return parts.join('\0')
}

/** The reverse of seriesKey. */
export function parseSeriesKey(key: string): Series {
  const [head = '', name = '', ...rest] = key.split('\0')
  const labels: [string, string][] = []
  for (let i = 0; i + 1 < rest.length; i += 2) labels.push([rest[i]!, rest[i + 1]!])
  return { kind: kindOf(key), unit: head.slice(1), name, labels }
}

/** How much of a key stands before the labels: kind, unit and name, which say what is measured. */
export function headLength(key: string): number {
  const end = key.indexOf('\0', key.indexOf('\0') + 1)
  return end < 0 ? key.length : end
}

/** The kind of a series by its key. */
export function kindOf(key: string): Kind {
  return KINDS.get(key[0]!) ?? 'count'
}

/** The series that takes what a full table can't: one for each kind, unit and name. */
export function overflowSeries(series: Series): Series {
  return { ...series, labels: OVERFLOW }
}

/**
 * The series that takes what even those are too many for: one for each kind and unit of ours. Only
 * log lines name so many series; for one that they can't name it is the overflow series.
 */
export function otherSeries(series: Series): Series {
  if (!isNamedByLines(series)) return overflowSeries(series)
  const [namespace] = splitName(series.name)
  const unit = UNITS.has(series.unit) ? series.unit : ''
  return { kind: series.kind, name: `${namespace}/other`, unit, labels: OVERFLOW }
}

/** Whether a unit is one that values are turned into, and not a word that stood behind a number. */
export function isOurUnit(unit: Unit): boolean {
  return UNITS.has(unit)
}

const OVERFLOW: Labels = [['overflow', 'true']]
const UNITS = new Set<Unit>(['', 's', 'bytes', 'ratio', 'pages'])
const OUR_NAMES = new Set(['router', 'route', 'dyno', 'release', 'logplex', 'l2met'])

function isNamedByLines({ name }: Series): boolean {
  return !OUR_NAMES.has(splitName(name)[0])
}

/** Whether a series is of l2met itself: those are few, and the ledger must not fold. */
export function isOwn(series: Series): boolean {
  return series.name.startsWith('l2met/')
}

/** The value of a label; '' without it. */
export function label(series: Series, name: string): string {
  return series.labels.find(([key]) => key === name)?.[1] ?? ''
}

/** The parts of a name before and behind its first slash. */
export function splitName(name: string): [namespace: string, name: string] {
  const slash = name.indexOf('/')
  return [name.slice(0, slash), name.slice(slash + 1)]
}

/** Text that is safe in every output: no control characters, no line separators, at most 128 characters. */
export function cleanText(text: string): string {
  return text.slice(0, MAX_TEXT).replace(UNSAFE, '\ufffd').toWellFormed()
}

// C0, DEL, C1 and the Unicode line separators.
const UNSAFE = /[\p{Cc}\u2028\u2029]/gu
