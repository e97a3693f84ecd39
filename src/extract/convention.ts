import {
  type Accumulator,
  countOne,
  countValue,
  measure,
  sample,
  seeUnique,
} from '../model/accumulator.ts'
import { type Line, textOf } from '../model/line.ts'
import { type Labels, type Series, cleanText } from '../model/series.ts'
import { hashBytes } from '../model/unique.ts'
import { MAX_MAGNITUDE } from '../model/buckets.ts'
import { ascii, startsWith } from '../model/bytes.ts'
import { NO_NAME, internName, nameText } from '../parse/interner.ts'
import { nextPair } from '../parse/pairs.ts'
import { parseQuantity } from '../parse/quantity.ts'
import { type AppState, seriesOf } from './app-state.ts'
import { BAD_NAME, LEGACY, NOT_OURS, keyNumber } from './convention-key.ts'
import {
  MAX_LABELS,
  MAX_LABEL_BYTES,
  MAX_LABEL_SETS,
  MAX_VALUES,
  type Meaning,
  type UnitSeries,
  meaningOf,
} from './convention-state.ts'

const HASH = 35
const M = 109
const SPACE = 32
const QUOTE = 34
const EQUALS = 61
const SOURCE = ascii('source=')
const ADDON = ascii('addon=')
const NAMESPACE = 'app'
const MAX_UNITS_OF_ONE = 8
const MAX_REMEMBERED = 32_768

/**
 * Measures what the l2met conventions say on a line of the app's own (SPEC.md section 8):
 * `measure# count# sample# unique#`, legacy `measure.`, `source=` and `tag#key=value` anywhere on
 * the line. Returns how many values were taken, or -1 when there were some and none could be.
 */
export function extractConvention(state: AppState, line: Line, acc: Accumulator): number {
  if (!mayHaveOne(line)) return 0
  findPairs(state, line, acc)
  const { found } = state.conventions
  if (found.values === 0) return found.refused === 0 ? 0 : -1
  const labelSet = found.labels === 0 ? 0 : labelSetOf(state, line.bytes)
  let taken = 0
  for (let i = 0; i < found.values; i += 1) {
    if (takeValue(state, line, acc, i, labelSet)) taken += 1
  }
  return taken === 0 ? -1 : taken
}

type Refusal = 'name' | 'number' | 'negative' | 'cut' | 'limit'

/** Counts a value that was on a line and could not be taken. */
export function refuse(state: AppState, acc: Accumulator, reason: Refusal): void {
  countOne(acc, seriesOf(state, 'count', 'l2met/refused', '', [['reason', reason]]))
}

function mayHaveOne(line: Line): boolean {
  const { bytes, messageStart, messageEnd } = line
  for (let i = messageStart; i < messageEnd; i += 1) {
    const byte = bytes[i]!
    if (byte === HASH) return true
    if (byte === M && startsWith(bytes, i, messageEnd, LEGACY)) return true
  }
  return false
}

/**
 * Where the samples of a line of the platform end, or -1 when it has none. The platform begins such a
 * line with `source=` (or `addon=`) and writes bare `key=value` only: what else is there is text, which
 * may quote anything.
 */
export function samplesEnd({ bytes, messageStart, messageEnd }: Line): number {
  const hasSource = startsWith(bytes, messageStart, messageEnd, SOURCE)
  if (!hasSource && !startsWith(bytes, messageStart, messageEnd, ADDON)) return -1
  let at = messageStart
  for (;;) {
    while (at < messageEnd && bytes[at]! <= SPACE) at += 1
    const token = at
    let equals = -1
    for (; at < messageEnd && bytes[at]! > SPACE; at += 1) {
      if (bytes[at] === EQUALS && equals < 0) equals = at
    }
    if (equals < 0 || (bytes[equals + 1] === QUOTE && equals + 1 < messageEnd)) return token
  }
}

/**
 * Finds values and labels of a line, up to `messageEnd`, and leaves them in `state.conventions.found`.
 */
export function findPairs(
  state: AppState,
  line: Line,
  acc: Accumulator,
  messageEnd = line.messageEnd,
): void {
  const { pair, conventions } = state
  const { found } = conventions
  const { bytes } = line
  found.values = found.labels = found.refused = 0
  let at = line.messageStart
  for (;;) {
    at = nextPair(bytes, at, messageEnd, pair)
    if (at < 0) return
    const key = keyNumber(conventions.keys, bytes, pair.keyStart, pair.keyEnd)
    if (key === NOT_OURS) continue
    if (key === BAD_NAME) {
      refuse(state, acc, 'name')
      found.refused += 1
      continue
    }
    const meaning =
      key === NO_NAME
        ? meaningOf(textOf(bytes, pair.keyStart, pair.keyEnd))
        : meaningOfKey(state, key)
    if (meaning === undefined) continue
    if ('label' in meaning) {
      if (found.labels === MAX_LABELS || pair.valueStart < 0) continue
      found.labelKeys[found.labels] = key
      found.labelNames[found.labels] = meaning.label
      found.labelStarts[found.labels] = pair.valueStart
      found.labelEnds[found.labels] = pair.valueEnd
      found.labels += 1
    } else if (found.values === MAX_VALUES) refuse(state, acc, 'limit')
    else {
      found.keys[found.values] = key
      found.meanings[found.values] = meaning
      found.starts[found.values] = pair.valueStart < 0 ? pair.keyEnd : pair.valueStart
      found.ends[found.values] = pair.valueStart < 0 ? pair.keyEnd : pair.valueEnd
      found.values += 1
    }
  }
}

export function meaningOfKey(state: AppState, key: number): Meaning | undefined {
  const { keys, meanings } = state.conventions
  if (key < meanings.length) return meanings[key]
  while (meanings.length <= key) meanings.push(meaningOf(nameText(keys, meanings.length)))
  return meanings[key]
}

function takeValue(
  state: AppState,
  line: Line,
  acc: Accumulator,
  i: number,
  labelSet: number,
): boolean {
  const { conventions, quantity } = state
  const key = conventions.found.keys[i]!
  const start = conventions.found.starts[i]!
  const end = conventions.found.ends[i]!
  const meaning = conventions.found.meanings[i]!
  if (line.cut && end === line.messageEnd) return refused(state, acc, 'cut')
  if (meaning.kind === 'unique') {
    const hash = hashBytes(line.bytes, start, end)
    const observed = seriesFor(state, line.bytes, key, labelSet, meaning.kind, meaning.name, '')
    seeUnique(acc, observed, hash)
    return true
  }
  // A key without a value means one: `count#mail.sent` (l2met's README).
  if (start === end) {
    quantity.value = 1
    quantity.unit = ''
  } else if (!parseQuantity(line.bytes, start, end, quantity)) return refused(state, acc, 'number')
  let { name } = meaning
  if (quantity.unit === '' && meaning.unitOfName !== undefined) {
    const named = meaning.unitOfName
    name = named.name
    quantity.unit = named.base
    quantity.value = named.times >= 1 ? quantity.value * named.times : quantity.value / named.per
  }
  // A counter that fell would be taken for one that began anew.
  if (meaning.kind === 'count' && quantity.value < 0) return refused(state, acc, 'negative')
  // Sums stay exact below it; a gauge has no sum.
  const isTooLarge = Math.abs(quantity.value) > MAX_MAGNITUDE && meaning.kind !== 'sample'
  if (isTooLarge) return refused(state, acc, 'number')
  const series = seriesFor(state, line.bytes, key, labelSet, meaning.kind, name, quantity.unit)
  if (meaning.kind === 'count') countValue(acc, series, quantity.value)
  else if (meaning.kind === 'measure') measure(acc, series, quantity.value)
  else sample(acc, series, quantity.value, line.time)
  return true
}

function refused(state: AppState, acc: Accumulator, reason: Refusal): false {
  refuse(state, acc, reason)
  return false
}

/** The series of a value on the line whose labels were found last. */
export function seriesFor(
  state: AppState,
  bytes: Uint8Array,
  key: number,
  labelSet: number,
  kind: Series['kind'],
  name: string,
  unit: string,
): number {
  const { series } = state.conventions
  const at = key * MAX_LABEL_SETS + labelSet
  const isNumbered = key !== NO_NAME && labelSet !== NO_NAME
  const known = isNumbered ? series.get(at) : undefined
  if (known !== undefined) for (const one of known) if (one.unit === unit) return one.series
  const fullName = `${NAMESPACE}/${state.prefix}${name}`
  const number = seriesOf(
    state,
    kind,
    fullName,
    unit,
    withSourcePrefix(state, labelsOf(state, bytes)),
  )
  if (isNumbered) remember(series, at, known, { unit, series: number })
  return number
}

/** Not all that strangers can think of: the rest is looked up in the series table each time. */
export function remember(
  series: Map<number, UnitSeries[]>,
  at: number,
  known: UnitSeries[] | undefined,
  one: UnitSeries,
): void {
  if (known !== undefined && known.length < MAX_UNITS_OF_ONE) known.push(one)
  else if (known === undefined && series.size < MAX_REMEMBERED) series.set(at, [one])
}

/** The number of the line's labels taken together; 0 is for none. */
export function labelSetOf(state: AppState, bytes: Uint8Array): number {
  const { found, scratch, labelSets } = state.conventions
  if (labelSets.size === 0) internName(labelSets, scratch, 0, 0)
  let length = 0
  for (let i = 0; i < found.labels; i += 1) {
    const start = found.labelStarts[i]!
    const end = found.labelEnds[i]!
    const isLong = length + end - start + 4 > MAX_LABEL_BYTES
    if (isLong || found.labelKeys[i] === NO_NAME) return NO_NAME
    scratch[length] = found.labelKeys[i]! >> 8
    scratch[length + 1] = found.labelKeys[i]! & 255
    scratch[length + 2] = (end - start) >> 8
    scratch[length + 3] = (end - start) & 255
    length += 4
    for (let at = start; at < end; at += 1) scratch[length++] = bytes[at]!
  }
  return internName(labelSets, scratch, 0, length)
}

/** The line's labels: sorted by name, the last one of a name wins. */
export function labelsOf(state: AppState, bytes: Uint8Array): Labels {
  const { found } = state.conventions
  const labels = new Map<string, string>()
  for (let i = 0; i < found.labels; i += 1) {
    const value = textOf(bytes, found.labelStarts[i]!, found.labelEnds[i]!)
    labels.set(found.labelNames[i]!, cleanText(value))
  }
  return [...labels].toSorted(([a], [b]) => (a < b ? -1 : 1))
}

/** `source-prefix=` of the drain: before the line's source, or in its place when it has none. */
function withSourcePrefix(state: AppState, labels: Labels): Labels {
  const { sourcePrefix } = state
  if (sourcePrefix === '') return labels
  const source = labels.find(([name]) => name === 'source')?.[1]
  const others = labels.filter(([name]) => name !== 'source')
  const joined = source === undefined ? sourcePrefix : `${sourcePrefix}.${source}`
  return [...others, ['source', joined] as const].toSorted(([a], [b]) => (a < b ? -1 : 1))
}
