import type { Kind, Unit } from '../model/series.ts'
import { type Interner, createInterner } from '../parse/interner.ts'
import { type UnitScale, unitOfLastPart } from '../parse/units.ts'

/** The keys of the l2met conventions met so far, and the series that they led to. */
export interface Conventions {
  readonly keys: Interner
  /** By key number. */
  readonly meanings: (Meaning | undefined)[]
  /** Label texts as they stood on a line, NUL between them. */
  readonly labelSets: Interner
  /** By key number * MAX_LABEL_SETS + label set number. */
  readonly series: Map<number, UnitSeries[]>
  readonly found: Matches
  readonly scratch: Uint8Array
}

/** What a key like `measure#db.latency` or `tag#region` means; undefined for any other key. */
export type Meaning = ValueMeaning | { readonly label: string }

export interface ValueMeaning {
  readonly kind: Kind
  readonly name: string
  readonly unitOfName: NamedUnit | undefined
}

/** A unit that is the last part of the name, as in `query.ms`, for numbers that carry none. */
export interface NamedUnit extends UnitScale {
  /** What stands before it. */
  readonly name: string
}

export interface UnitSeries {
  readonly unit: Unit
  readonly series: number
}

/** The conventions of one line as offsets, used again and again. */
export interface Matches {
  values: number
  labels: number
  /** Labels beyond MAX_LABELS. */
  lostLabels: number
  /** Values whose names can't be had. */
  refused: number
  /** NO_NAME where there are too many to be numbered. */
  readonly keys: Int32Array
  readonly meanings: ValueMeaning[]
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly labelKeys: Int32Array
  readonly labelNames: string[]
  readonly labelStarts: Int32Array
  readonly labelEnds: Int32Array
}

export const MAX_VALUES = 64
export const MAX_LABELS = 8
export const MAX_LABEL_SETS = 16_384
export const MAX_LABEL_BYTES = 1024
const MAX_KEYS = 16_384

const NAME = /^[A-Za-z0-9_.:/-]{1,128}$/
const LABEL = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/

export function createConventions(): Conventions {
  return {
    keys: createInterner(MAX_KEYS),
    meanings: [],
    labelSets: createInterner(MAX_LABEL_SETS),
    series: new Map(),
    found: {
      values: 0,
      labels: 0,
      lostLabels: 0,
      refused: 0,
      keys: new Int32Array(MAX_VALUES),
      meanings: [],
      starts: new Int32Array(MAX_VALUES),
      ends: new Int32Array(MAX_VALUES),
      labelKeys: new Int32Array(MAX_LABELS),
      labelNames: [],
      labelStarts: new Int32Array(MAX_LABELS),
      labelEnds: new Int32Array(MAX_LABELS),
    },
    scratch: new Uint8Array(MAX_LABEL_BYTES),
  }
}

/** Those behind the first four are of Datadog's and SignalFx's dialects. */
const KINDS = new Map<string, Kind>([
  ['measure', 'measure'],
  ['count', 'count'],
  ['sample', 'sample'],
  ['unique', 'unique'],
  ['metric', 'sample'],
  ['gauge', 'sample'],
  ['cumulative', 'sample'],
  ['counter', 'count'],
])

/** What a key means, or undefined. `measure.x` is how it was written before 2013. */
export function meaningOf(key: string): Meaning | undefined {
  const legacy = key.startsWith('measure.')
  const at = legacy ? 'measure'.length : key.lastIndexOf('#')
  const name = key.slice(at + 1)
  if (key === 'source') return { label: 'source' }
  const word = key.slice(0, Math.max(at, 0))
  if (word === 'tag' || word === 'metric#tag' || word === 'sfxdimension') {
    return LABEL.test(name) ? { label: name } : undefined
  }
  const kind = KINDS.get(word)
  return kind && NAME.test(name) ? { kind, name, unitOfName: unitOfName(name) } : undefined
}

function unitOfName(name: string): NamedUnit | undefined {
  const parts = name.split('.')
  const last = parts.pop()!
  const rest = parts.join('.')
  // Of `requests.per.second` a second is no value.
  if (rest === '' || last === '' || parts.at(-1) === 'per') return undefined
  const unit = unitOfLastPart(last)
  return unit && { name: rest, base: unit.base, times: unit.times, per: unit.per }
}
