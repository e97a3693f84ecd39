import { type Accumulator, countOne } from '../model/accumulator.ts'
import { ascii, startsWith } from '../model/bytes.ts'
import { type Line, textOf } from '../model/line.ts'
import { NO_NAME, nameText } from '../parse/interner.ts'
import { nextPair } from '../parse/pairs.ts'
import { type AppState, seriesOf } from './app-state.ts'
import { BAD_NAME, NOT_OURS, keyNumber } from './convention-key.ts'
import { MAX_LABELS, MAX_VALUES, type Meaning, meaningOf } from './convention-state.ts'
import { type Cursor, nextConvention } from './convention-text.ts'

const SPACE = 32
const QUOTE = 34
const EQUALS = 61
const SOURCE = ascii('source=')
const ADDON = ascii('addon=')

export type Refusal = 'label' | 'name' | 'number' | 'negative' | 'cut' | 'limit'

/** Counts a value that was on a line and could not be taken. */
export function refuse(state: AppState, acc: Accumulator, reason: Refusal): void {
  countOne(acc, seriesOf(state, 'count', 'l2met/refused', '', [['reason', reason]]))
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
  const { pair } = state
  const { found } = state.conventions
  const { bytes } = line
  found.values = found.labels = found.lostLabels = found.refused = 0
  let at = line.messageStart
  for (;;) {
    at = nextPair(bytes, at, messageEnd, pair)
    if (at < 0) return
    keepPair(state, bytes, acc)
  }
}

/** The same for a message of the app, which may hold them anywhere. */
export function findConventions(state: AppState, line: Line, acc: Accumulator): void {
  const { pair, conventions } = state
  const { found } = conventions
  const { bytes, messageStart, messageEnd } = line
  found.values = found.labels = found.lostLabels = found.refused = 0
  cursor.at = messageStart
  cursor.stringEnd = -1
  while (nextConvention(bytes, messageStart, messageEnd, cursor, pair)) keepPair(state, bytes, acc)
}

const cursor: Cursor = { at: 0, stringEnd: -1 }

/** Keeps the pair that was read last, if it is one of ours. */
function keepPair(state: AppState, bytes: Uint8Array, acc: Accumulator): void {
  const { pair, conventions } = state
  const { found } = conventions
  const key = keyNumber(conventions.keys, bytes, pair.keyStart, pair.keyEnd)
  if (key === NOT_OURS) return
  if (key === BAD_NAME) {
    refuse(state, acc, 'name')
    found.refused += 1
    return
  }
  const meaning =
    key === NO_NAME
      ? meaningOf(textOf(bytes, pair.keyStart, pair.keyEnd))
      : meaningOfKey(state, key)
  if (meaning === undefined) return
  if ('label' in meaning) {
    if (pair.valueStart < 0) return
    if (found.labels === MAX_LABELS) {
      refuse(state, acc, 'label')
      found.lostLabels += 1
      return
    }
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

export function meaningOfKey(state: AppState, key: number): Meaning | undefined {
  const { keys, meanings } = state.conventions
  if (key < meanings.length) return meanings[key]
  while (meanings.length <= key) meanings.push(meaningOf(nameText(keys, meanings.length)))
  return meanings[key]
}
