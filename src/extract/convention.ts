import { type Accumulator, countValue, measure, sample, seeUnique } from '../model/accumulator.ts'
import { type Line, textOf } from '../model/line.ts'
import { type Labels, type Series, cleanText } from '../model/series.ts'
import { hashBytes } from '../model/unique.ts'
import { MAX_MAGNITUDE } from '../model/buckets.ts'
import { ascii, startsWith } from '../model/bytes.ts'
import { NO_NAME, internName } from '../parse/interner.ts'
import { parseQuantity } from '../parse/quantity.ts'
import { type AppState, seriesOf } from './app-state.ts'
import { type Refusal, findConventions, refuse } from './convention-matches.ts'
import { MAX_LABEL_BYTES, MAX_LABEL_SETS, type UnitSeries } from './convention-state.ts'
import { viewOf } from './convention-view.ts'
import { extractQueueTime, measureQueue } from './queue-time.ts'

const HASH = 35
const M = 109
const DOT = 46
const EQUALS = 61
const MEASURE = ascii('measure')
const NAMESPACE = 'app'
/** A measure of this name in a unit of time is the app's queue time too. */
export const QUEUE = 'queue'
const MAX_UNITS_OF_ONE = 8
const MAX_REMEMBERED = 32_768

/**
 * Measures what the l2met conventions say on a line of the app's own (SPEC.md section 8):
 * `measure# count# sample# unique#`, those of its dialects, `source=` and `tag#key=value` anywhere on
 * the line, in JSON strings too. Returns how many values were taken, or -1 when there were some and none could be.
 */
export function extractConvention(state: AppState, line: Line, acc: Accumulator): number {
  const queued = extractQueueTime(state, line, acc)
  if (!mayHaveOne(line)) return queued
  const view = viewOf(line)
  findConventions(state, view, acc)
  const { found } = state.conventions
  if (found.values === 0) return found.refused === 0 ? queued : queued || -1
  const labelSet = found.labels === 0 ? 0 : labelSetOf(state, view.bytes)
  let taken = queued
  for (let i = 0; i < found.values; i += 1) {
    if (takeValue(state, view, acc, i, labelSet)) taken += 1
  }
  return taken === 0 ? -1 : taken
}

function mayHaveOne(line: Line): boolean {
  const { bytes, messageStart, messageEnd } = line
  for (let i = messageStart; i < messageEnd; i += 1) {
    const byte = bytes[i]!
    if (byte === HASH) return true
    if (byte === M && startsWith(bytes, i, messageEnd, MEASURE)) {
      const after = bytes[i + MEASURE.length]
      if (after === DOT || after === EQUALS) return true
    }
  }
  return false
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
  else if (meaning.kind === 'measure') {
    measure(acc, series, quantity.value)
    if (name === QUEUE && quantity.unit === 's') measureQueue(state, quantity.value, acc)
  } else sample(acc, series, quantity.value, line.time)
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
    withDrainLabels(state, labelsOf(state, bytes)),
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

/** The line's labels: sorted by name, the first one of a name wins, as in l2met. */
export function labelsOf(state: AppState, bytes: Uint8Array): Labels {
  const { found } = state.conventions
  const labels = new Map<string, string>()
  for (let i = 0; i < found.labels; i += 1) {
    const name = found.labelNames[i]!
    const value = textOf(bytes, found.labelStarts[i]!, found.labelEnds[i]!)
    if (!labels.has(name)) labels.set(name, cleanText(value))
  }
  return [...labels].toSorted(([a], [b]) => (a < b ? -1 : 1))
}

/**
 * Labels of the drain: its tags, and its `source-prefix=` before the line's source, or in its place when
 * the line has none.
 */
function withDrainLabels({ sourcePrefix, tags }: AppState, labels: Labels): Labels {
  if (sourcePrefix === '' && tags.length === 0) return labels
  const all = new Map([...tags, ...labels])
  const source = all.get('source')
  if (sourcePrefix !== '')
    all.set('source', source === undefined ? sourcePrefix : `${sourcePrefix}.${source}`)
  return [...all].toSorted(([a], [b]) => (a < b ? -1 : 1))
}
